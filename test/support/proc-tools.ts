// A mount with the preset proc beside the real /proc, for tools that read either.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { iterfs, type Ran, run } from './daemon.ts'
import { type NetnsProcess, startNetns } from './netns.ts'

/** Debian's Python, which has Debian's modules. */
export const PYTHON = '/usr/bin/python3'

/** Sockets of all families in states that last. */
export const SOCKETS = `
socks = []
def tcp(family, host):
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.bind((host, 0)); listener.listen(50); socks.append(listener)
    pairs = []
    for _ in range(10):
        client = socket.socket(family, socket.SOCK_STREAM)
        client.connect(listener.getsockname())
        pairs.append((client, listener.accept()[0]))
    pairs[0][0].shutdown(socket.SHUT_WR) # FIN-WAIT-2 and CLOSE-WAIT
    pairs[1][1].send(b'x' * 100) # a queue
    waiting = socket.socket(family, socket.SOCK_STREAM) # in the listener's queue
    waiting.connect(listener.getsockname())
    socks.extend([waiting] + [s for pair in pairs for s in pair])
def udp(family, host):
    bound = socket.socket(family, socket.SOCK_DGRAM)
    bound.bind((host, 0))
    connected = socket.socket(family, socket.SOCK_DGRAM)
    connected.connect(bound.getsockname()); connected.send(b'y' * 50)
    anywhere = socket.socket(family, socket.SOCK_DGRAM)
    anywhere.bind(('', 0))
    socks.extend([bound, connected, anywhere])
for family, host in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1')):
    for _ in range(3):
        tcp(family, host)
        udp(family, host)
import tempfile
folder = tempfile.mkdtemp(prefix='iterfs-test-')
for i in range(3):
    named = socket.socket(socket.AF_UNIX); named.bind('%s/s%d' % (folder, i)); named.listen(5)
    other = socket.socket(socket.AF_UNIX); other.connect('%s/s%d' % (folder, i))
    abstract = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); abstract.bind('\\0iterfs-%d-%d' % (os.getpid(), i))
    socks.extend([named, other, named.accept()[0], abstract, *socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)])
import shutil
shutil.rmtree(folder)
`

/** Routes and neighbours on devices of the namespace's own. */
export const ROUTES = `
sh('ip link add d0 type veth peer name d1 && ip link set d0 addrgenmode none && ip link set d1 addrgenmode none')
sh('ip link set d1 up && ip link set d0 up && ip addr add 10.9.0.1/24 dev d0 && ip -6 addr add fd09::1/64 dev d0 nodad')
sh('ip route add 10.10.0.0/16 via 10.9.0.2 && ip route add unreachable 10.11.0.0/16 && ip -6 route add fd10::/32 via fd09::2')
sh('ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev d0 && ip neigh add 10.9.0.3 lladdr 02:00:00:00:00:03 dev d0 nud permanent')
`

export interface ProcTools {
  /** The mount. */
  readonly dir: string
  readonly netns: NetnsProcess
  /** What `iterfs mount` said. */
  readonly mounted: Ran
  /** A shell line in the namespace, as root; throws when it fails. */
  sh(line: string): string
  /** Unmounts and ends the namespace. */
  stop(): Promise<void>
}

/** Mounts as a user would, in the background, and starts the sockets. */
export async function startProcTools(python = SOCKETS): Promise<ProcTools> {
  const dir = mkdtempSync(join(tmpdir(), 'iterfs-test-'))
  const netns = await startNetns(`${python}\nready()`)
  const mounted = iterfs('mount', '--preset', 'proc', dir)
  if (mounted.status !== 0) {
    await netns.stop()
    throw new Error(`mount: ${mounted.stderr}`)
  }
  return {
    dir,
    netns,
    mounted,
    sh(line) {
      const { status, stdout, stderr } = netns.run('sh', ['-c', line])
      if (status !== 0) throw new Error(`${line}: ${status} ${stderr}`)
      return stdout
    },
    async stop() {
      await netns.stop()
      const { status, stderr } = iterfs('umount', dir)
      if (status !== 0) {
        run('umount', ['-l', dir])
        throw new Error(`umount: ${stderr}`)
      }
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Lines without the addresses that %pK prints, in a fixed order. */
export const rows = (text: string): string[] =>
  text
    .replace(/(\b|0x)[0-9a-f]{16}\b/gi, 'ADDRESS')
    .split('\n')
    .filter(line => line !== '')
    .sort()

const ATTEMPTS = 20

/**
 * What a tool shows of /proc and of the mount, taken while /proc showed the same before and after: what changes by itself (a
 * kernel thread, a TIME-WAIT that ends) is no difference between the two.
 * @throws Error when it never stays the same
 */
export function bothWays<T>(real: () => T, ours: () => T): { readonly real: T; readonly ours: T } {
  let before = real()
  for (let i = 0; i < ATTEMPTS; i++) {
    const shown = ours()
    const after = real()
    if (JSON.stringify(before) === JSON.stringify(after)) return { real: after, ours: shown }
    before = after
  }
  throw new Error(`the real /proc was never twice the same in ${ATTEMPTS} attempts`)
}
