// The target cgroup: the same trees through the kernel and through iterfs.
import { closeSync, openSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { CGROUP_ORDERS } from '../../src/api/types.ts'
import { openObject } from '../../src/index.ts'
import { Cgroups, hierarchyFolder } from '../support/cgroups.ts'
import { compileAll } from '../support/clang.ts'
import { type CgroupWay, diffOf, iterfsCgroup, kernelCgroup, runBoth, type Way } from '../support/compare.ts'
import { type Daemon, iterfs, run, startDaemon } from '../support/daemon.ts'
import { bpftool, Kernel, noKernelBpf } from '../support/kernel.ts'
import { ROOT } from '../support/paths.ts'
import { runIter } from '../support/run-iter.ts'

type Order = keyof typeof CGROUP_ORDERS
const ORDERS = Object.keys(CGROUP_ORDERS) as Order[]
const UNIFIED = hierarchyFolder('')
const MEMORY = hierarchyFolder('memory')
const skip = noKernelBpf() || (UNIFIED === null && 'no cgroup2 mount of the whole hierarchy')

let kernel: Kernel
let daemon: Daemon
let tree: Cgroups
const object = (file: string): string => join(kernel.work, file.replace(/c$/, 'o'))

/** 50 cgroups, made in an order that is neither that of their names nor that of the folder. */
function plant(cgroups: Cgroups): void {
  for (const name of ['zebra', 'ant', 'mole', 'bee.slice', 'name with space']) cgroups.add(name)
  for (let i = 20; i > 0; i--) cgroups.add(`mole/n${(i * 7) % 20}`)
  for (let i = 0; i < 12; i++) cgroups.add(`ant/${'deep/'.repeat(i)}deep`)
  for (let i = 0; i < 13; i++) cgroups.add(`zebra/n3/${String.fromCharCode(122 - i)}`)
}

t.before(async () => {
  if (skip) return
  kernel = new Kernel()
  daemon = await startDaemon()
  tree = new Cgroups(UNIFIED!)
  plant(tree)
  const include = [kernel.vmlinux()]
  const sources = [...['cgroup.bpf.c', 'cgroup_memory.bpf.c'].map(file => `programs/${file}`), 'test/bpf/cgroup_walk.bpf.c']
  await compileAll(sources.map(file => ({ source: join(ROOT, file), object: object(file.split('/').at(-1)!), include })))
})
t.teardown(async () => {
  tree?.remove()
  await daemon?.stop()
  kernel?.close()
})

/** Compares what both print, anew where they differ while `tries` last; the text of the kernel. */
function same(t: Test, what: string, file: string, way: Way, mask = (text: string) => text, tries = 1): string {
  const both = runBoth(kernel, daemon, object(file), way)
  const [theirs, ours] = [mask(both.kernel), mask(both.iterfs)]
  const diff = diffOf(kernel, { kernel: theirs, iterfs: ours })
  if (diff && tries > 1) return same(t, what, file, way, mask, tries - 1)
  if (diff) t.fail(what, { diff })
  else t.pass(what)
  return both.kernel
}

/** Memory that is charged ahead is given back a while later: figures move between the two readings. */
const CHARGE_TRIES = 10
const whole = (text: string): string => text

t.test('all orders, from the top of a tree, from the middle and from a leaf', { skip }, t => {
  for (const order of ORDERS) {
    for (const from of ['', 'mole', 'ant/deep/deep', 'zebra/n3/z']) {
      const cgroup: CgroupWay = { order, dir: join(tree.dir, from) }
      // The root's count of those below it is that of the whole machine.
      const text = same(t, `${order} from "${from}"`, 'cgroup.bpf.c', { cgroup }, text => text.replace(/ 0 +\d+ \/$/gm, ' ROOT'))
      if (from === '') same(t, `${order}, numbers`, 'cgroup_walk.bpf.c', { cgroup, prog: 'walk' })
      const lines = text.split('\n').length
      if (from === '' && order.startsWith('desc')) t.ok(lines > 100, `${lines} lines of two readings`)
    }
  }
  t.end()
})

t.test('by id, by nothing, and from outside v2', { skip }, t => {
  same(t, 'cgroup_id', 'cgroup.bpf.c', { cgroup: { order: 'descendants_post', id: tree.id('mole') } })
  same(t, 'cgroup_id, upwards', 'cgroup_walk.bpf.c', { cgroup: { order: 'ancestors_up', id: tree.id('mole/n3') } })
  const root = same(t, 'neither: the root of v2', 'cgroup_walk.bpf.c', { cgroup: { order: 'self_only' } })
  t.match(root, /^0 1 0 ""\nEND 0\n/)
  t.end()
})

t.test('fields', { skip }, t => {
  tree.write('mole/cgroup.max.depth', '3')
  tree.write('mole/cgroup.max.descendants', '77')
  tree.write('bee.slice/cgroup.freeze', '1')
  for (const order of ['descendants_pre', 'ancestors_up'] as const) {
    const text = same(t, `v2, ${order}`, 'cgroup_walk.bpf.c', { cgroup: { order, dir: join(tree.dir, 'mole') }, prog: 'fields' })
    t.match(text, /limits 3 77/)
  }
  const frozen: CgroupWay = { order: 'self_only', dir: join(tree.dir, 'bee.slice') }
  t.match(same(t, 'frozen', 'cgroup_walk.bpf.c', { cgroup: frozen, prog: 'fields' }), / flags c /)
  same(t, 'the root of v2', 'cgroup_walk.bpf.c', { cgroup: { order: 'self_only' }, prog: 'fields' })
  tree.write('bee.slice/cgroup.freeze', '0')
  t.end()
})

t.test('a hierarchy of v1 by descriptor', { skip: skip || (MEMORY === null && 'no v1 memory hierarchy') }, t => {
  const v1 = new Cgroups(MEMORY!)
  t.teardown(() => v1.remove())
  for (const path of ['z/b', 'z/a', 'limited', 'a']) v1.add(path)
  v1.write('limited/memory.limit_in_bytes', `${64 << 20}`)
  v1.write('limited/notify_on_release', '1')
  v1.write('limited/memory.oom_control', '1')
  charge(v1.dir, 'limited')
  for (const order of ORDERS) {
    const cgroup: CgroupWay = { order, dir: join(v1.dir, 'z') }
    same(t, `${order}`, 'cgroup.bpf.c', { cgroup }, text => text.replace(/ 0 +\d+ \/$/gm, ' ROOT'))
  }
  const cgroup: CgroupWay = { order: 'descendants_pre', dir: v1.dir }
  const text = same(t, 'fields', 'cgroup_walk.bpf.c', { cgroup, prog: 'fields' }, whole, CHARGE_TRIES)
  t.match(text, / memory \d+ 16384 [1-9]\d* /, 'a limit, and memory that was in use')
  const memory = same(t, 'memory by cgroup', 'cgroup_memory.bpf.c', { cgroup }, whole, CHARGE_TRIES)
  t.match(memory, / 65536 \/iterfs-test-\d+\/limited$/m)
  same(t, 'no memory controller', 'cgroup_memory.bpf.c', { cgroup: { order: 'descendants_pre', dir: tree.dir } })
  const pids = hierarchyFolder('name=systemd') ?? hierarchyFolder('pids')
  if (pids) same(t, 'another hierarchy', 'cgroup_walk.bpf.c', { cgroup: { order: 'self_only', dir: pids }, prog: 'fields' })
  t.end()
})

/** Has a process of that cgroup use memory, and waits for its end. */
function charge(dir: string, name: string): void {
  const script = `echo $$ > '${join(dir, name)}/cgroup.procs'; head -c 4000000 /dev/zero | tail -c 3000000 | wc -c`
  run('sh', ['-c', script])
}

t.test('one round only', { skip }, t => {
  const small: CgroupWay = { order: 'self_only', dir: join(tree.dir, 'ant') }
  const many: CgroupWay = { order: 'descendants_pre', dir: tree.dir }
  const walk = (what: string, way: Way): string => same(t, what, 'cgroup_walk.bpf.c', { prog: 'walk', ...way })
  const cut = walk('small reads of many', { cgroup: many, reads: [4, 4, 100, 100, 100] })
  t.match(cut, /\[errno 95\]\n\[errno 95\]\n$/)
  walk('small reads of one', { cgroup: small, reads: [1, 4, 100, 100, 100] })
  const large = walk('more than fits', { cgroup: many, set: { wide: 'true' }, reads: [65536, 65536, 65536] })
  t.match(large, /\n\[errno 95\]\n\[errno 95\]\n$/)
  walk('more than fits, with cat', { cgroup: many, set: { wide: 'true' } })
  walk('the first does not fit', { cgroup: many, set: { burst_at: '0' }, reads: [65536, 65536, 65536] })
  walk('a later one does not fit', { cgroup: many, set: { burst_at: '3' }, reads: [65536, 65536, 65536] })
  walk('the end does not fit', { cgroup: small, set: { burst_end: 'true' }, reads: [65536, 65536, 65536] })
  walk('the end does not fit, alone', {
    cgroup: small,
    set: { burst_end: 'true', burst_at: '0', stop_at: '0' },
    reads: [65536, 65536],
  })
  walk('read of nothing at the end', { cgroup: small, reads: [65536, 65536, 65536] })
  t.end()
})

t.test('a program that returns 1 ends the walk, and its text is kept', { skip }, t => {
  const cgroup: CgroupWay = { order: 'descendants_pre', dir: tree.dir }
  const walk = (what: string, way: Way): string => same(t, what, 'cgroup_walk.bpf.c', { prog: 'walk', ...way })
  const text = walk('at the third', { cgroup, set: { stop_at: '2' } })
  t.match(text, /^0 .*\n1 .*\n2 .*\nEND 2\n0 /)
  walk('at the first', { cgroup, set: { stop_at: '0' }, reads: [10, 1000, 1000, 1000] })
  walk('at one that does not fit', { cgroup, set: { stop_at: '2', burst_at: '2' }, reads: [65536, 65536, 65536] })
  walk('at the first, which does not fit', { cgroup, set: { stop_at: '0', burst_at: '0' }, reads: [65536, 65536, 65536] })
  t.end()
})

t.test('a removed cgroup is not shown', { skip }, async t => {
  for (const order of ORDERS) {
    const dir = tree.add('bee.slice/short/lived')
    const [theirs, ours] = [kernel.dir, daemon.dir].map(mount => join(mount, `removed_${order}`))
    const cgroup: CgroupWay = { order, dir }
    kernel.pin(object('cgroup_walk.bpf.c'), `removed_${order}`, kernelCgroup(cgroup))
    daemon.pin(object('cgroup_walk.bpf.c'), `removed_${order}`, ...iterfsCgroup(cgroup))
    rmdirSync(dir)
    t.equal(run('cat', [ours!]).stdout, run('cat', [theirs!]).stdout, order)
    // Another one with the path of the first.
    tree.add('bee.slice/short/lived')
    t.equal(run('cat', [ours!]).stdout, run('cat', [theirs!]).stdout, `${order}: one of the same name`)
    rmdirSync(dir)
    rmdirSync(join(dir, '..'))
    t.equal(run('cat', [ours!]).stdout, run('cat', [theirs!]).stdout, `${order}: and the one above it`)
    if (order === 'self_only') {
      const walk: CgroupWay = { order: 'descendants_post', dir: join(tree.dir, 'bee.slice') }
      const { kernel: held, iterfs: seen } = runBoth(kernel, daemon, object('cgroup_walk.bpf.c'), { cgroup: walk })
      t.match(held, /END [1-9]\n$/, 'the kernel counts it')
      t.match(seen, /END 0\n$/, 'iterfs does not know of it')
    }
    // A link holds its cgroup, and a removed one that is held uses up a number in other walks.
    rmSync(theirs!)
  }
  await tree.settle()
})

t.test('parameters that are refused', { skip }, t => {
  const file = object('cgroup_walk.bpf.c')
  const dir = tree.dir
  /** By the options of each, as `--order` takes names only. */
  const rows: readonly (readonly [string, CgroupWay, number])[] = [
    ['none', {}, 22],
    ['order only by its zero', { id: 1n }, 22],
    ['descriptor and id', { order: 'self_only', dir, id: 1n }, 22],
    ['descriptor of another folder', { order: 'self_only', dir: '/etc' }, 9],
    ['descriptor of a file', { order: 'self_only', dir: '/etc/passwd' }, 9],
    ['descriptor of a file of a cgroup', { order: 'self_only', dir: join(dir, 'cgroup.procs') }, 9],
    ['descriptor that is not open', { order: 'self_only', fd: 999 }, 9],
    ['id of nothing', { order: 'self_only', id: 0x7fff_ffff_ffffn }, 2],
    ['id of a file', { order: 'self_only', id: tree.id('cgroup.procs') }, 2],
    ['order is looked at first', { dir: '/etc' }, 22],
  ]
  for (const [what, way, errno] of rows) {
    const theirs = kernel.tryPin(file, 'refused', kernelCgroup(way))
    const ours = iterfs('pin', file, join(daemon.dir, 'refused'), ...iterfsCgroup(way))
    t.equal(theirs.status, 256 - errno, `${what}: the kernel: ${theirs.stderr}`)
    t.equal(ours.status, 256 - errno, `${what}: ${ours.stderr}`)
    t.equal(iterfs('read', file, ...iterfsCgroup(way)).status, 256 - errno, `${what}: without a mount`)
  }
  const gone = tree.add('gone')
  const script = `exec 9<"${gone}"; rmdir "${gone}"; exec "$@" cgroupfd 9`
  const theirs = run('sh', ['-c', script, 'sh', join(kernel.work, 'iter_pin'), file, join(kernel.dir, 'refused'), 'order', '1'])
  t.equal(theirs.status, 254, `descriptor of a removed cgroup: the kernel: ${theirs.stderr}`)
  tree.add('gone')
  const pin = ['node', join(ROOT, 'dist/mount/cli/main.js'), 'pin', file, join(daemon.dir, 'refused'), '--order', 'self_only']
  const ours = run('sh', ['-c', script.replace('cgroupfd', '--cgroup-fd'), 'sh', ...pin])
  t.equal(ours.status, 254, `descriptor of a removed cgroup: ${ours.stderr}`)
  t.end()
})

t.test('what a link says of itself', { skip }, t => {
  const file = object('cgroup_walk.bpf.c')
  for (const order of ORDERS) {
    const name = `link_${order}`
    const cgroup: CgroupWay = { order, dir: join(tree.dir, 'name with space') }
    const { stdout } = kernel.tryPin(file, name, [...kernelCgroup(cgroup), 'fdinfo', '-'])
    daemon.pin(file, name, ...iterfsCgroup(cgroup))
    const lines = (text: string): string => text.slice(text.indexOf('target_name'))
    t.equal(lines(iterfs('link', 'show', join(daemon.dir, name), '--fdinfo').stdout), lines(stdout), `${order}: fdinfo`)
    const info = (text: string): unknown => {
      const { id: _, prog_id: __, ...rest } = JSON.parse(text) as Record<string, unknown>
      return rest
    }
    const theirs = info(bpftool('-j', 'link', 'show', 'pinned', join(kernel.dir, name)))
    t.same(info(iterfs('link', 'show', '-j', join(daemon.dir, name)).stdout), theirs, `${order}: info`)
  }
  t.end()
})

t.test("the path is that of the reader's namespace", { skip }, t => {
  const file = object('cgroup_walk.bpf.c')
  const cases = [
    ['ant/deep', 'ant'],
    ['ant/deep', 'ant/deep'],
    ['ant', 'ant/deep/deep'],
    ['mole/n3', 'ant/deep'],
    ['', 'zebra'],
  ] as const
  for (const [i, [path, root]] of cases.entries()) {
    const name = `namespace${i}`
    const cgroup: CgroupWay = { order: 'self_only', dir: join(tree.dir, path) }
    daemon.pin(file, name, ...iterfsCgroup(cgroup))
    const inside = (...command: string[]): string => {
      const enter = `echo $$ >'${join(tree.dir, root)}/cgroup.procs'; exec unshare -C "$@"`
      return /^cgroup_path:.*$/m.exec(run('sh', ['-c', enter, 'sh', ...command]).stdout)?.[0] ?? ''
    }
    const theirs = inside(join(kernel.work, 'iter_pin'), file, join(kernel.dir, name), ...kernelCgroup(cgroup), 'fdinfo', '-')
    const ours = inside('node', join(ROOT, 'dist/mount/cli/main.js'), 'link', 'show', join(daemon.dir, name), '--fdinfo')
    t.match(theirs, /^cgroup_path:\t\//)
    t.equal(ours, theirs, `/${path} from below /${root}`)
  }
  t.end()
})

t.test('through the API', { skip }, async t => {
  const bytes = readFileSync(object('cgroup.bpf.c'))
  const loaded = openObject(new Uint8Array(bytes), { name: 'cgroup.bpf.o' }).load()
  t.teardown(() => loaded.close())
  const prog = loaded.prog('dump_cgroups')
  const fd = openSync(join(tree.dir, 'mole'), 'r')
  t.teardown(() => closeSync(fd))
  for (const order of ORDERS) {
    const file = kernel.pin(object('cgroup.bpf.c'), `api_${order}`, kernelCgroup({ order, dir: join(tree.dir, 'mole') }))
    const theirs = kernel.read(file).replace(/ 0 +\d+ \/$/gm, ' ROOT')
    for (const cgroup of [
      { order, fd },
      { order, id: tree.id('mole') },
    ]) {
      const link = prog.attachIter({ cgroup })
      t.equal((await link.text()).replace(/ 0 +\d+ \/$/gm, ' ROOT'), theirs, order)
      t.same(link.info.cgroup, { cgroup_id: tree.id('mole'), order: CGROUP_ORDERS[order] })
      link.destroy()
    }
  }
  t.throws(() => prog.attachIter({ cgroup: { order: 'self_only', fd: 999 } }), { code: 'EBADF' })
  t.throws(() => prog.attachIter({ cgroup: { order: 'self_only', fd, id: 1n } }), { code: 'EINVAL' })
})

t.test('a TypeScript program', { skip }, t => {
  const below: string[] = []
  const text = runIter(
    {
      target: 'cgroup',
      run({ meta, cgroup }) {
        if (!cgroup) return void meta.seq.printf('END %llu\n', meta.seq_num)
        below.push(cgroup.ancestors.map(above => above?.kn?.name).join('/'))
        meta.seq.printf('%d %s\n', cgroup.level, cgroup.kn?.name)
        return cgroup.level === 3 ? 1 : 0
      },
    },
    { info: { cgroup: { order: CGROUP_ORDERS.descendants_pre, cgroup_id: tree.id('ant') } } },
  )
  t.equal(text, '2 ant\n3 deep\nEND 1\n')
  const top = `/iterfs-test-${process.pid}/ant`
  t.same(below, [top, `${top}/deep`])
  t.end()
})

t.test('a sleepable program', { skip }, t => {
  same(t, 'links', 'cgroup_walk.bpf.c', { cgroup: { order: 'descendants_pre', dir: tree.dir }, prog: 'sleepy' })
  t.end()
})
