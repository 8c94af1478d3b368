// A program that looks at everything: what a recording without programs of its own runs.
import { listFields, SOURCE, STRUCT, type StructName } from '../kernel/view.ts'
import { ADDRESS } from '../util/address.ts'
import { ErrnoError } from '../util/errno.ts'
import { ObjectGone } from '../util/object-gone.ts'
import type { Iter } from './module.ts'

/** Steps from a struct of the context to the farthest struct that is looked at. */
const DEPTH = 6

/** Structs seen in one call, by what stands behind them. */
type Seen = Map<unknown, Set<string>>

/** Looks at the address and all fields of each struct of the context, of those that these lead to, and so on. Prints nothing. */
export const visitor = (target: string): Iter => ({
  target,
  run(ctx) {
    const seen: Seen = new Map()
    for (const value of Object.values(ctx)) visit(value, DEPTH, seen)
  },
})

function visit(value: unknown, depth: number, seen: Seen): void {
  if (Array.isArray(value)) for (const item of value) visit(item, depth, seen)
  if (typeof value !== 'object' || value === null || !(STRUCT in value) || depth === 0) return
  const view = value as Record<string, unknown> & { [STRUCT]: StructName; [SOURCE]: unknown; [ADDRESS]: bigint }
  if (!isNew(view[STRUCT], view[SOURCE], seen)) return
  void view[ADDRESS]
  for (const { name } of listFields(view[STRUCT])) {
    try {
      visit(view[name], depth - 1, seen)
    } catch (err) {
      // What cannot be read is recorded as that; the other fields are looked at all the same.
      if (!(err instanceof ErrnoError || err instanceof ObjectGone)) throw err
    }
  }
}

/** One source may stand for several structs, and sources with an id may be made anew each time. */
function isNew(struct: string, source: unknown, seen: Seen): boolean {
  const key = typeof source === 'object' && source !== null && 'id' in source ? source.id : source
  const structs = seen.get(key) ?? new Set()
  if (structs.has(struct)) return false
  seen.set(key, structs.add(struct))
  return true
}
