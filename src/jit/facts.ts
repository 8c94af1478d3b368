// What is known of registers without running: which hold the frame pointer plus a constant, and which hold an address in the window, so
// that accesses through them need no check. Known facts go along edges into later blocks; a loop keeps what nothing in it changes.
import { FP, type Insn } from '../insn/insn.ts'
import { PSEUDO } from '../insn/opcode.ts'
import { FRAME_SIZE, LAYOUT, MEM_BASE_HI } from '../vm/memory.ts'
import type { Cfg } from './cfg.ts'

const REGS = FP + 1
/** Nothing is known. */
const UNKNOWN = 0x7fff_ffff

/**
 * Two numbers a register. Frame: its distance from r10. Window: the register is an address in the window, and at this distance or
 * further up it may be stored to.
 */
export class Facts {
  readonly #cfg: Cfg
  readonly #insns: readonly (Insn | null)[]
  readonly #now = new Int32Array(2 * REGS)
  /** What is known at the end of each block. */
  readonly #after: Int32Array
  readonly #loopEnd: Int32Array
  readonly #loopWrites: Uint16Array

  constructor(cfg: Cfg, insns: readonly (Insn | null)[]) {
    this.#cfg = cfg
    this.#insns = insns
    this.#after = new Int32Array(cfg.count * 2 * REGS)
    this.#loopEnd = new Int32Array(cfg.count)
    this.#loopWrites = new Uint16Array(cfg.count)
    this.#findLoops()
  }

  /**
   * The blocks of a loop lie from its header to loopEnd, its last jump back, or belong to a loop whose header lies there; others may lie among
   * them. loopWrites are the registers they write, as bits.
   */
  #findLoops(): void {
    const { count, start, end, preds, predsAt, isLoop } = this.#cfg
    for (let b = count - 1; b >= 0; b--) {
      let writes = 0
      for (let index = start[b]!; index < end[b]!; index++) writes |= writtenBy(this.#insns[index]!)
      let last = b
      if (isLoop[b]) {
        for (let i = predsAt[b]!; i < predsAt[b + 1]!; i++) last = Math.max(last, preds[i]!)
        for (let inner = b + 1; inner <= last; ) {
          writes |= this.#loopWrites[inner]!
          inner = this.#loopEnd[inner]! + 1
        }
      }
      this.#loopEnd[b] = last
      this.#loopWrites[b] = writes
    }
  }

  /** Begins a block: what all edges from blocks in front agree on. */
  enter(block: number): void {
    const { preds, predsAt, isLoop, reducible } = this.#cfg
    const now = this.#now
    now.fill(UNKNOWN)
    if (reducible) {
      let first = true
      for (let i = predsAt[block]!; i < predsAt[block + 1]!; i++) {
        const pred = preds[i]!
        if (pred >= block) continue
        const at = pred * 2 * REGS
        for (let reg = 0; reg < REGS; reg++) {
          const [frame, window] = [this.#after[at + reg]!, this.#after[at + REGS + reg]!]
          now[reg] = first || now[reg] === frame ? frame : UNKNOWN
          now[REGS + reg] = first ? window : Math.max(now[REGS + reg]!, window)
        }
        first = false
      }
      if (isLoop[block]) for (let reg = 0; reg < FP; reg++) if (this.#loopWrites[block]! & (1 << reg)) this.#forget(reg)
    }
    now[FP] = 0
  }

  /** Ends a block. */
  leave(block: number): void {
    this.#after.set(this.#now, block * 2 * REGS)
  }

  /** Distance from r10 of an access of `size` bytes, when it lies in the frame; otherwise undefined. */
  inFrame(base: number, off: number, size: number): number | undefined {
    const frame = this.#now[base]!
    if (frame === UNKNOWN) return undefined
    const distance = frame + off
    return distance >= -FRAME_SIZE && distance + size <= 0 ? distance : undefined
  }

  inWindow(base: number): boolean {
    return this.#now[REGS + base] !== UNKNOWN
  }

  mayStore(base: number, off: number): boolean {
    return off >= this.#now[REGS + base]!
  }

  /** A check has shown that `base` is in the window and may be stored to at `off`. */
  checked(base: number, off: number): void {
    this.#now[REGS + base] = Math.min(this.#now[REGS + base]!, off)
  }

  /** What the instruction changes; called behind it. */
  step(insn: Insn): void {
    const now = this.#now
    if (insn.kind === 'alu' && insn.width === 64) {
      const { op, dst, src, imm } = insn
      if (op === 'mov' && src !== null) {
        now[dst] = now[src]!
        now[REGS + dst] = now[REGS + src]!
        return
      }
      if ((op === 'add' || op === 'sub') && src === null && now[dst] !== UNKNOWN) {
        const frame = now[dst]! + (op === 'add' ? imm : -imm)
        this.#forget(dst)
        if (frame >= -0x10000 && frame <= 0x10000) now[dst] = frame
        return
      }
    }
    const writes = writtenBy(insn)
    if (writes !== 0) this.#forget(31 - Math.clz32(writes))
    if (insn.kind === 'ld_imm64' && insn.pseudo === PSEUDO.NONE && insn.hi >>> 0 === MEM_BASE_HI)
      now[REGS + insn.dst] = Math.max(-0x8000, LAYOUT.STACK - (insn.lo >>> 0))
  }

  #forget(reg: number): void {
    this.#now[reg] = UNKNOWN
    this.#now[REGS + reg] = UNKNOWN
  }
}

/** The register that an instruction writes, as a bit; 0 for none. */
export function writtenBy(insn: Insn | null): number {
  switch (insn?.kind) {
    case 'alu':
    case 'neg':
    case 'movsx':
    case 'end':
    case 'ld_imm64':
    case 'load':
    case 'addr_space_cast':
      return 1 << insn.dst
    case 'atomic':
      return insn.op === 'cmpxchg' ? 1 : 1 << insn.src
    case 'call':
    case 'callx':
      return 1
    default:
      return 0
  }
}
