// iterfs record and --replay, as a user has them: what was printed while it was recorded is printed again, from files alone.
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { compileAll } from './support/clang.ts'
import { iterfs, run, scratch, startDaemon } from './support/daemon.ts'
import { ROOT } from './support/paths.ts'

const work = mkdtempSync(join(tmpdir(), 'iterfs-record-'))
t.teardown(() => rmSync(work, { recursive: true }))
const recording = join(work, 'recording')
const differs = join(work, 'recorded.bpf.o')

/** Targets whose objects are those of iterfs, not of the machine: what is loaded differs between two runs. */
const OWN = /^(map_dump|bpf_\w+)\.bpf\.o$/
/** Programs that want parameters, or what not every machine has; and one that has several programs. */
const SPECIAL = /^(cgroup|cgroup_memory|sk_storage|sockmap|dmabuf|module|tasks_prom)\.bpf\.o$/
const objectOf = (name: string): string => join(ROOT, 'dist/programs', name)
const shipped = readdirSync(join(ROOT, 'dist/programs'))
  .filter(name => name.endsWith('.bpf.o') && !OWN.test(name) && !SPECIAL.test(name))
  .map(objectOf)
const modules = ['task.ts', 'task_file.ts', 'task_vma.ts'].map(name => join(ROOT, 'programs', name))

/** Whether it could be read here when it was recorded. */
const isRecorded = (program: string): boolean => existsSync(join(recording, 'out', `${program.split('/').pop()!}.txt`))
/** A walk of cgroups must say how it goes on; what `iterfs record` takes without an option. */
const argsOf = (program: string): string[] => (program.includes('/cgroup') ? ['--order', 'descendants_pre'] : [])
const recorded = (program: string, dir = recording): string =>
  readFileSync(join(dir, 'out', `${program.split('/').pop()!}.txt`), 'latin1')

t.before(async () => {
  // The tcp targets have something to show.
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(done => server.once('listening', done))
  t.teardown(() => server.close())
  const source = join(ROOT, 'test/bpf/recorded.bpf.c')
  await compileAll([{ source, object: differs, include: [join(ROOT, 'dist/bpf')] }])
  const { status, stderr } = iterfs('record', recording, ...shipped, ...modules, differs)
  // Some targets have nothing to read here (no modules, no debugfs): those are told.
  if (status !== 0 && !stderr.includes('recorded all but what is said above'))
    throw new Error(`iterfs record: ${status} ${stderr}`)
})

t.test('iterfs read --replay gives the same bytes', async t => {
  t.ok(shipped.filter(isRecorded).length >= 15)
  for (const program of [...shipped, ...modules, differs]) {
    const { status, stdout, stderr } = iterfs('read', '--replay', recording, ...argsOf(program), program)
    if (!isRecorded(program)) t.equal(status, iterfs('read', program).status, `${program} is refused: ${stderr}`)
    else t.same([stdout, status], [recorded(program), 0], `${program}: ${stderr}`)
  }
  t.ok(recorded('task.bpf.o').split('\n').length > 5, 'there were tasks')
  t.match(recorded('tcp4.bpf.o'), /^ +\d+: 0100007F:\w{4} 00000000:0000 0A /m, 'there was a listener')
  t.match(recorded('recorded.bpf.o'), /^reader \d+ \d+ uid 0 gid 0 comm node cgroup [1-9]/)
  t.match(recorded('recorded.bpf.o'), /^symbol ffffffff\w+ vfs_read\+0x0\/0x\w+$/m)
})

t.test('an object with several programs, and cgroups', t => {
  const dir = join(scratch(), 'more')
  t.teardown(() => rmSync(join(dir, '..'), { recursive: true }))
  const metrics = objectOf('tasks_prom.bpf.o')
  const cgroups = objectOf('cgroup.bpf.o')
  t.equal(iterfs('record', dir, metrics, cgroups).status, 0)
  for (const prog of ['cpu_seconds', 'open_files']) {
    const { stdout, stderr } = iterfs('read', '--replay', dir, metrics, '--prog', prog)
    t.equal(stdout, recorded(`tasks_prom.bpf.o.${prog}`, dir), `${prog}: ${stderr}`)
  }
  const { stdout, stderr } = iterfs('read', '--replay', dir, cgroups, '--order', 'descendants_pre')
  t.equal(stdout, recorded('cgroup.bpf.o', dir), stderr)
  t.match(stdout, /^ +1 +0 +\d+ \/$/m)
  t.end()
})

t.test('a mount gives the same bytes to any reader', async t => {
  const daemon = await startDaemon(['--replay', recording])
  t.teardown(() => daemon.stop())
  for (const [i, program] of [...shipped, ...modules, differs].filter(isRecorded).entries()) {
    daemon.pin(program, `pin${i}`, ...argsOf(program))
    for (const times of i === 0 ? [1, 2] : [1])
      t.equal(run('cat', [join(daemon.dir, `pin${i}`)]).stdout, recorded(program), `${program} ${times}`)
  }
})

/** A copy of the recording that `change` is done to. */
function copyOf(t: { teardown(fn: () => void): void }, change: (dir: string) => void): string {
  const dir = join(scratch(), 'copy')
  cpSync(recording, dir, { recursive: true })
  change(dir)
  t.teardown(() => rmSync(join(dir, '..'), { recursive: true }))
  return dir
}

/** Takes out of the manifest the line of what was read of this file, and the file. */
function forget(dir: string, path: string): void {
  const manifest = join(dir, 'manifest.jsonl')
  const lines = readFileSync(manifest, 'utf8').split('\n')
  const kept = lines.filter(line => !line.startsWith(`{"path":"${path}","look":"read"`))
  if (kept.length !== lines.length - 1) throw new Error(`${path}: want one line, got ${lines.length - kept.length}`)
  writeFileSync(manifest, kept.join('\n'))
  rmSync(join(dir, 'files', path))
}

t.test('what is not in the recording is an error that names it, also for a program that catches errors', async t => {
  const dir = copyOf(t, dir => forget(dir, '/proc/1/task/1/comm'))
  const swallows = join(ROOT, 'test/programs/swallows.ts')
  const programs = ['task.bpf.o', 'task.ts', 'task_tree.bpf.o'].map(name =>
    join(ROOT, name.endsWith('.ts') ? 'programs' : 'dist/programs', name),
  )
  for (const program of [...programs, swallows]) {
    const { status, stderr } = iterfs('read', '--replay', dir, program)
    t.equal(status, 256 - 61, program)
    t.match(stderr, `/proc/1/task/1/comm: content is not in the recording ${dir}`)
  }
  const daemon = await startDaemon(['--replay', dir])
  t.teardown(() => daemon.stop())
  daemon.pin(swallows, 'swallows')
  t.match(run('cat', [join(daemon.dir, 'swallows')]), { status: 1, stderr: /No data available/ })
  t.match(daemon.log(), '"what":"/proc/1/task/1/comm: content"')
  t.match(daemon.log(), '"msg":"not in the recording"')
})

t.test('a kernel without kallsyms in the recording does not print made-up addresses', t => {
  const dir = copyOf(t, dir => forget(dir, '/proc/kallsyms'))
  const { status, stderr } = iterfs('read', '--replay', dir, join(ROOT, 'dist/programs/task_file.bpf.o'))
  t.equal(status, 256 - 61)
  t.match(stderr, '/proc/kallsyms: content is not in the recording')
  t.end()
})

t.test('a damaged recording is refused before anything is mounted or run', t => {
  const dir = copyOf(t, dir => writeFileSync(join(dir, 'manifest.jsonl'), '{"iterfs":"recording","format":1\n'))
  const said = /manifest.jsonl line 1: want a JSON object, got \{"iterfs":"recording","format":1/
  t.match(iterfs('read', '--replay', dir, join(ROOT, 'programs/task.ts')), { status: 256 - 22, stderr: said, stdout: '' })
  const mountpoint = scratch()
  t.teardown(() => rmSync(mountpoint, { recursive: true }))
  t.match(iterfs('mount', '--replay', dir, mountpoint), { status: 256 - 22, stderr: said })
  t.match(iterfs('mount', '--replay', mountpoint, mountpoint), {
    status: 256 - 2,
    stderr: /want a folder that iterfs record made/,
  })
  t.end()
})

t.test('a target stands for all programs that look at its objects', t => {
  const all = join(work, 'targets')
  t.equal(iterfs('record', all).status, 0)
  for (const program of [...shipped, ...modules]) {
    const { status, stdout, stderr } = iterfs('read', '--replay', all, ...argsOf(program), program)
    t.equal(status, isRecorded(program) ? 0 : iterfs('read', program).status, `${program}: ${stderr}`)
    if (program.includes('/task')) t.ok(stdout.split('\n').length > 5, program)
  }
  t.end()
})

t.test('parameters, globals and one of several programs', t => {
  const own = join(work, 'own')
  const object = join(ROOT, 'dist/programs/task_file.bpf.o')
  const pid = `${process.pid}`
  t.equal(iterfs('record', own, object, '--pid', pid, '--set', `target_pid=${pid}`).status, 0)
  const text = recorded(object, own)
  t.ok(text.split('\n').length > 3)
  t.equal(iterfs('read', '--replay', own, object, '--pid', pid, '--set', `target_pid=${pid}`).stdout, text)
  t.match(iterfs('read', '--replay', own, object), {
    status: 256 - 61,
    stderr: /\/proc: names in the folder is not in the recording/,
  })
  t.end()
})

t.test('what cannot be recorded is told', t => {
  t.match(iterfs('record', recording, 'task'), { status: 256 - 17, stderr: /want a new or empty folder for the recording/ })
  t.match(iterfs('record', join(work, 'none'), 'no_such'), {
    ...{ status: 256 - 22, stderr: /want a program's file or one of the targets task, .*, got no_such/ },
  })
  const some = join(work, 'some')
  t.match(iterfs('record', some, join(ROOT, 'programs/task.ts'), 'bpf_map_elem'), {
    ...{ status: 255, stderr: /bpf_map_elem: .*want a map[\s\S]*recorded all but what is said above/ },
  })
  t.equal(iterfs('read', '--replay', some, join(ROOT, 'programs/task.ts')).stdout, recorded('task.ts', some), 'the rest is there')
  t.end()
})
