// What is known of registers and stack slots while a program is walked through.

/**
 * A value: a number, an address in a map's value, one in the stack frame; `stack` may be an address in some stack frame. Null: unknown, and
 * no address of a stack.
 */
export type Known =
  | { readonly kind: 'number'; readonly value: bigint }
  | { readonly kind: 'map'; readonly map: number; readonly off: number }
  | { readonly kind: 'frame'; readonly off: number }
  | { readonly kind: 'stack' }
  | null

export const number = (value: bigint): Known => ({ kind: 'number', value: BigInt.asUintN(64, value) })
export const STACK: Known = { kind: 'stack' }

const onStack = (a: Known): boolean => a?.kind === 'frame' || a?.kind === 'stack'

/** What an operation on both gives at most: an address of a stack stays one. */
export const mixed = (a: Known, b: Known): Known => (onStack(a) || onStack(b) ? STACK : null)

export function same(a: Known, b: Known): boolean {
  if (a === b) return true
  if (a === null || b === null || a.kind !== b.kind) return false
  switch (a.kind) {
    case 'number':
      return a.value === (b as typeof a).value
    case 'map':
      return a.map === (b as typeof a).map && a.off === (b as typeof a).off
    case 'frame':
      return a.off === (b as typeof a).off
    case 'stack':
      return true
  }
}

/** Whether `a` says nothing that is not true of `b`. */
const covers = (a: Known, b: Known): boolean => same(a, b) || (a === null ? !onStack(b) : a.kind === 'stack')
const joined = (a: Known, b: Known): Known => (same(a, b) ? a : mixed(a, b))

/** What was stored to a place of the frame. */
interface Slot {
  readonly value: Known
  readonly size: number
}

/** Registers r0 to r10, and what was stored to the frame, by offset. Slots do not overlap. */
export class Frame {
  readonly regs: Known[]
  readonly slots: Map<number, Slot>
  constructor(regs: readonly Known[], slots: ReadonlyMap<number, Slot> = new Map()) {
    this.regs = [...regs]
    this.slots = new Map(slots)
  }

  /** A frame at the entry of a function. */
  static entry(args: readonly Known[]): Frame {
    return new Frame([null, ...args, null, null, null, null, { kind: 'frame', off: 0 }])
  }

  copy(): Frame {
    return new Frame(this.regs, this.slots)
  }

  /** Whether all that is known here is true of `other` too. */
  covers(other: Frame): boolean {
    for (let i = 0; i < 11; i++) if (!covers(this.regs[i]!, other.regs[i]!)) return false
    for (const [off, { value, size }] of this.slots) {
      const there = other.slots.get(off)
      if (!covers(value, there?.size === size ? there.value : null)) return false
    }
    for (const [off, { value }] of other.slots) if (onStack(value) && !onStack(this.slots.get(off)?.value ?? null)) return false
    return true
  }

  join(other: Frame): Frame {
    const slots = new Map<number, Slot>()
    for (const off of new Set([...this.slots.keys(), ...other.slots.keys()])) {
      const here = this.slots.get(off)
      const there = other.slots.get(off)
      const value = joined(here?.value ?? null, there?.value ?? null)
      if (onStack(value)) slots.set(off, { value, size: 8 })
      else if (value !== null && here && here.size === there?.size) slots.set(off, here)
    }
    return new Frame(
      this.regs.map((value, i) => joined(value, other.regs[i]!)),
      slots,
    )
  }

  /** A store of `size` bytes at `off` of the frame. */
  store(off: number, size: number, value: Known): void {
    this.forget(off, off + size)
    if (value?.kind === 'number') this.slots.set(off, { size, value: number(BigInt.asUintN(size * 8, value.value)) })
    else if (size === 8 && value !== null) this.slots.set(off, { size, value })
  }

  load(off: number, size: number): Known {
    const at = this.slots.has(off) ? off : off & ~7
    const slot = this.slots.get(at)
    if (!slot || off + size > at + slot.size) return null
    if (slot.value?.kind === 'number') return number(BigInt.asUintN(size * 8, slot.value.value >> BigInt(8 * (off - at))))
    return slot.size === size ? slot.value : null
  }

  /** A load from an unknown place of a stack. */
  loadAnywhere(): Known {
    for (const { value } of this.slots.values()) if (onStack(value)) return STACK
    return null
  }

  /** Nothing is known of the bytes `from` to `to` any more. */
  forget(from: number, to: number): void {
    for (const [off, { size }] of this.slots) if (off < to && off + size > from) this.slots.delete(off)
  }

  /** Nothing is known of the frame, but that addresses of the stack may be in it. */
  forgetAll(): void {
    for (const [off, { value }] of this.slots)
      if (onStack(value)) this.slots.set(off, { value: STACK, size: 8 })
      else this.slots.delete(off)
  }
}
