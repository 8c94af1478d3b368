// Tcp sockets with owner and congestion figures: as the kernel's iterator tells them, and owners as the test knows them.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { compileAll } from '../support/clang.ts'
import { startDaemon } from '../support/daemon.ts'
import { Kernel, noKernelBpf } from '../support/kernel.ts'
import { startNetns } from '../support/netns.ts'
import { ROOT } from '../support/paths.ts'

const PROGRAM = 'sockets.bpf.c'

const WORKLOAD = `
keep = []
def pair(family, address):
    l = socket.socket(family); l.bind((address, 0)); l.listen(7); keep.append(l)
    for i in range(20):
        c = socket.socket(family)
        if i % 3 == 0: c.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, (b'reno', b'cubic')[i % 2])
        c.connect(l.getsockname()); a = l.accept()[0]
        c.send(b'x' * i * 10)
        if i == 1: c.shutdown(socket.SHUT_WR)
        elif i == 2: c.close(); a.close(); continue
        keep.extend((c, a))
    c = socket.socket(family); c.connect(l.getsockname()); keep.append(c)  # waits to be accepted
pair(socket.AF_INET, '127.0.0.1'); pair(socket.AF_INET6, '::1')
for i in range(20): os.dup(keep[0].fileno())
child = os.fork()
if child == 0:
    import ctypes; ctypes.CDLL(None).prctl(1, 9); ctypes.CDLL(None).prctl(15, b'my own, name', 0, 0, 0)
    keep[1].close(); time.sleep(600)
time.sleep(0.3)
ready()
`

t.test('sockets with their owners', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  const netns = await startNetns(WORKLOAD)
  t.teardown(() => netns.stop())
  const object = join(kernel.folder('by-kernel'), 'sockets.bpf.o')
  await compileAll([{ source: join(ROOT, 'programs', PROGRAM), object, include: [kernel.vmlinux()] }])

  const read = (path: string): string[] => netns.run('cat', [path]).stdout.split('\n')
  for (const [n, by] of [object, join(ROOT, 'dist/programs/sockets.bpf.o')].entries()) {
    const theirs = read(kernel.pin(by, `sockets${n}`))
    daemon.pin(by, `sockets${n}`)
    const ours = read(join(daemon.dir, `sockets${n}`))
    t.ok(ours.length > 80, `${ours.length} lines`)
    t.same(ours.map(withoutOwner), theirs, 'all but the owner')
    const places = descriptors([netns.pid, ...childrenOf(netns.pid)])
    for (const line of ours.slice(1, -1)) {
      const columns = line.split(' ')
      const known = places.get(columns[5]!)?.slice(0, 16).join(',')
      t.equal(columns.slice(12).join(' '), known ?? '-', `owner of ${columns[0]} ${columns[3]}`)
    }
    t.ok(
      ours.some(line => line.includes('my own, name')),
      'a second process',
    )
  }

  const listeners = (set: string[]): number => set.filter(line => line.startsWith('LISTEN ')).length
  daemon.pin(object, 'listeners', '--set', 'listening=true')
  const only = read(join(daemon.dir, 'listeners'))
  t.equal(listeners(only), 2)
  t.equal(only.length, 2 + 2, 'a heading and listeners')
  const port = only[1]!.split(' ')[3]!.split(':').at(-1)!
  daemon.pin(object, 'port', '--set', `port=${port}`)
  const ofPort = read(join(daemon.dir, 'port'))
  t.ok(ofPort.length > 15 && ofPort.slice(1, -1).every(line => line.split(' ')[3]!.endsWith(`:${port}`)), 'one port')
})

const HEADING = /^state /
const withoutOwner = (line: string): string =>
  line === '' || HEADING.test(line) ? line : `${line.split(' ').slice(0, 12).join(' ')} -`

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').map(Number)

/** PID/DESCRIPTOR/COMM of all sockets of processes, by inode. */
function descriptors(pids: readonly number[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const pid of [...pids].sort((a, b) => a - b)) {
    const comm = readFileSync(`/proc/${pid}/comm`, 'latin1').trim()
    const fds = readdirSync(`/proc/${pid}/fd`).map(Number)
    for (const fd of fds.sort((a, b) => a - b)) {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
      if (inode) found.set(inode, [...(found.get(inode) ?? []), `${pid}/${fd}/${comm}`])
    }
  }
  return found
}
