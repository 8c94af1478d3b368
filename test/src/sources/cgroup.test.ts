// Cgroups of a machine as fixtures have it: v2 with the memory controller, and the order of children.
import t from 'tap'
import { ENOENT, ErrnoError, type FileStat, type Platform } from '../../../src/index.ts'
import { view } from '../../../src/kernel/view.ts'
import { CgroupSource, cgroupById, cgroupRoot, placeOfFd } from '../../../src/sources/cgroup.ts'
import { hierarchyOf } from '../../../src/sources/hierarchy.ts'
import { subsystemsOf } from '../../../src/sources/memcg.ts'
import { noPlatform } from '../../support/no-platform.ts'

const MOUNTINFO = `20 1 0:18 / /sys rw - sysfs sysfs rw
30 20 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate
31 20 0:27 /below /mnt/part rw - cgroup cgroup rw,cpu,cpuacct
32 20 0:27 / /mnt/with\\040space rw - cgroup cgroup rw,cpu,cpuacct
33 20 0:28 / /mnt/systemd rw - cgroup cgroup rw,xattr,name=systemd
`
const OWN = '3:cpu,cpuacct:/\n2:name=systemd:/\n0::/user.slice\n'
const CGROUPS = `#subsys_name\thierarchy\tnum_cgroups\tenabled
cpu\t3\t5\t1\nmemory\t0\t9\t1\nperf_event\t0\t9\t1\npids\t0\t9\t1\nnet_cls\t0\t9\t1\n`
const LIMITS = { 'cgroup.max.depth': 'max\n', 'cgroup.max.descendants': '12\n' }

/** Folders with their ids and files, and what was looked at. */
function machine(
  folders: Readonly<Record<string, readonly [bigint, Readonly<Record<string, string>>]>>,
  seen: string[] = [],
): Platform {
  const texts: Record<string, string> = { '/proc/self/mountinfo': MOUNTINFO, '/proc/self/cgroup': OWN, '/proc/cgroups': CGROUPS }
  for (const [dir, [, files]] of Object.entries(folders))
    for (const [name, text] of Object.entries(files)) texts[`${dir}/${name}`] = text
  const below = (dir: string): string[] => Object.keys(folders).filter(path => path.slice(0, path.lastIndexOf('/')) === dir)
  const none = (path: string): never => {
    throw new ErrnoError(ENOENT, path)
  }
  return {
    ...noPlatform,
    read(path) {
      seen.push(path)
      return new TextEncoder().encode(texts[path] ?? none(path))
    },
    list: dir => [...Object.keys(folders[dir]?.[1] ?? none(dir)), ...below(dir).map(path => path.slice(dir.length + 1))],
    stat(path) {
      seen.push(path)
      const folder = folders[path]
      if (folder) return { ino: folder[0], mode: 0o40755, nlink: 2 + below(path).length } as FileStat
      return { ino: 1n, mode: texts[path] === undefined ? none(path) : 0o100644, nlink: 1 } as FileStat
    },
    exists: path => path in folders || path in texts,
  }
}

const ROOT = '/sys/fs/cgroup'
const V2 = {
  [ROOT]: [
    1n,
    {
      'cgroup.controllers': 'cpuset memory pids\n',
      'cgroup.subtree_control': 'memory\n',
      'cgroup.stat': 'nr_descendants 4\nnr_dying_descendants 3\n',
    },
  ],
  [`${ROOT}/b`]: [
    90n,
    {
      ...LIMITS,
      'cgroup.controllers': 'memory\n',
      'cgroup.subtree_control': '\n',
      'cgroup.stat': 'nr_descendants 2\nnr_dying_descendants 1\n',
      'cgroup.freeze': '1\n',
      'cgroup.events': 'populated 0\nfrozen 1\n',
      'memory.current': '81920\n',
      'memory.peak': '163840\n',
      'memory.max': 'max\n',
      'memory.min': '4096\n',
      'memory.low': '8192\n',
      'memory.high': '1048576\n',
      'memory.swap.current': '12288\n',
      'memory.swap.max': '0\n',
      'memory.swap.high': 'max\n',
      'memory.oom.group': '1\n',
    },
  ],
  [`${ROOT}/a`]: [0x1_0000_0005n, { 'cgroup.controllers': 'memory io\n', 'memory.current': '40960\n' }],
  [`${ROOT}/b/z`]: [100n, { 'cgroup.controllers': '\n', 'cgroup.type': 'threaded\n' }],
  [`${ROOT}/b/y`]: [110n, { 'cgroup.controllers': '\n', 'cgroup.type': 'domain\n' }],
} as const

t.test('children are in the order of their ids', t => {
  const root = cgroupRoot(machine(V2))
  const names = (cgroup: CgroupSource): string[] => cgroup.children().map(child => child.path)
  t.same(names(root), ['/b', '/a'], 'the generation is in the upper half')
  t.same(names(root.children()[0]!), ['/b/z', '/b/y'])
  t.equal(cgroupById(machine(V2), 0x1_0000_0005n)?.path, '/a')
  t.equal(cgroupById(machine(V2), 5n), null)
  t.equal(root.countBelow(), 4)
  t.end()
})

t.test('files of a cgroup without others below it are not looked at', t => {
  const seen: string[] = []
  const root = cgroupRoot(machine(V2, seen))
  const leaf = root.children()[1]!
  seen.length = 0
  t.same(leaf.children(), [])
  t.same(seen, [`${ROOT}/a`])
  t.end()
})

t.test('memory of v2', t => {
  const cgroup = view('cgroup', cgroupById(machine(V2), 90n)!)
  const css = cgroup.subsys[4]!
  t.same(cgroup.subsys.map(one => one !== null).indexOf(true), 4)
  t.ok(cgroup.subsys[8], 'perf_event follows v2')
  t.equal(cgroup.subsys[11], null)
  t.equal(css.cgroup!.kn!.name, 'b')
  t.equal(css.parent!.cgroup!.kn!.id, 1n)
  const memory = view('mem_cgroup', subsystemsOf(cgroupById(machine(V2), 90n)!)[4]!)
  const numbers = ({ usage, watermark, max, min, low, high, failcnt }: typeof memory.memory) => [
    usage.counter,
    watermark,
    max,
    min,
    low,
    high,
    failcnt,
  ]
  t.same(numbers(memory.memory), [20n, 40n, 0x7_ffff_ffff_ffffn, 1n, 2n, 256n, 0n])
  t.same([memory.swap.usage.counter, memory.swap.max, memory.swap.high], [3n, 0n, 0x7_ffff_ffff_ffffn])
  t.same([memory.kmem.usage.counter, memory.kmem.high, memory.tcpmem.watermark], [0n, 0n, 0n], 'v2 does not use them')
  t.same([memory.oom_group, memory.under_oom], [1, 0])
  t.throws(
    () => memory.swap.watermark,
    { message: /want the file memory.swap.peak, there is none/ },
    'a kernel without that file',
  )
  t.end()
})

t.test('the root of v2', t => {
  const cgroup = view('cgroup', cgroupRoot(machine(V2)))
  t.same(
    cgroup.subsys.flatMap((css, id) => (css ? [id] : [])),
    [0, 4, 7, 8, 11],
    'its own, and those of no hierarchy of v1',
  )
  t.same([cgroup.nr_descendants, cgroup.nr_dying_descendants, cgroup.root!.nr_cgrps.counter, cgroup.level], [4, 3, 8, 0])
  t.same([cgroup.subtree_control, cgroup.self.parent, cgroup.kn!.name, cgroup.self.flags], [16, null, '', 11])
  const memory = view('mem_cgroup', subsystemsOf(cgroupRoot(machine(V2)))[4]!)
  t.same([memory.memory.usage.counter, memory.memory.watermark], [30n, 0n], 'the sum of its children')
  t.end()
})

t.test('fields of a cgroup of v2', t => {
  const cgroup = view('cgroup', cgroupById(machine(V2), 90n)!)
  t.same([cgroup.flags, cgroup.max_depth, cgroup.max_descendants, cgroup.nr_threaded_children], [12n, 0x7fff_ffff, 12, 1])
  t.same([cgroup.nr_descendants, cgroup.nr_dying_descendants], [2, 1])
  const deep = view('cgroup', cgroupById(machine(V2), 110n)!)
  t.same(
    deep.ancestors.map(one => one?.kn?.id),
    [1n, 90n, 110n],
  )
  t.equal(deep.subsys[4], null, 'its parent does not pass the controller on')
  t.end()
})

t.test('io brings the memory controller with it', t => {
  const cgroup = cgroupById(machine(V2), 0x1_0000_0005n)!
  t.equal(cgroup.subsystems() & 0b11000, 0b11000)
  t.end()
})

t.test('hierarchies of v1', t => {
  const platform = machine({
    '/mnt/with space': [1n, { notify_on_release: '0\n', 'cgroup.clone_children': '0\n' }],
    '/mnt/with space/x': [7n, { notify_on_release: '1\n', 'cgroup.clone_children': '1\n' }],
    '/mnt/systemd': [1n, {}],
  })
  const cpu = hierarchyOf(platform, 'cpu,cpuacct')!
  t.same([cpu.mount, cpu.number], ['/mnt/with space', 3], 'the mount of all of it')
  const x = view('cgroup', cgroupById(platform, 7n, cpu)!)
  t.same([x.flags, x.root!.subsys_mask, x.subtree_control, x.max_depth, x.root!.nr_cgrps.counter], [3n, 6, 6, 0x7fff_ffff, 5])
  t.throws(() => x.nr_dying_descendants, { message: /v1 does not have/ })
  const systemd = view('cgroup', new CgroupSource(hierarchyOf(platform, 'name=systemd')!, '/'))
  t.same([systemd.root!.name, systemd.root!.hierarchy_id, systemd.root!.subsys_mask], ['systemd', 2, 0])
  t.equal(hierarchyOf(platform, 'blkio'), null)
  t.end()
})

t.test('descriptors', t => {
  const fd = (mount: number, mode: number): Platform => ({
    ...machine({}),
    read: path =>
      new TextEncoder().encode(
        path === '/proc/self/fdinfo/9'
          ? `pos:\t0\nflags:\t0\nmnt_id:\t${mount}\n`
          : path === '/proc/self/cgroup'
            ? OWN
            : MOUNTINFO,
      ),
    stat: () => ({ ino: 77n, mode }) as FileStat,
  })
  t.same(placeOfFd(fd(30, 0o40755), 9), { controllers: '', id: 77n })
  t.same(placeOfFd(fd(31, 0o40755), 9), { controllers: 'cpu,cpuacct', id: 77n })
  t.same(placeOfFd(fd(33, 0o40755), 9), { controllers: 'name=systemd', id: 77n })
  t.equal(placeOfFd(fd(20, 0o40755), 9), null, 'sysfs')
  t.equal(placeOfFd(fd(30, 0o100644), 9), null, 'a file')
  t.equal(placeOfFd(machine({}), 9), null, 'not open')
  t.end()
})
