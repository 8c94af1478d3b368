// Lists of the kernel that are read part by part: what comes or goes between two parts makes the kernel leave out others, or show them twice.
// What one look leaves out another one has.

/** Each thing of both looks once, in the order of the first; what only the later one has comes behind what it follows there. */
export function merge<T>(first: readonly T[], later: readonly T[], keyOf: (thing: T) => string | number): T[] {
  const known = new Set<string | number>()
  const merged: T[] = []
  for (const thing of first) {
    const key = keyOf(thing)
    if (!known.has(key)) merged.push(thing)
    known.add(key)
  }
  const placed = new Set(known)
  const behind = new Map<string | number | undefined, T[]>()
  let last: string | number | undefined
  for (const thing of later) {
    const key = keyOf(thing)
    if (placed.has(key)) last = key
    else if (!known.has(key)) {
      known.add(key)
      const list = behind.get(last)
      if (list) list.push(thing)
      else behind.set(last, [thing])
    }
  }
  if (behind.size === 0) return merged
  return (behind.get(undefined) ?? []).concat(merged.flatMap(thing => [thing, ...(behind.get(keyOf(thing)) ?? [])]))
}

/** Looks at a list until nothing is known to be left out, or so many times: what comes and goes all the time is never complete. */
export const MOST_LOOKS = 5
