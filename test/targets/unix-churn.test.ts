// Sockets of AF_UNIX while others come and go: each that is there all the time is shown once, whatever the size of the reads.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { scratch, startDaemon } from '../support/daemon.ts'
import { startNetns } from '../support/netns.ts'
import { ROOT } from '../support/paths.ts'

const LASTING = 1500
const WAITING = 60
/** Bytes of each read; 0 for cat. */
const READS = [0, 700, 4096, 0, 60, 33000, 0, 200]

/** Of the lasting sockets, some are bound while the test reads; four processes make others and close them again. */
const WORKLOAD = (dir: string): string => `
import itertools, random, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
AF, STREAM, DGRAM = socket.AF_UNIX, socket.SOCK_STREAM, socket.SOCK_DGRAM
keep = []
for i in range(500):
    s = socket.socket(AF, STREAM); s.bind('\\0lasting %d' % i); keep.append(s)
for i in range(300): keep += socket.socketpair(AF, DGRAM)
l = socket.socket(AF, STREAM); l.bind('\\0lasting listener'); l.listen(${WAITING}); keep.append(l)
for i in range(${WAITING}):
    c = socket.socket(AF, STREAM); c.connect('\\0lasting listener'); keep.append(c)
unbound = []
while len(keep) + len(unbound) < ${LASTING}: unbound.append(socket.socket(AF, STREAM))
with open(${JSON.stringify(join(dir, 'inodes'))}, 'w') as f:
    for s in keep + unbound: print(os.fstat(s.fileno()).st_ino, file=f)
def churn(n):
    rng = random.Random(n)
    mine = socket.socket(AF, STREAM); mine.bind('\\0churn %d' % n); mine.listen(100)
    live = []
    for turn in itertools.count():
        if turn % 20 == 0: time.sleep(0.002)
        kind = rng.randrange(4)
        if kind == 0: live += socket.socketpair(AF, STREAM)
        elif kind == 1:
            s = socket.socket(AF, DGRAM); s.bind(''); live.append(s)
        elif kind == 2:
            s = socket.socket(AF, STREAM); s.setblocking(False); live.append(s)
            try: s.connect('\\0churn %d' % n)
            except BlockingIOError:
                for _ in range(90): live.append(mine.accept()[0])
        else: live.append(socket.socket(AF, STREAM))
        while len(live) > 400: live.pop(rng.randrange(len(live))).close()
        if rng.randrange(20) == 0: mine.close(); mine = socket.socket(AF, STREAM); mine.bind('\\0churn %d' % n); mine.listen(100)
for n in range(4):
    if os.fork() == 0:
        import ctypes; ctypes.CDLL(None).prctl(1, 9)  # ends with its parent
        for s in keep + unbound: s.close()
        churn(n)
def bind():
    for i, s in enumerate(unbound): s.bind('\\0late %d' % i); time.sleep(0.05)
threading.Thread(target=bind, daemon=True).start()
ready()
`

t.test('exactly once', async t => {
  const dir = scratch()
  t.teardown(() => rmSync(dir, { recursive: true }))
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  const netns = await startNetns(WORKLOAD(dir))
  t.teardown(() => netns.stop())
  const lasting = readFileSync(join(dir, 'inodes'), 'utf8').trim().split('\n')
  t.equal(new Set(lasting).size, LASTING)
  daemon.pin(join(ROOT, 'dist/programs/unix.bpf.o'), 'unix')
  const pin = join(daemon.dir, 'unix')

  let others = new Set<string>()
  for (const size of READS) {
    const { stdout } = size ? netns.run('dd', [`if=${pin}`, `bs=${size}`, 'status=none']) : netns.run('cat', [pin])
    const shown = new Map<string, number>()
    for (const [, inode] of stdout.matchAll(/^\w{16}: \w{8} \w{8} \w{8} \w{4} \w\w +(\d+)/gm)) {
      shown.set(inode!, (shown.get(inode!) ?? 0) + 1)
    }
    const wrong = lasting.filter(inode => shown.get(inode) !== 1)
    t.same(wrong, [], `reads of ${size || 'any'} bytes: each lasting one once`)
    const waiting = stdout.split('\n').filter(line => / {5}0 @lasting listener$/.test(line))
    t.equal(waiting.length, WAITING, 'and each that waits to be accepted')
    t.same(
      [...shown].filter(([inode, times]) => inode !== '0' && times > 1),
      [],
      'nothing twice',
    )
    const now = new Set([...shown.keys()].filter(inode => !lasting.includes(inode)))
    t.ok(
      [...now].some(inode => !others.has(inode)),
      `${now.size} others, new ones among them`,
    )
    others = now
  }
})
