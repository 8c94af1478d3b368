// 100,000 requests with hostile lengths, numbers and orders: each gets a well-formed reply or none, nothing throws, and the tree
// stays a tree. FUZZ_REQUESTS and FUZZ_SEED override the number and the start.
import fc from 'fast-check'
import t from 'tap'
import * as abi from '../../../mount/fuse/abi.ts'
import { FUSE_OPS, type FuseOp, type OpName } from '../../../mount/fuse/ops.ts'
import { encodeRequest, FakeKernel } from '../bpffs/fake-kernel.ts'

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 100_000)
const PER_RUN = 200
const seed = process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) }
const OPS = Object.keys(FUSE_OPS) as OpName[]
const NO_REPLY = new Set<number>(Object.values(FUSE_OPS).flatMap(row => ('reply' in row ? [row.code] : [])))

// Small numbers choose among the node ids and handles that exist unless the request is wild.
const num = fc.oneof(
  { weight: 6, arbitrary: fc.nat(12) },
  { weight: 1, arbitrary: fc.nat(0xffffffff) },
  { weight: 1, arbitrary: fc.constantFrom(0xffffffff, 2 ** 31, 2 ** 32, 2 ** 53 - 1) },
)
const name = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('a', 'b', 'c', 'd') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '.', '..', '.iterfs', 'ctl', 'maps.debug', 'x.y', 'x'.repeat(255), 'x'.repeat(256), '\u00e4'),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
)
/** Modes and flags that get further than random bits do. */
const mode = fc.constantFrom(0o755, 0o40755, 0o100600, 0o120777, 0o2777, 0, 1, 2, 0x20, 0x201)
const request = fc.record({
  op: fc.constantFrom(...OPS),
  nodeid: num,
  fields: fc.array(num, { minLength: 16, maxLength: 16 }),
  mode: fc.option(mode, { nil: undefined }),
  names: fc.array(name, { maxLength: 3 }),
  data: fc.uint8Array({ maxLength: 100 }),
  arm: fc.boolean(),
  uid: fc.constantFrom(0, 666, 1000),
  /** Numbers are taken as they are. */
  wild: fc.nat(5).map(n => n === 0),
  /** Damage: cut to a part of its length, a wrong len, a wrong opcode, a byte changed. */
  damage: fc.oneof(
    { weight: 4, arbitrary: fc.constant(null) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom('cut', 'len', 'opcode', 'byte', 'noise'),
        at: fc.nat(0xffff),
        value: num,
      }),
    },
  ),
})
type Request = typeof request extends fc.Arbitrary<infer R> ? R : never

/** Node ids and handles that the tree has given out. */
interface Known {
  readonly nodes: number[]
  readonly files: number[]
}
const choose = (list: readonly number[], i: number): number => list[i % list.length]!

function build({ op, nodeid, fields, mode, names, data, uid, wild, damage }: Request, known: Known, unique: number): Uint8Array {
  const row = FUSE_OPS[op]
  const values: Record<string, number> = {}
  for (const [i, field] of Object.keys('in' in row ? row.in.fields : {}).entries()) {
    const value = fields[i]!
    if (wild) values[field] = value
    else if (field === 'newdir' || field === 'oldnodeid') values[field] = choose(known.nodes, value)
    else if (field === 'fh') values[field] = choose(known.files, value)
    else if (field === 'mode' || field === 'flags') values[field] = mode ?? value
    else values[field] = field === 'size' && op === 'WRITE' ? data.length : value
  }
  const node = wild ? nodeid : choose(known.nodes, nodeid)
  const want = 'names' in row ? row.names : 0
  const bytes = encodeRequest(
    op,
    node,
    values,
    [...names, 'a', 'b'].slice(0, want),
    'data' in row ? data : undefined,
    { uid, pid: uid },
    unique,
  )
  if (!damage) return bytes
  const view = new DataView(bytes.buffer)
  if (damage.kind === 'cut') return bytes.slice(0, damage.at % (bytes.length + 1))
  if (damage.kind === 'len') view.setUint32(0, damage.value, true)
  if (damage.kind === 'opcode') view.setUint32(4, damage.value, true)
  if (damage.kind === 'byte') bytes[damage.at % bytes.length] = damage.value
  if (damage.kind === 'noise') bytes.fill(damage.value, damage.at % bytes.length)
  return bytes
}

/** Notes what a good reply gives out. */
function learn(known: Known, op: OpName, reply: Uint8Array | null, calls: readonly string[]): void {
  if (!reply) {
    if (op === 'OPEN') known.files.push(Number(calls.at(-1)!.split(' ')[3]))
  } else if (reply[4] === 0) {
    const row: FuseOp = FUSE_OPS[op]
    if (row.out === undefined || row.out === 'bytes') return
    if (row.out[0] === abi.fuse_entry_out) known.nodes.push(abi.fuse_entry_out.decode(reply, 16).nodeid)
    if (row.out.at(-1) === abi.fuse_open_out) known.files.push(abi.fuse_open_out.decode(reply, reply.length - 16).fh)
  }
}

/** What is wrong with the reply to a request, or null. */
function checkReply(request: Uint8Array, reply: Uint8Array | null): string | null {
  if (!reply) return null
  if (request.length < 40) return 'a reply to less than a header'
  const asked = new DataView(request.buffer, request.byteOffset)
  if (NO_REPLY.has(asked.getUint32(4, true))) return 'a reply to an operation without one'
  const view = new DataView(reply.buffer, reply.byteOffset, reply.length)
  const error = view.getInt32(4, true)
  if (view.getUint32(0, true) !== reply.length) return 'len'
  if (error > 0 || error < -4095) return `error ${error}`
  if (error < 0 && reply.length !== 16) return 'a payload behind an error'
  if (view.getBigUint64(8, true) !== asked.getBigUint64(8, true) || view.getBigUint64(8, true) === 0n) return 'unique'
  return null
}

/** Walks the tree through requests: listings agree with attributes, link counts with names, and pins() with both. */
function checkTree(k: FakeKernel, known: Known): string | null {
  const names = new Map<number, number>()
  const dirs = new Set<number>([2]) // .iterfs
  const paths: string[] = []
  const walk = (nodeid: number, path: string): string | null => {
    const fh = k.opendir(nodeid)
    const list = k.readdir(fh, 0, 1 << 20)
    k.send('RELEASEDIR', nodeid, { fh })
    dirs.add(nodeid)
    const subs = list.slice(2).filter(([, , type]) => type === 4).length
    if (k.attr(nodeid).nlink !== 2 + subs) return `${path}: nlink ${k.attr(nodeid).nlink}, ${subs} folders`
    for (const [entry, , type, ino] of list.slice(2)) {
      const attr = k.attr(ino)
      if (attr.ino !== ino || attr.mode >> 12 !== type) return `${path}${entry}: d_type ${type} or d_ino ${ino} differs from stat`
      if (type === 8 && entry !== 'maps.debug') paths.push(`${path}${entry}`)
      if (type !== 4) names.set(ino, (names.get(ino) ?? 0) + 1)
      else if (names.has(ino)) return `${path}${entry}: a folder with two names`
      const wrong = type === 4 ? walk(ino, `${path}${entry}/`) : null
      if (wrong) return wrong
    }
    return null
  }
  const wrong = walk(abi.FUSE_ROOT_ID, '')
  if (wrong) return wrong
  for (const [ino, count] of names)
    if (k.attr(ino).nlink !== count) return `inode ${ino}: nlink ${k.attr(ino).nlink}, ${count} names`
  for (const nodeid of known.nodes) {
    const reply = k.send('GETATTR', nodeid)!
    if (reply.errno || dirs.has(nodeid) || names.has(nodeid)) continue
    const { nlink, mode } = abi.fuse_attr_out.decode(reply.payload)
    if (nlink > 0 && nodeid !== 3) return `inode ${nodeid}, mode ${mode.toString(8)}: has a link but no name`
  }
  const gets = k.calls.filter(call => call.startsWith('getObject')).map(call => Number(call.slice(10)))
  const puts = k.calls.filter(call => call.startsWith('putObject')).map(call => Number(call.slice(10)))
  if (new Set(puts).size !== puts.length) return 'a link was given back twice'
  const held = gets.filter(link => !puts.includes(link))
  const pinned = k.tree.pins()
  if (pinned.some(({ object }) => !held.includes(object))) return 'a pin whose object was given back'
  return pinned.length === paths.length ? null : `pins() has ${pinned.length}, the listings have ${paths.length}`
}

t.test(`${REQUESTS} requests`, async t => {
  let sent = 0
  let ok = 0
  const done = new Set<string>()
  const property = fc.property(fc.array(request, { minLength: PER_RUN, maxLength: PER_RUN }), requests => {
    const k = new FakeKernel()
    k.tree.addDebug('maps.debug', 1)
    let link = 1
    const known: Known = { nodes: [abi.FUSE_ROOT_ID, abi.FUSE_ROOT_ID, abi.FUSE_ROOT_ID, 2, 3], files: [1] }
    for (const item of requests) {
      if (item.arm) k.tree.armPin(item.uid, item.uid, ++link, link % 2 === 0)
      const bytes = build(item, known, ++sent)
      const reply = k.protocol.handle(bytes)
      const wrong = checkReply(bytes, reply)
      if (wrong) throw new Error(`${item.op}: ${wrong}`)
      if (!item.damage) learn(known, item.op, reply, k.calls)
      if (!item.damage && (!reply || reply[4] === 0)) {
        ok++
        done.add(item.op)
      }
    }
    if (k.bugs.length > 0) throw k.bugs[0]
    const wrong = checkTree(k, known)
    if (wrong) throw new Error(wrong)
  })
  fc.assert(property, { numRuns: Math.ceil(REQUESTS / PER_RUN), ...seed })
  t.ok(sent >= REQUESTS, `${sent} requests, ${ok} of them undamaged and successful`)
  t.ok(ok > sent / 5, 'many get through')
  const never = OPS.filter(op => !done.has(op) && op !== 'FSYNC' && op !== 'MKNOD' && op !== 'INIT')
  t.same(never, [], 'every operation that can succeed did')
})
