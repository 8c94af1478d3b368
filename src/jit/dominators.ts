// The dominator tree after Lengauer and Tarjan, "A Fast Algorithm for Finding Dominators in a Flowgraph" (1979), with path compression:
// O(m log n) also for the long chains with many ways out that error handling makes.

const NONE = -1

/**
 * The immediate dominator of each block, that of the entry (block 0) being itself. All blocks can be reached. An edge goes from b to taken[b]
 * and to next[b], unless that is -1; preds[predsAt[b]] to preds[predsAt[b + 1]] are the sources of the edges into b.
 */
export function dominators(
  count: number,
  taken: Int32Array,
  next: Int32Array,
  preds: Int32Array,
  predsAt: Int32Array,
): Int32Array {
  const { number, block, parent } = preorder(count, taken, next)
  // From here on all numbers are those of the preorder.
  const semi = Int32Array.from({ length: count }, (_, v) => v)
  const label = semi.slice()
  const ancestor = new Int32Array(count).fill(NONE)
  const dom = new Int32Array(count)
  const firstInBucket = new Int32Array(count).fill(NONE)
  const nextInBucket = new Int32Array(count).fill(NONE)
  const path: number[] = []

  /** The one with the smallest semidominator on the way from v up to the root of its tree in the forest. */
  const evaluate = (v: number): number => {
    if (ancestor[v] === NONE) return v
    let top = v
    while (ancestor[ancestor[top]!] !== NONE) {
      path.push(top)
      top = ancestor[top]!
    }
    for (let w = path.pop(); w !== undefined; w = path.pop()) {
      const above = ancestor[w]!
      if (semi[label[above]!]! < semi[label[w]!]!) label[w] = label[above]!
      ancestor[w] = ancestor[above]!
    }
    return label[v]!
  }

  for (let w = count - 1; w > 0; w--) {
    const b = block[w]!
    for (let i = predsAt[b]!; i < predsAt[b + 1]!; i++) {
      const u = evaluate(number[preds[i]!]!)
      if (semi[u]! < semi[w]!) semi[w] = semi[u]!
    }
    nextInBucket[w] = firstInBucket[semi[w]!]!
    firstInBucket[semi[w]!] = w
    const above = parent[w]!
    ancestor[w] = above
    for (let v = firstInBucket[above]!; v !== NONE; v = nextInBucket[v]!) {
      const u = evaluate(v)
      dom[v] = semi[u]! < semi[v]! ? u : above
    }
    firstInBucket[above] = NONE
  }
  const idom = new Int32Array(count)
  for (let w = 1; w < count; w++) {
    if (dom[w] !== semi[w]) dom[w] = dom[dom[w]!]!
    idom[block[w]!] = block[dom[w]!]!
  }
  return idom
}

/** Depth first numbers of the blocks, the block of each number, and the number of its parent. */
function preorder(
  count: number,
  taken: Int32Array,
  next: Int32Array,
): { number: Int32Array; block: Int32Array; parent: Int32Array } {
  const number = new Int32Array(count).fill(NONE)
  const block = new Int32Array(count)
  const parent = new Int32Array(count)
  let free = 0
  const stack = [0]
  const from = [0]
  for (let b = stack.pop(); b !== undefined; b = stack.pop()) {
    const above = from.pop()!
    if (number[b] !== NONE) continue
    number[b] = free
    block[free] = b
    parent[free] = above
    for (const target of [taken[b]!, next[b]!]) {
      if (target === NONE || number[target] !== NONE) continue
      stack.push(target)
      from.push(free)
    }
    free++
  }
  return { number, block, parent }
}
