// From a control flow graph to the nested blocks and loops of WebAssembly, after N. Ramsey, "Beyond Relooper" (ICFP 2022): the dominator tree
// is walked; a block that several edges lead to stands behind the end of a wasm block that encloses all that its dominator begins, the
// target of a back edge opens a loop, every other block stands where the only edge to it is. Branches always leave explicitly, so
// no else is needed. A graph that is not reducible becomes a loop around one br_table.
import { type Cfg, NONE } from './cfg.ts'
import { type Code, I32, OP } from './wasm-module.ts'

/** What knows the instructions. */
export interface BlockWriter {
  /** All blocks in front of this one that lead to it are written; called before anything of it is. */
  enter(block: number): void
  /** Everything but the jump at the end; an exit returns. */
  body(block: number): void
  /** Leaves an i32 that is not 0 when the jump at the end is taken, or, negated, when it is not. */
  condition(block: number, negated: boolean): void
  /** Burns fuel on the edge back from one block to the other. */
  backEdge(from: number, to: number): void
}

/** Writes all blocks; behind them nothing can be reached. `pc` is an i32 local for the dispatch loop. */
export function writeBlocks(cfg: Cfg, code: Code, writer: BlockWriter, pc: number): void {
  if (cfg.reducible) new Structure(cfg, code, writer).write()
  else writeDispatch(cfg, code, writer, pc)
  code.u8(OP.unreachable)
}

/** A task of the walk: the end of a wasm block, or (not negative) the tree of a block. */
const CLOSE = -1

class Structure {
  readonly #cfg: Cfg
  readonly #code: Code
  readonly #writer: BlockWriter
  /** Children in the dominator tree that several edges lead to, as linked lists in ascending order. */
  readonly #firstMerge: Int32Array
  readonly #nextMerge: Int32Array
  /** How many wasm blocks are open, and how many were when the label of a block was opened. */
  #depth = 0
  readonly #blockDepth: Int32Array
  readonly #loopDepth: Int32Array
  readonly #tasks: number[] = [0]

  constructor(cfg: Cfg, code: Code, writer: BlockWriter) {
    this.#cfg = cfg
    this.#code = code
    this.#writer = writer
    this.#firstMerge = new Int32Array(cfg.count).fill(NONE)
    this.#nextMerge = new Int32Array(cfg.count).fill(NONE)
    this.#blockDepth = new Int32Array(cfg.count)
    this.#loopDepth = new Int32Array(cfg.count)
    for (let b = cfg.count - 1; b > 0; b--) {
      if (!cfg.isMerge[b]) continue
      const dom = cfg.idom[b]!
      this.#nextMerge[b] = this.#firstMerge[dom]!
      this.#firstMerge[dom] = b
    }
  }

  write(): void {
    for (let task = this.#tasks.pop(); task !== undefined; task = this.#tasks.pop()) {
      if (task === CLOSE) this.#close()
      else this.#tree(task)
    }
  }

  #open(op: number): void {
    this.#code.open(op)
    this.#depth++
  }

  #close(): void {
    this.#code.u8(OP.end)
    this.#depth--
  }

  #tree(block: number): void {
    this.#writer.enter(block)
    if (this.#cfg.isLoop[block]) {
      this.#loopDepth[block] = this.#depth
      this.#open(OP.loop)
      this.#tasks.push(CLOSE)
    }
    const merges: number[] = []
    for (let b = this.#firstMerge[block]!; b !== NONE; b = this.#nextMerge[b]!) merges.push(b)
    for (const merge of merges.reverse()) {
      this.#blockDepth[merge] = this.#depth
      this.#open(OP.block)
      this.#tasks.push(merge, CLOSE)
    }
    this.#writer.body(block)
    this.#jumpFrom(block)
  }

  #jumpFrom(block: number): void {
    const [taken, next] = [this.#cfg.taken[block]!, this.#cfg.next[block]!]
    if (taken === NONE && next === NONE) return
    if (taken === NONE || next === NONE) return this.#branch(block, taken === NONE ? next : taken)
    if (!this.#isInline(block, taken)) {
      this.#branchIf(block, taken, false)
      this.#branch(block, next)
    } else if (!this.#isInline(block, next)) {
      this.#branchIf(block, next, true)
      this.#branch(block, taken)
    } else {
      this.#writer.condition(block, false)
      this.#open(OP.if)
      this.#tasks.push(next, CLOSE, taken)
    }
  }

  /** True when this edge is the only one to its target, which then stands right here. */
  #isInline(from: number, to: number): boolean {
    return to > from && !this.#cfg.isMerge[to]
  }

  #branch(from: number, to: number): void {
    if (this.#isInline(from, to)) this.#tasks.push(to)
    else {
      if (to <= from) this.#writer.backEdge(from, to)
      this.#code.br(this.#label(from, to))
    }
  }

  #branchIf(from: number, to: number, negated: boolean): void {
    this.#writer.condition(from, negated)
    if (to > from) return this.#code.brIf(this.#label(from, to))
    this.#open(OP.if)
    this.#branch(from, to)
    this.#close()
  }

  #label(from: number, to: number): number {
    return this.#depth - 1 - (to <= from ? this.#loopDepth : this.#blockDepth)[to]!
  }
}

function writeDispatch(cfg: Cfg, code: Code, writer: BlockWriter, pc: number): void {
  const { count, taken, next } = cfg
  code.open(OP.loop)
  for (let b = 0; b < count; b++) code.open(OP.block)
  code.get(pc)
  code.u8(OP.br_table)
  code.u32(count - 1)
  for (let b = 0; b < count; b++) code.u32(b)
  for (let b = 0; b < count; b++) {
    code.u8(OP.end)
    writer.enter(b)
    writer.body(b)
    const targets = [taken[b]!, next[b]!].filter(target => target !== NONE)
    if (targets.length === 0) continue
    if (targets.length === 2) {
      writer.condition(b, false)
      code.open(OP.if, I32)
      code.i32(targets[0]!)
      code.u8(OP.else)
      code.i32(targets[1]!)
      code.u8(OP.end)
    } else code.i32(targets[0]!)
    code.set(pc)
    const back = Math.min(...targets)
    if (back <= b) writer.backEdge(b, back)
    code.br(count - 1 - b)
  }
  code.u8(OP.end)
}
