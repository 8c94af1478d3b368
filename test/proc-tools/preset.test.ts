// iterfs mount --preset proc.
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { PRESETS } from '../../mount/cli/presets.ts'
import { iterfs, run, scratch, sh, startDaemon } from '../support/daemon.ts'
import { CLI, ROOT } from '../support/paths.ts'

const { pins: all, links } = PRESETS.proc!
/** Those of a kernel that is configured like this one. */
const pins = all.filter(({ path }) => existsSync(join('/proc', path)))
const EINVAL_STATUS = 256 - 22
const NAMELESS = ['setpriv', '--reuid=64321', '--regid=64321', '--clear-groups']

/** Mounts with `cli` in the background and unmounts when the test ends. */
function mounted(t: Test, { cli = CLI, before = '' } = {}): { dir: string; stderr: string; status: number | null } {
  const dir = scratch()
  const { status, stderr } = sh(`${before} cd / && exec ${process.execPath} ${cli} mount --preset proc ${dir}`)
  t.teardown(() => {
    iterfs('umount', '-l', dir)
    rmSync(dir, { recursive: true })
  })
  return { dir, stderr, status }
}

t.test('the table', async t => {
  for (const { path, program } of all)
    t.ok(existsSync(join(ROOT, 'programs', `${program}.bpf.c`)), `${path}: programs/${program}.bpf.c`)
  t.equal(new Set(all.map(({ path }) => path)).size, all.length)
  t.ok(pins.length >= 12)
  const page = readFileSync(join(ROOT, 'docs/proc-tools.md'), 'utf8')
  for (const { path, program, mode } of all)
    t.ok(
      page.includes(`| \`${path}\` | \`${program}\` | ${mode.toString(8).padStart(4, '0')} |`),
      `docs/proc-tools.md has the row of ${path}`,
    )
})

t.test('the pins are there when the command returns, readable as in /proc', async t => {
  const { dir, stderr, status } = mounted(t, { before: 'umask 077;' })
  t.same([status, stderr], [0, ''])
  for (const { path, mode } of pins) {
    const st = lstatSync(join(dir, path))
    t.ok(st.isFile(), `${path} is a pin`)
    t.equal(st.mode & 0o7777, mode, `mode of ${path}`)
    const { status: read, stdout } = run('head', ['-n', '1', join(dir, path)])
    t.equal(read, 0, `${path} can be read`)
    t.equal(stdout, run('head', ['-n', '1', join('/proc', path)]).stdout, `first line of ${path}`)
    const other = run(NAMELESS[0]!, [...NAMELESS.slice(1), 'head', '-n', '1', join(dir, path)])
    const otherProc = run(NAMELESS[0]!, [...NAMELESS.slice(1), 'head', '-n', '1', join('/proc', path)])
    t.same([other.status, other.stdout], [otherProc.status, otherProc.stdout], `${path} for another user`)
    t.equal(other.status, mode & 4 ? 0 : 1)
    t.equal(mode, lstatSync(join('/proc', path)).mode & 0o7777, 'the mode of /proc')
  }
  t.equal(lstatSync(join(dir, 'net')).mode & 0o7777, 0o755)
  for (const { path } of all)
    t.equal(existsSync(join(dir, path)), existsSync(join('/proc', path)), `${path} is there if it is in /proc`)
})

t.test('all else of /proc is a link to it', async t => {
  const { dir } = mounted(t)
  const taken = new Set(pins.flatMap(({ path }) => [path, 'net']))
  for (const { host, path } of links) {
    const want = readdirSync(host).filter(name => !/^\d+$/.test(name) && !name.includes('.') && !taken.has(join(path, name)))
    for (const name of want) t.equal(readlinkSync(join(dir, path, name)), join(host, name))
    t.ok(want.length > 20, `${want.length} links to ${host}`)
  }
  t.equal(run('cat', [join(dir, 'self/comm')]).stdout, 'cat\n', 'self is the reader')
  t.match(run('cat', [join(dir, 'net/snmp')]).stdout, /^Ip: /)
  t.same(
    readdirSync(dir).filter(name => /^\d+$/.test(name)),
    [],
    'processes come and go: no links to them',
  )
})

t.test('in the foreground, over both transports', async t => {
  for (const transport of ['devfuse', 'fuse-native']) {
    const daemon = await startDaemon(['--preset', 'proc', '--transport', transport])
    t.teardown(() => daemon.stop())
    for (const { path, mode } of pins) t.equal(lstatSync(join(daemon.dir, path)).mode, 0o100000 | mode, `${transport}: ${path}`)
  }
})

t.test('what cannot be pinned is named, all else is there', async t => {
  const copy = scratch()
  t.teardown(() => rmSync(copy, { recursive: true }))
  for (const folder of ['mount', 'src']) cpSync(join(ROOT, 'dist', folder), join(copy, 'dist', folder), { recursive: true })
  for (const name of ['package.json', 'node_modules']) symlinkSync(join(ROOT, name), join(copy, name))
  mkdirSync(join(copy, 'dist/programs'))
  const [first, second, ...rest] = pins
  const object = (program: string): string => join('dist/programs', `${program}.bpf.o`)
  cpSync(join(ROOT, object(first!.program)), join(copy, object(first!.program)))
  writeFileSync(join(copy, object(second!.program)), '\x7fELF but no more')
  const { dir, stderr, status } = mounted(t, { cli: join(copy, 'dist/mount/cli/main.js') })
  t.equal(status, 0)
  t.ok(lstatSync(join(dir, first!.path)).isFile())
  const [broken, missing, ...more] = stderr.trim().split('\n')
  t.match(broken, `Warning: preset proc: ${second!.path} is not pinned: can't load ${join(copy, object(second!.program))}: `)
  t.match(missing, `Warning: preset proc: ${rest.map(({ path }) => path).join(', ')}: not pinned, for want of `)
  for (const { program } of rest) t.match(missing, `${program}.bpf.o`)
  t.same(more, [])
  t.same(
    pins.filter(({ path }) => existsSync(join(dir, path))).map(({ path }) => path),
    [first!.path],
    'no link stands in for what is missing',
  )
  t.equal(run('cat', [join(dir, 'uptime')]).status, 0)
})

t.test('wrong options', async t => {
  const dir = scratch()
  t.teardown(() => rmSync(dir, { recursive: true }))
  t.same(iterfs('mount', '--preset', 'sys', dir), {
    status: EINVAL_STATUS,
    stdout: '',
    stderr: 'Error: --preset: want proc, got "sys"\n',
  })
  t.same(iterfs('mount', '--preset', 'proc', '-o', 'ro', dir), {
    status: EINVAL_STATUS,
    stdout: '',
    stderr: 'Error: --preset: nothing can be pinned with -o ro\n',
  })
})
