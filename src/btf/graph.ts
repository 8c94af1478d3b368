// What types refer to: every id exists, no type contains itself, and no chain is without end, so that whoever follows types may recur.
import { fail } from './error.ts'
import { BTF_TYPE_SIZE, KIND_NUMBER, KINDS } from './kinds.ts'
import type { BtfKind } from './types.ts'

/** How deep types may lie in each other. The kernel takes 32 (MAX_RESOLVE_DEPTH), of those that it has not seen before. */
export const MAX_DEPTH = 256

const number = (kind: BtfKind): number => KIND_NUMBER.get(kind)!
const ARRAY = number('array')
/** Kinds whose bytes are those of what they refer to. */
const BY_VALUE = KINDS.map(({ kind }) => !['ptr', 'func', 'func_proto', 'decl_tag', 'datasec'].includes(kind))
const NOT_COMPOSITE = KINDS.map(({ kind }) => kind !== 'struct' && kind !== 'union')
/** References before those of the items, bytes of an item that has one, and its place in the item. No kind with items has extra bytes. */
const FIRST = KINDS.map(({ kind, word }) => (kind === 'array' ? 2 : word === 'type' ? 1 : 0))
const EACH = KINDS.map(({ each, itemType }) => (itemType === undefined ? 0 : each))
const ITEM_TYPE = KINDS.map(({ itemType }) => itemType ?? 0)

/** Kinds that must refer to certain kinds, as those who read them rely on it. */
const MUST_REFER: ReadonlyMap<number, readonly BtfKind[]> = new Map([
  [number('func'), ['func_proto']],
  [number('datasec'), ['var', 'func']],
])

/**
 * Checks the references of all types; their shapes have been checked. `starts` are the types' offsets by id.
 * @throws BpfError
 */
export function checkGraph(view: DataView, starts: readonly number[]): void {
  const count = starts.length
  const kinds = new Uint8Array(count)
  for (let id = 1; id < count; id++) kinds[id] = view.getUint8(starts[id]! + 7) & 0x1f
  const kindOf = (id: number): BtfKind => KINDS[kinds[id]!]!.kind

  /** Where the n-th reference of a type is read from, 0 behind the last. */
  const refs = (id: number, n: number): number => {
    const at = starts[id]!
    const kind = kinds[id]!
    const first = FIRST[kind]!
    if (n < first) return kind === ARRAY ? at + BTF_TYPE_SIZE + 4 * n : at + 8
    const each = EACH[kind]!
    if (each === 0 || n - first >= view.getUint16(at + 4, true)) return 0
    return at + BTF_TYPE_SIZE + (n - first) * each + ITEM_TYPE[kind]!
  }

  for (let id = 1; id < count; id++) {
    const want = MUST_REFER.get(kinds[id]!)
    for (let n = 0, off = refs(id, 0); off !== 0; off = refs(id, ++n)) {
      const got = view.getUint32(off, true)
      if (got >= count) fail('id', { id, off, got, count })
      if (want && !want.includes(kindOf(got))) fail('refers', { id, kind: kindOf(id), want: want.join(' or '), got: kindOf(got) })
    }
  }

  /** Walks along all references of the types that `open` takes, depth first. */
  const walk = (open: readonly boolean[]): void => {
    /** Levels below each type: 0 not seen, ON_PATH while the walk is in it. */
    const levels = new Uint16Array(count)
    const next = new Uint32Array(count)
    const deepest = new Uint16Array(count)
    const path: number[] = []
    for (let first = 1; first < count; first++) {
      if (levels[first] !== 0 || !open[kinds[first]!]) continue
      path.push(first)
      levels[first] = ON_PATH
      while (path.length > 0) {
        const id = path[path.length - 1]!
        const off = refs(id, next[id]!)
        if (off === 0) {
          path.pop()
          const level = deepest[id]! + 1
          if (level > MAX_DEPTH) fail('depth', { id, kind: kindOf(id), limit: MAX_DEPTH })
          levels[id] = level
          const above = path[path.length - 1]
          if (above !== undefined) deepest[above] = Math.max(deepest[above]!, level)
          continue
        }
        next[id]!++
        const to = view.getUint32(off, true)
        if (to === 0 || !open[kinds[to]!]) continue
        if (levels[to] === ON_PATH) fail('cycle', { id: to, kind: kindOf(to) })
        if (levels[to] !== 0) deepest[id] = Math.max(deepest[id]!, levels[to]!)
        else {
          if (path.length >= MAX_DEPTH) fail('depth', { id: first, kind: kindOf(first), limit: MAX_DEPTH })
          levels[to] = ON_PATH
          path.push(to)
        }
      }
    }
  }
  walk(BY_VALUE)
  walk(NOT_COMPOSITE)
}
const ON_PATH = 0xffff
