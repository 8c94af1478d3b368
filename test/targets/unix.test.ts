// The targets unix and netlink against the kernel's iterators and its files of /proc/net, in a network namespace of the test's own.
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { compileAll } from '../support/clang.ts'
import { type Daemon, startDaemon } from '../support/daemon.ts'
import { Kernel, noKernelBpf } from '../support/kernel.ts'
import { type NetnsProcess, startNetns } from '../support/netns.ts'
import { ROOT } from '../support/paths.ts'

const PROGRAMS = ['unix.bpf.c', 'netlink.bpf.c'] as const

const NETLINK = '/proc/net/netlink'

/** More fields than those files show. */
const FIELDS = 'test/bpf/socket_fields.bpf.c'

/** Bytes of one buffer of the kernel's unix iterator, which loses sockets when it needs another. */
const BUFFER = 32767
const LINES = 170

/** 1,500 sockets of AF_UNIX of all kinds, and 60 of netlink. The folder is given to the program. */
const WORKLOAD = (dir: string): string => `
import ctypes, itertools, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
os.chdir(${JSON.stringify(dir)})
AF, STREAM, DGRAM, SEQPACKET = socket.AF_UNIX, socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET
kinds = itertools.cycle((STREAM, DGRAM, SEQPACKET))
keep = []
def bound(name, kind=None):
    s = socket.socket(AF, kind or next(kinds)); s.bind(name); keep.append(s); return s
for i in range(300): bound('path %d' % i)
for i in range(300): bound('\\0abstract %d' % i)
bound(b'bytes \\xff\\x01\\xe2\\x82\\xac %s'); bound(b'\\0bytes\\xff\\x00\\x01\\xc3 '); bound(b'\\0'); bound(b'\\0\\0@\\0'); bound(b'@relative')
bound(b'line\\nend'); bound(b'\\0two\\n00000000deadbeef: 00000002 00000000 00000000 0001 01     7 lines\\n')
# 108 bytes: more than Python takes.
long = socket.socket(AF, STREAM); keep.append(long)
assert ctypes.CDLL(None).bind(long.fileno(), struct.pack('H', 1) + b'p' * 108, 110) == 0
bound(b'\\0' + b'a' * 107); bound(b'\\0' + b'z' * 106 + b'\\n')
bound('')  # autobind
for i in range(200): keep += socket.socketpair(AF, next(kinds))
for i in range(100): keep.append(socket.socket(AF, next(kinds)))
clients = []
for i, kind in enumerate((STREAM, SEQPACKET, STREAM)):
    for name in ('listener %d' % i, '\\0listener %d' % i, 'listener\\n%d' % i):
        l = bound(name, kind); l.listen(60)
        for j in range(40):
            c = socket.socket(AF, kind); c.connect(name); c.send(b'x' * j if j else b'y'); keep.append(c)
            if j % 4 == 0: keep.append(l.accept()[0])
            if j % 10 == 1: clients.append(keep.pop())
for c in clients: c.close()
for i in range(60):
    s = bound('\\0peer %d' % i, DGRAM); c = socket.socket(AF, DGRAM); c.connect('\\0peer %d' % i); c.send(b'z' * i); keep.append(c)
os.unlink('path 7')
made = len(open('/proc/net/unix', 'rb').read().split(b': 0000')) - 1
while made < 1500: keep.append(socket.socket(AF, next(kinds))); made += 1

NETLINK_ADD_MEMBERSHIP, SOL_NETLINK = 1, 270
protocols = []
for p in range(22):
    try: socket.socket(16, 3, p).close(); protocols.append(p)
    except OSError: pass
for i in range(60):
    s = socket.socket(16, (3, 2)[i % 2], protocols[i % len(protocols)])
    try: s.bind((0, i % 4 if protocols[i % len(protocols)] in (0, 15) else 0))
    except OSError: s.bind((0, 0))
    if i % 7 == 0: s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 10000 + i)
    if i % 5 == 0 and protocols[i % len(protocols)] == 0: s.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, 33 + i % 3)
    keep.append(s)
for i in range(4):  # in no table: no port
    s = socket.socket(16, 3, 0); s.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, 1); keep.append(s)
# Something to count: messages that wait, and messages dropped.
slow = socket.socket(16, 3, 0); slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 3000); slow.bind((0, 1)); keep.append(slow)
for i in range(40): sh('ip link add d%d type dummy 2>/dev/null || ip link set lo mtu %d' % (i, 1500 + i))
time.sleep(0.5)
ready()
`

t.test('the same text as the kernel', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  const netns = await startNetns(WORKLOAD(kernel.folder('sockets')))
  t.teardown(() => netns.stop())
  // Against the kernel's vmlinux.h; dist/programs has those against iterfs's own.
  const by = { kernel: kernel.folder('by-kernel'), iterfs: join(ROOT, 'dist/programs') }
  const objectOf = (folder: string, name: string): string => join(folder, name.replace(/c$/, 'o'))
  await compileAll(
    [...PROGRAMS.map(name => `programs/${name}`), FIELDS].map(name => ({
      source: join(ROOT, name),
      object: objectOf(by.kernel, basename(name)),
      include: [kernel.vmlinux()],
    })),
  )

  t.test('unix', t => {
    const proc = read(netns, '/proc/net/unix')
    const inodes = inodesOf(proc)
    t.ok(inodes.length >= 1500, `${inodes.length} sockets`)
    t.ok(inodes.filter(inode => inode === 0).length > 200, 'some wait to be accepted')
    for (const [n, object] of [objectOf(by.kernel, 'unix.bpf.c'), objectOf(by.iterfs, 'unix.bpf.c')].entries()) {
      daemon.pin(object, `unix${n}`)
      const ours = read(netns, join(daemon.dir, `unix${n}`))
      t.equal(masked(ours), masked(proc), 'all of /proc/net/unix')
    }
    t.equal(masked(read(netns, join(daemon.dir, 'unix0'), 7)), masked(proc), 'in reads of 7 bytes')
    t.ok(read(netns, join(kernel.pin(objectOf(by.kernel, 'unix.bpf.c'), 'all'))).length < proc.length, 'the kernel loses some')
    portions(t, { kernel, daemon, netns }, objectOf(by.iterfs, 'unix.bpf.c'), inodes)
    portions(t, { kernel, daemon, netns }, objectOf(by.kernel, basename(FIELDS)), inodes, 'unix_fields')
    t.end()
  })

  t.test('netlink', t => {
    for (const [n, object] of [objectOf(by.kernel, 'netlink.bpf.c'), objectOf(by.iterfs, 'netlink.bpf.c')].entries()) {
      daemon.pin(object, `netlink${n}`)
      const pin = kernel.pin(object, `netlink${n}`)
      const [ours, theirs, proc] = quiet(() =>
        [join(daemon.dir, `netlink${n}`), pin, NETLINK].map(path => masked(read(netns, path))),
      )
      t.equal(ours, theirs, "the kernel's iterator")
      t.equal(ours, proc, NETLINK)
      t.ok(proc!.split('\n').length > 68, `${proc!.split('\n').length} lines`)
      t.match(proc, / [1-9]\d* +\d+ +\d+ +\d+ +[1-9]\d* +\d+ *$/m, 'messages wait, and were dropped')
    }
    const fields = objectOf(by.kernel, basename(FIELDS))
    daemon.pin(fields, 'netlink_fields', '--prog', 'netlink_fields')
    const paths = [join(daemon.dir, 'netlink_fields'), kernel.pin(fields, 'netlink_fields', ['prog', 'netlink_fields'])]
    const [ours, theirs] = quiet(() => paths.map(path => read(netns, path)))
    t.equal(ours, theirs, 'more fields')
    t.end()
  })

  await t.test('more netlink sockets than one part of a dump has', async t => {
    const many = await startNetns(`
keep = [socket.socket(16, 3, (0, 15, 16)[i % 3]) for i in range(900)]
for s in keep: s.bind((0, 0))
time.sleep(0.5)
ready()
`)
    t.teardown(() => many.stop())
    const fields = objectOf(by.kernel, basename(FIELDS))
    daemon.pin(fields, 'many', '--prog', 'netlink_fields')
    const paths = [join(daemon.dir, 'many'), kernel.pin(fields, 'many', ['prog', 'netlink_fields'])]
    const [ours, theirs] = quiet(() => paths.map(path => read(many, path)))
    t.ok(theirs!.split('\n').length > 900)
    t.equal(ours, theirs)
  })

  await t.test('nothing to show', async t => {
    const empty = await startNetns('ready()')
    t.teardown(() => empty.stop())
    daemon.pin(objectOf(by.kernel, 'unix.bpf.c'), 'none')
    const theirs = read(empty, kernel.pin(objectOf(by.kernel, 'unix.bpf.c'), 'none'))
    t.equal(theirs.split('\n').length, 2, 'a heading')
    t.equal(read(empty, join(daemon.dir, 'none')), theirs)
  })
})

/** The tables of netlink are those of all namespaces: who else uses them changes their order. Reads again until all are the same, or often enough. */
function quiet(readAll: () => string[]): string[] {
  for (let tries = 1; ; tries++) {
    const texts = readAll()
    if (tries === MOST_TRIES || new Set(texts).size === 1) return texts
  }
}
const MOST_TRIES = 10

interface Places {
  readonly kernel: Kernel
  readonly daemon: Daemon
  readonly netns: NetnsProcess
}

/** The kernel's text in portions that fit into its buffer, and ours. */
function portions(t: Test, { kernel, daemon, netns }: Places, object: string, inodes: readonly number[], prog?: string): void {
  const sorted = [...new Set(inodes)].sort((a, b) => a - b)
  const ranges = [[0, 0]]
  for (let at = 1; at < sorted.length; at += LINES) ranges.push([sorted[at]!, sorted[Math.min(at + LINES, sorted.length) - 1]!])
  let lines = 0
  for (const [from, to] of ranges) {
    const name = `${prog ?? 'portion'}_${from}`
    const set = [`first_inode=${from}`, `last_inode=${to}`]
    const kernelArgs = set.flatMap(value => ['set', value])
    const theirs = read(netns, kernel.pin(object, name, prog ? ['prog', prog, ...kernelArgs] : kernelArgs))
    daemon.pin(object, name, ...set.flatMap(value => ['--set', value]), ...(prog ? ['--prog', prog] : []))
    const ours = read(netns, join(daemon.dir, name))
    t.ok(theirs.length < BUFFER, 'fits into one buffer')
    // Which of several connections of one listener has which other end is not shown.
    t.equal(
      prog && from === 0 ? sortedLines(ours) : masked(ours),
      prog && from === 0 ? sortedLines(theirs) : masked(theirs),
      `${name} to ${to}`,
    )
    lines += theirs.split('\n').length - 2
  }
  // Names with newlines have more lines.
  t.ok(lines >= inodes.length, 'all portions together')
}

const sortedLines = (text: string): string => text.split('\n').sort().join('\n')

/** Reads a file as a process of the namespace. */
function read(netns: NetnsProcess, path: string, size?: number): string {
  const { status, stdout, stderr } = size
    ? netns.run('dd', [`if=${path}`, `bs=${size}`, 'status=none'])
    : netns.run('cat', [path])
  if (status !== 0) throw new Error(`${path}: ${stderr}`)
  return stdout
}

/** Addresses are synthetic here. */
const masked = (text: string): string => text.replace(/^[0-9a-f]{16}(?=:? )/gm, 'ADDRESS')

/** The inode of each line that is one. */
const inodesOf = (text: string): number[] =>
  [...text.matchAll(/^[0-9a-f]{16}: 0000[0-9A-F]{4} [0-9A-F]{8} [0-9A-F]{8} [0-9A-F]{4} [0-9A-F]{2} +(\d+)/gm)]
    .map(([, inode]) => Number(inode))
    .filter(inode => inode !== 7)
