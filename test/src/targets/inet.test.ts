// tcp and udp where netlink is refused: /proc/net alone, and what it cannot tell.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  bpf_skc_to_tcp_request_sock,
  bpf_skc_to_tcp_sock,
  bpf_skc_to_tcp_timewait_sock,
  bpf_skc_to_tcp6_sock,
  bpf_skc_to_udp6_sock,
  EACCES,
  Engine,
  EPERM,
  ErrnoError,
  findTarget,
  type Iter,
  nodePlatform,
  openObject,
  type Platform,
  registerTargets,
  type Struct,
} from '../../../src/index.ts'
import { type NetnsProcess, startNetns } from '../../support/netns.ts'
import { ROOT } from '../../support/paths.ts'
import { settle, still } from '../../support/settle.ts'
import { TCP_SOCKETS, UDP_SOCKETS } from '../../support/sockets.ts'

/** The namespace that is looked at, and what is refused there. */
const now = { pid: 0, netlink: false, files: false, lose: false }
const node = nodePlatform()
const platform: Platform = {
  ...methodsOf(node),
  openNet() {
    const net = node.openNet(now.pid)
    const refuse = (): never => {
      throw new ErrnoError(now.netlink ? EPERM : EACCES, 'refused by the test')
    }
    return {
      ...methodsOf(net),
      netlink: (protocol, request) => (now.netlink ? refuse() : lossy(net.netlink(protocol, request))),
      read: name => (now.files ? refuse() : net.read(name)),
    }
  },
}
/** Once: the first part of an answer comes twice, and the second is lost, as when sockets come and go between them. */
function lossy(answer: Uint8Array[]): Uint8Array[] {
  if (!now.lose || answer.length < 4) return answer
  now.lose = false
  return [answer[0]!, answer[0]!, ...answer.slice(2)]
}
registerTargets(platform, { denied: () => {} })

/** The methods and values of an object of a class, to be spread. */
function methodsOf<T extends object>(object: T): T {
  const names = new Set([...Object.getOwnPropertyNames(Object.getPrototypeOf(object)), ...Object.keys(object)])
  const entries = [...names].map(name => [name, (object as Record<string, unknown>)[name]] as const)
  return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === 'function' ? value.bind(object) : value])) as T
}

/** Runs `test` with the namespace of a workload. */
async function inside(t: Test, python: string, test: (net: NetnsProcess) => Promise<void>): Promise<void> {
  const net = await startNetns(python)
  t.teardown(() => net.stop())
  now.pid = net.pid
  await test(net)
  Object.assign(now, { netlink: false, files: false })
}

/** What one of the shipped programs prints. */
async function shipped(name: string): Promise<string> {
  const object = openObject<{ progs: Record<string, 'tcp'>; maps: object; globals: object }>(
    new Uint8Array(readFileSync(join(ROOT, `dist/programs/${name}.bpf.o`))),
    { name },
  )
  object.load()
  try {
    return await Object.values(object.progs)[0]!.attachIter().text()
  } finally {
    object.close()
  }
}

let handles = 0
/** What a TypeScript program prints. */
function run<T extends 'tcp' | 'udp'>(iter: Iter<T>): string {
  const engine = new Engine()
  engine.add('test', iter as Iter)
  const fh = ++handles
  engine.open(
    fh,
    'test',
    iter.target,
    engine.attach('test', iter.target, undefined).aux,
    { pid: process.pid, uid: 0, gid: 0 },
    BigInt(fh),
  )
  try {
    let text = ''
    for (;;) {
      const data = engine.read(fh, 65536)
      if (data.length === 0) return text
      text += Buffer.from(data).toString('latin1')
    }
  } finally {
    engine.close(fh)
  }
}

/** A program and a file of /proc/net, as far as they are the same at one of several tries. */
async function same(t: Test, name: string, file: () => string, how: string): Promise<void> {
  const { kernel, iterfs } = await settle({ iterfs: () => shipped(name), kernel: file }, still)
  t.equal(iterfs, kernel, `${name} ${how}`)
}

const kinds: Iter<'tcp'> = {
  target: 'tcp',
  run({ meta: { seq }, sk_common: sk }) {
    if (!sk) return
    const tcp = bpf_skc_to_tcp_sock(sk)
    const [six, waits] = [bpf_skc_to_tcp6_sock(sk), bpf_skc_to_tcp_timewait_sock(sk)]
    const begins = bpf_skc_to_tcp_request_sock(sk)
    const found = [tcp && 'tcp', six && 'tcp6', waits && 'timewait', begins && 'request', bpf_skc_to_udp6_sock(sk) && 'udp6']
    seq.printf('%d %d %s\n', sk.skc_family, sk.skc_state, found.filter(Boolean).join('+'))
    if (tcp && tcp.inet_conn.icsk_inet.sk.__sk_common.skc_num !== sk.skc_num) throw new Error('another socket')
  },
}
const KINDS = [
  '10 1 tcp+tcp6',
  '10 10 tcp+tcp6',
  '10 12 request',
  '10 6 timewait',
  '2 1 tcp',
  '2 10 tcp',
  '2 12 request',
  '2 2 tcp',
  '2 6 timewait',
]

t.test('tcp', t =>
  inside(t, TCP_SOCKETS, async net => {
    const file = (name: string) => (): string => net.run('cat', [`/proc/net/${name}`]).stdout
    for (const netlink of [false, true]) {
      now.netlink = netlink
      const how = netlink ? 'of /proc/net' : 'of sock_diag'
      await same(t, 'tcp4', file('tcp'), how)
      await same(t, 'tcp6', file('tcp6'), how)
      const found = new Set(run(kinds).trimEnd().split('\n'))
      for (const kind of KINDS) t.ok(found.has(kind), `${kind} ${how}`)
    }
  }),
)

t.test('udp', t =>
  inside(t, UDP_SOCKETS, async net => {
    for (const netlink of [false, true]) {
      now.netlink = netlink
      for (const name of ['udp4', 'udp6']) {
        const file = (): string => net.run('cat', [`/proc/net/${name.replace('4', '')}`]).stdout
        await same(t, name, file, netlink ? 'of /proc/net' : 'of sock_diag')
      }
    }
  }),
)

t.test('what /proc/net does not tell is an error that says so', t =>
  inside(t, TCP_SOCKETS, async () => {
    now.netlink = true
    const looks: readonly ((sk: Struct<'sock_common'> | null) => unknown)[] = [
      sk => sk?.skc_cookie.counter,
      sk => sk?.skc_bound_dev_if,
      sk => bpf_skc_to_tcp_sock(sk)?.srtt_us,
      sk => bpf_skc_to_tcp_sock(sk)?.bytes_acked,
      sk => bpf_skc_to_tcp_sock(sk)?.inet_conn.icsk_ca_ops,
      sk => bpf_skc_to_tcp_sock(sk)?.inet_conn.icsk_inet.sk.sk_rcvbuf,
    ]
    for (const look of looks) {
      const program: Iter<'tcp'> = { target: 'tcp', run: ({ sk_common }) => void look(sk_common) }
      t.throws(() => run(program), { errno: EPERM, message: /which only sock_diag tells: refused by the test/ })
    }
    now.files = true
    const none: Iter<'tcp'> = { target: 'tcp', run() {} }
    t.throws(() => run(none), { errno: EPERM, message: /want sock_diag or \/proc\/net\/tcp/ }, 'neither')
    now.netlink = false
    t.equal(run(none), '', 'sock_diag alone')
    const refs: Iter<'tcp'> = { target: 'tcp', run: ({ sk_common: sk }) => void sk?.skc_refcnt.refs.counter }
    t.throws(() => run(refs), { errno: EACCES, message: /refused by the test/ }, 'what only /proc/net tells')
  }),
)

t.test('a dump that loses some and repeats others', t =>
  inside(t, TCP_SOCKETS, async () => {
    const cookies: Iter<'tcp'> = {
      target: 'tcp',
      run: ({ meta: { seq }, sk_common: sk }) => void (sk && seq.printf('%llu\n', sk.skc_cookie.counter)),
    }
    const all = run(cookies).trimEnd().split('\n')
    now.lose = true
    const again = run(cookies).trimEnd().split('\n')
    t.notOk(now.lose, 'a part was lost')
    t.not(again.join(), all.join(), 'in another order')
    t.same(again.sort(), all.sort(), 'each socket once')
  }),
)

t.test('what the kernel lets tcp programs call', async t => {
  t.same(findTarget('tcp')!.get_func_proto, ['setsockopt', 'getsockopt'])
  t.equal(findTarget('udp')!.get_func_proto, undefined)
})
