// tcp and udp: the same objects through the kernel and through iterfs, on sockets in all states.
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { diffOf } from '../support/compare.ts'
import { type Daemon, startDaemon } from '../support/daemon.ts'
import { Kernel, noKernelBpf } from '../support/kernel.ts'
import { type NetnsProcess, startNetns } from '../support/netns.ts'
import { ROOT } from '../support/paths.ts'
import { type Sides, settle, still } from '../support/settle.ts'
import { NO_SOCKETS, TCP_SOCKETS, UDP_SOCKETS } from '../support/sockets.ts'

/** Programs that print files of /proc, with the file. */
const FILES = {
  'tcp4.bpf.c': 'tcp',
  'tcp6.bpf.c': 'tcp6',
  'udp4.bpf.c': 'udp',
  'udp6.bpf.c': 'udp6',
} as const
type Program = keyof typeof FILES

interface Place {
  readonly kernel: Kernel
  readonly daemon: Daemon
  readonly net: NetnsProcess
}

async function place(t: Test, python: string): Promise<Place> {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  const net = await startNetns(python)
  t.teardown(() => net.stop())
  return { kernel, daemon, net }
}

let pins = 0
/** Pins an object on both sides; gives what a `cat` in the namespace prints of each. */
function pinBoth({ kernel, daemon, net }: Place, object: string, way?: 'prog' | 'pid', value = ''): Sides<string> {
  const name = `pin${++pins}`
  const theirs = kernel.pin(object, name, way ? [way, value] : [])
  daemon.pin(object, name, ...(way ? [`--${way}`, value] : []))
  const read = (path: string) => (): string => {
    const { stdout, stderr, status } = net.run('cat', [path])
    if (status !== 0) throw new Error(`${path}: ${stderr}`)
    return stdout
  }
  return { kernel: read(theirs), iterfs: read(join(daemon.dir, name)) }
}

const lines = (text: string): string[] => text.replace(/\n$/, '').split('\n')
const sorted = (text: string): string => lines(text).sort().join('\n')
/** udp's first column counts in another table than the kernel's, which orders the sockets otherwise. */
const noBucket = (text: string): string => sorted(still(text).replace(/^ *\d+:/gm, ''))

const builtObject = (program: Program): string => join(ROOT, 'dist/programs', program.replace('.c', '.o'))
/** The object as it is built, with our BTF, and against the kernel's. */
const objectsOf = (kernel: Kernel, program: Program): string[] => [
  builtObject(program),
  kernel.compile(`../../programs/${program}`),
]

const proc = ({ net }: Place, file: string): string => net.run('cat', [`/proc/net/${file}`]).stdout

/** Each of the programs, compiled in both ways, on both sides and against /proc. */
async function compare(
  t: Test,
  here: Place,
  programs: readonly Program[],
  of: (text: string) => string,
  objects = objectsOf,
): Promise<void> {
  for (const program of programs) {
    for (const object of objects(here.kernel, program)) {
      const both = pinBoth(here, object)
      t.equal(diffOf(here.kernel, await settle(both, of)), '', `${program}: the same bytes`)
      const file = await settle({ iterfs: both.iterfs, kernel: () => proc(here, FILES[program]) }, still)
      t.equal(diffOf(here.kernel, file), '', `${program}: the lines of /proc/net/${FILES[program]}`)
    }
  }
}

/** What is left of the timers of sockets in TIME_WAIT, by both ends. */
function timeWaits(text: string): Map<string, number> {
  const found = lines(text).map(line => / (\S+ \S+) (?:05|06) 0{8}:0{8} 03:([0-9A-F]{8})/.exec(line))
  return new Map(found.flatMap(match => (match ? [[match[1]!, Number.parseInt(match[2]!, 16)] as const] : [])))
}

/** All fields that programs may look at, on both sides. */
async function fields(t: Test, here: Place, prog: string, of: (text: string) => string): Promise<void> {
  const both = await settle(pinBoth(here, here.kernel.compile('inet_fields.bpf.c'), 'prog', prog), of)
  t.equal(diffOf(here.kernel, both), '', `${prog}: the same fields`)
}

t.test('300 tcp sockets in all states', { skip: noKernelBpf() }, async t => {
  const here = await place(t, TCP_SOCKETS)
  await compare(t, here, ['tcp4.bpf.c', 'tcp6.bpf.c'], still)
  await fields(t, here, 'dump_tcp', text => text)
  const files = await settle(pinBoth(here, here.kernel.compile('sock_from_file.bpf.c'), 'pid', `${here.net.pid}`), text => text)
  t.equal(diffOf(here.kernel, files), '', 'the sockets of files')
  t.ok(lines(files.iterfs).length > 250, 'sockets of files')

  const rows = ['tcp', 'tcp6'].flatMap(file => lines(proc(here, file)).slice(1))
  t.ok(rows.length >= 300, `${rows.length} sockets`)
  const states = new Set(rows.map(line => line.trim().split(/ +/)[3]))
  t.same([...states].sort(), ['01', '02', '03', '04', '05', '06', '08', '09', '0A', '0B'], 'all states')

  const { kernel, iterfs } = pinBoth(here, join(ROOT, 'dist/programs/tcp6.bpf.o'))
  const [before, ours, after] = [timeWaits(kernel()), timeWaits(iterfs()), timeWaits(kernel())]
  let seen = 0
  for (const [ends, left] of ours) {
    const [most, least] = [before.get(ends), after.get(ends)]
    if (most === undefined || least === undefined) continue
    seen++
    t.ok(least - 1 <= left && left <= most + 1, `${ends}: ${left} ticks are between ${least} and ${most}`)
  }
  t.ok(seen > 2, `${seen} timers`)
})

t.test('100 udp sockets', { skip: noKernelBpf() }, async t => {
  const here = await place(t, UDP_SOCKETS)
  await compare(t, here, ['udp4.bpf.c', 'udp6.bpf.c'], noBucket)
  await fields(t, here, 'dump_udp', sorted)
  const rows = ['udp', 'udp6'].flatMap(file => lines(proc(here, file)).slice(1))
  t.equal(rows.length, 100, 'sockets')
  t.ok(rows.filter(line => !/ 0 *$/.test(line)).length > 10, 'some dropped packets')
})

t.test('a namespace without sockets', { skip: noKernelBpf() }, async t => {
  const here = await place(t, NO_SOCKETS)
  await compare(
    t,
    here,
    ['tcp4.bpf.c', 'tcp6.bpf.c', 'udp4.bpf.c', 'udp6.bpf.c'],
    text => text,
    (_, program) => [builtObject(program)],
  )
  await fields(t, here, 'dump_tcp', text => text)
  await fields(t, here, 'dump_udp', text => text)
})
