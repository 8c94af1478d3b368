// The control flow graph of a subprogram: basic blocks in reverse postorder, the dominator tree, loops, and whether the graph is reducible.

import { endsFlow, type Insn, jumpOff, slotsOf } from '../insn/insn.ts'
import { dominators } from './dominators.ts'

/** No block. */
export const NONE = -1

/**
 * Blocks that can be reached from the entry, which is block 0, numbered in reverse postorder: every edge to a smaller or equal number goes
 * back. Block b are the instructions `start[b]` to `end[b]` (exclusive).
 */
export interface Cfg {
  readonly count: number
  readonly start: Int32Array
  readonly end: Int32Array
  /** Where the jump at the end goes; NONE without one. */
  readonly taken: Int32Array
  /** Where the flow goes on without a jump; NONE behind exit and goto. */
  readonly next: Int32Array
  /** Edges into a block: preds[predsAt[b]] to preds[predsAt[b + 1]]. */
  readonly preds: Int32Array
  readonly predsAt: Int32Array
  /** Immediate dominator; that of the entry is itself. */
  readonly idom: Int32Array
  /** 1 for the target of a back edge. */
  readonly isLoop: Uint8Array
  /** 1 for a block with several edges from blocks in front of it. */
  readonly isMerge: Uint8Array
  /** True when each back edge goes to a dominator of its source. */
  readonly reducible: boolean
}

/** What V8's optimising compiler does in about 200 ms; it is quadratic in each. */
const LIGHT = { blocks: 4000, irreducibleBlocks: 1000, loops: 300, edgesIn: 2000 } as const

/** True for a graph that takes an optimising compiler too long, and at ten times the size too much memory. */
export function isHeavy({ count, reducible, isLoop, predsAt }: Cfg): boolean {
  let [loops, edgesIn] = [0, 0]
  for (let b = 0; b < count; b++) {
    loops += isLoop[b]!
    edgesIn = Math.max(edgesIn, predsAt[b + 1]! - predsAt[b]!)
  }
  return count > (reducible ? LIGHT.blocks : LIGHT.irreducibleBlocks) || loops > LIGHT.loops || edgesIn > LIGHT.edgesIn
}

/** The graph of the instructions `start` to `end`, which checkFlow() let through. */
export function buildCfg(insns: readonly (Insn | null)[], start: number, end: number): Cfg {
  const leaders = new Uint8Array(end - start + 1)
  leaders[0] = 1
  for (let index = start; index < end; index++) {
    const insn = insns[index]!
    const off = insn && jumpOff(insn)
    if (off !== undefined && off !== null) leaders[index + 1 + off - start] = 1
    if (insn && (off !== undefined || endsFlow(insn))) leaders[index + 1 - start] = 1
  }
  const blocks = splitBlocks(insns, leaders, start, end)
  const order = postorder(blocks)
  const count = order.length
  const number = new Int32Array(blocks.starts.length).fill(NONE)
  for (let i = 0; i < count; i++) number[order[count - 1 - i]!] = i

  const cfg = {
    start: new Int32Array(count),
    end: new Int32Array(count),
    taken: new Int32Array(count).fill(NONE),
    next: new Int32Array(count).fill(NONE),
  }
  for (let i = 0; i < count; i++) {
    const old = order[count - 1 - i]!
    cfg.start[i] = blocks.starts[old]!
    cfg.end[i] = blocks.ends[old]!
    const [taken, next] = [blocks.taken[old]!, blocks.next[old]!]
    if (taken !== NONE) cfg.taken[i] = number[taken]!
    if (next !== NONE) cfg.next[i] = number[next]!
  }
  const edges = predecessors(count, cfg.taken, cfg.next)
  const idom = dominators(count, cfg.taken, cfg.next, edges.preds, edges.predsAt)
  return { count, ...cfg, ...edges, idom, ...shape(count, edges.preds, edges.predsAt, idom) }
}

interface Blocks {
  readonly starts: number[]
  readonly ends: number[]
  readonly taken: number[]
  readonly next: number[]
}

/** Blocks in the order of the program, reachable or not. */
function splitBlocks(insns: readonly (Insn | null)[], leaders: Uint8Array, start: number, end: number): Blocks {
  const blockAt = new Int32Array(end - start + 1).fill(NONE)
  const blocks: Blocks = { starts: [], ends: [], taken: [], next: [] }
  for (let index = start; index < end; index++) {
    if (leaders[index - start]) {
      blockAt[index - start] = blocks.starts.length
      if (index > start) blocks.ends.push(index)
      blocks.starts.push(index)
    }
  }
  blocks.ends.push(end)
  for (let block = 0; block < blocks.starts.length; block++) {
    let last = blocks.ends[block]! - 1
    if (insns[last] === null) last--
    const insn = insns[last]!
    const off = jumpOff(insn)
    blocks.taken.push(off === undefined ? NONE : blockAt[last + 1 + off - start]!)
    blocks.next.push(endsFlow(insn) ? NONE : blockAt[last + slotsOf(insn) - start]!)
  }
  return blocks
}

/**
 * Blocks in postorder. The jump's target is visited first, so that in the reverse order a block is followed by the one it falls through to.
 */
function postorder({ starts, taken, next }: Blocks): number[] {
  const state = new Uint8Array(starts.length)
  const order: number[] = []
  const stack = [0]
  state[0] = 1
  while (stack.length > 0) {
    const block = stack[stack.length - 1]!
    const edge = state[block]!
    if (edge === 3) {
      order.push(block)
      stack.pop()
      continue
    }
    state[block] = edge + 1
    const target = edge === 1 ? taken[block]! : next[block]!
    if (target !== NONE && state[target] === 0) {
      state[target] = 1
      stack.push(target)
    }
  }
  return order
}

function predecessors(count: number, taken: Int32Array, next: Int32Array): { preds: Int32Array; predsAt: Int32Array } {
  const predsAt = new Int32Array(count + 1)
  for (const edges of [taken, next]) for (const target of edges) if (target !== NONE) predsAt[target + 1]! += 1
  for (let b = 0; b < count; b++) predsAt[b + 1]! += predsAt[b]!
  const fill = predsAt.slice()
  const preds = new Int32Array(predsAt[count]!)
  for (let b = 0; b < count; b++) for (const target of [taken[b]!, next[b]!]) if (target !== NONE) preds[fill[target]!++] = b
  return { preds, predsAt }
}

function shape(
  count: number,
  preds: Int32Array,
  predsAt: Int32Array,
  idom: Int32Array,
): { isLoop: Uint8Array; isMerge: Uint8Array; reducible: boolean } {
  const isLoop = new Uint8Array(count)
  const isMerge = new Uint8Array(count)
  const { first, last } = domIntervals(count, idom)
  let reducible = true
  for (let b = 0; b < count; b++) {
    let forward = 0
    for (let i = predsAt[b]!; i < predsAt[b + 1]!; i++) {
      const pred = preds[i]!
      if (pred < b) {
        forward++
        continue
      }
      isLoop[b] = 1
      if (first[pred]! < first[b]! || first[pred]! > last[b]!) reducible = false
    }
    if (forward > 1) isMerge[b] = 1
  }
  return { isLoop, isMerge, reducible }
}

/** Blocks in an order in which those that b dominates are numbered first[b] (b itself) to last[b]. */
function domIntervals(count: number, idom: Int32Array): { first: Int32Array; last: Int32Array } {
  const size = new Int32Array(count).fill(1)
  for (let b = count - 1; b > 0; b--) size[idom[b]!]! += size[b]!
  const first = new Int32Array(count)
  const last = new Int32Array(count)
  const free = new Int32Array(count)
  for (let b = 0; b < count; b++) {
    if (b > 0) {
      first[b] = free[idom[b]!]!
      free[idom[b]!]! += size[b]!
    }
    free[b] = first[b]! + 1
    last[b] = first[b]! + size[b]! - 1
  }
  return { first, last }
}
