// Shipped programs that look at tasks: the same text from the kernel and from iterfs, and what their users expect of it.
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Cgroups, hierarchyFolder } from '../support/cgroups.ts'
import { compileAll } from '../support/clang.ts'
import { diffOf, runBoth, runIterfs, type Way } from '../support/compare.ts'
import { cleanEnv, type Daemon, run, startDaemon } from '../support/daemon.ts'
import { Kernel, noKernelBpf } from '../support/kernel.ts'
import { ROOT } from '../support/paths.ts'
import { type ProcessTree, startProcessTree } from '../support/process-tree.ts'
import { exposition } from '../support/prometheus.ts'

const UNIFIED = hierarchyFolder('')
const skip = noKernelBpf()
const FILES = ['proc_maps.bpf.c', 'deleted_files.bpf.c', 'task_cgroup.bpf.c', 'tasks_prom.bpf.c']
const METRICS = ['cpu_seconds', 'resident_bytes', 'open_files', 'threads', 'context_switches']

let kernel: Kernel
let daemon: Daemon
let tree: ProcessTree
const object = (file: string): string => join(kernel.work, file.replace(/c$/, 'o'))

t.before(async () => {
  if (skip) return
  kernel = new Kernel()
  daemon = await startDaemon()
  tree = await startProcessTree()
  await compileAll(
    FILES.map(file => ({ source: join(ROOT, 'programs', file), object: object(file), include: [kernel.vmlinux()] })),
  )
})
t.teardown(async () => {
  tree?.stop()
  await daemon?.stop()
  kernel?.close()
})

/** Compares what both print; the text of iterfs. */
function same(t: Test, what: string, file: string, way: Way, mask = (text: string) => text): string {
  const both = runBoth(kernel, daemon, object(file), way)
  const diff = diffOf(kernel, { kernel: mask(both.kernel), iterfs: mask(both.iterfs) })
  if (diff) t.fail(what, { diff })
  else t.pass(what)
  return both.iterfs
}

/** A process that sleeps, with this name. */
async function startNamed(name: string, more = ''): Promise<ChildProcess> {
  const script = `import ctypes, mmap, os, sys, time\nctypes.CDLL(None).prctl(15, ${name}, 0, 0, 0)\n${more}\nprint('up', flush=True)\ntime.sleep(3600)`
  const child = spawn('python3', ['-c', script], { env: cleanEnv(), stdio: ['ignore', 'pipe', 'ignore'] })
  await new Promise<void>(done => child.stdout!.once('data', () => done()))
  return child
}

t.test('maps are those of /proc', { skip }, t => {
  const text = same(t, 'maps', 'proc_maps.bpf.c', { pid: tree.pid })
  // A thread with an fd table of its own is walked like a process of its own.
  const proc = readFileSync(`/proc/${tree.pid}/maps`, 'latin1').replace(/^.*\[vsyscall\]\n/m, '')
  t.equal(text, proc.repeat(4), 'two readings of two threads each')
  t.equal(same(t, 'by tid', 'proc_maps.bpf.c', { tid: tree.pid }), proc.repeat(2), 'two readings of one')
  for (const name of ['[heap]', '[stack]', '[vdso]', '[vvar]']) t.ok(proc.includes(` ${name}\n`), name)
  t.end()
})

t.test('deleted files', { skip }, async t => {
  const path = join(kernel.work, 'erased')
  const more = `f = os.open('${path}', os.O_CREAT | os.O_RDWR); os.write(f, b'x' * 5000); os.unlink('${path}')
keep = os.open('/etc/passwd', os.O_RDONLY); m = os.memfd_create('memory'); os.ftruncate(m, 70000)`
  const child = await startNamed("b'eraser'", more)
  t.teardown(() => child.kill('SIGKILL'))
  const text = same(t, 'of one process', 'deleted_files.bpf.c', { pid: child.pid! })
  t.equal(text.split('\n').length - 1, 6, 'a heading and two files, twice')
  t.match(text, new RegExp(`^ *${child.pid} eraser +\\d+ +5000 ${path} \\(deleted\\)$`, 'm'))
  t.match(text, / 70000 \/memfd:memory \(deleted\)$/m)
  const large = same(t, 'large ones', 'deleted_files.bpf.c', { pid: child.pid!, set: { min_size: '6000' } })
  t.notMatch(large, /5000/)
  same(t, 'of a process with threads', 'deleted_files.bpf.c', { pid: tree.pid })
})

t.test('containers', { skip: skip || (UNIFIED === null && 'no cgroup2 mount of the whole hierarchy') }, async t => {
  const cgroups = new Cgroups(UNIFIED!)
  const child = await startNamed("b'in a box'")
  t.teardown(async () => {
    const gone = new Promise(done => child.once('exit', done))
    child.kill('SIGKILL')
    await gone
    cgroups.remove()
  })
  const id = '0123456789abcdef'.repeat(4)
  const other = 'fedcba9876543210'.repeat(4)
  const cases: readonly (readonly [string, string])[] = [
    [`docker/${id}`, id],
    [`system.slice/docker-${id}.scope`, id],
    [`kubepods.slice/pod1/cri-containerd-${id}.scope`, id],
    [`kubepods.slice/pod1/crio-${id}.scope`, id],
    [`kubepods.slice/pod1/crio-conmon-${id}.scope/init`, id],
    [`machine.slice/libpod-${id}.scope/container`, id],
    [`docker/${other}/docker/${id}`, id],
    [`docker/${id}/user.slice/x`, id],
    [`digits/${id}0`, '-'],
    [`digits/${id.slice(1)}`, '-'],
    [`digits/${id.toUpperCase()}`, '-'],
    [`digits/${'x'.repeat(191)}${id}`, id],
    ['plain', '-'],
  ]
  for (const [path, container] of cases) {
    cgroups.add(path)
    cgroups.write(`${path}/cgroup.procs`, `${child.pid}`)
    const way = { pid: child.pid!, set: { whole_id: 'true' } }
    const line = same(t, path, 'task_cgroup.bpf.c', way).split('\n')[1]!
    const [at, , , , cgroup, shown] = line.trim().split(/ +/)
    t.same([at, cgroup, shown], [`${child.pid}`, `${cgroups.id(path)}`, container], line)
    t.ok(line.endsWith(` /iterfs-test-${process.pid}/${path}`), 'its path')
  }
  cgroups.write(`docker/${id}/cgroup.procs`, `${child.pid}`)
  t.match(same(t, 'short', 'task_cgroup.bpf.c', { pid: child.pid! }), new RegExp(` ${id.slice(0, 12)} /`))
})

const openFiles = (): number => readdirSync(`/proc/${tree.pid}/fd`).length

t.test('metrics of one process', { skip }, async t => {
  // What the counters of each CPU hold is not yet in the kernel's figure.
  const about = (text: string): string => text.replace(/^(iterfs_task_resident_bytes.*\}) \d+$/gm, '$1 BYTES')
  const named = await startNamed(`b'a"b\\\\c\\nd\\xc3\\xa9'`)
  t.teardown(() => named.kill('SIGKILL'))
  for (const prog of METRICS) {
    same(t, `${prog} of threads`, 'tasks_prom.bpf.c', { pid: tree.pid, prog }, about)
    const text = same(t, `${prog} of a process with an odd name`, 'tasks_prom.bpf.c', { pid: named.pid!, prog }, about)
    const [family] = exposition(text.slice(0, text.length / 2))
    t.equal(family!.samples[0]!.labels.comm, 'a"b\\c\nd??', prog)
  }
  const value = (prog: string): number => {
    const twice = runIterfs(daemon, object('tasks_prom.bpf.c'), { pid: tree.pid, prog })
    return exposition(twice.slice(0, twice.length / 2))[0]!.samples[0]!.value
  }
  t.equal(value('threads'), 4)
  t.equal(value('open_files'), openFiles())
  const resident = Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${tree.pid}/status`, 'utf8'))![1]) * 1024
  t.equal(value('resident_bytes'), resident)
})

t.test('metrics of all, as a file for node_exporter', { skip }, t => {
  for (const dir of [kernel.dir, daemon.dir]) {
    const pins = METRICS.map(prog => {
      if (dir === kernel.dir) return kernel.pin(object('tasks_prom.bpf.c'), `prom_${prog}`, ['prog', prog])
      daemon.pin(object('tasks_prom.bpf.c'), `prom_${prog}`, '--prog', prog)
      return join(dir, `prom_${prog}`)
    })
    const families = exposition(run('cat', pins).stdout)
    t.same(
      families.map(({ name, type }) => `${name} ${type}`),
      [
        'iterfs_task_cpu_seconds_total counter',
        'iterfs_task_resident_bytes gauge',
        'iterfs_task_open_files gauge',
        'iterfs_task_threads gauge',
        'iterfs_task_context_switches_total counter',
      ],
    )
    for (const { name, samples } of families)
      t.ok(
        samples.some(({ labels }) => labels.pid === `${tree.pid}`),
        `${name}: ${samples.length} samples`,
      )
    // However it is read.
    for (const size of [1, 100]) {
      const text = run('dd', [`if=${pins[2]}`, `bs=${size}`, 'status=none']).stdout
      t.equal(
        exposition(text)[0]!.samples.find(({ labels }) => labels.pid === `${tree.pid}`)!.value,
        openFiles(),
        `open files, bs=${size}`,
      )
    }
  }
  t.end()
})
