// Random numbers from a seed, the same on every machine.

/** A generator of xorshift128. */
export class Random {
  readonly #state: Uint32Array
  constructor(seed: number) {
    this.#state = Uint32Array.of(seed ^ 0x9e3779b9, 0x243f6a88, seed * 2654435761, 0x85a308d3)
    for (let i = 0; i < 20; i++) this.u32()
  }

  /** 32 random bits. */
  u32(): number {
    const s = this.#state
    const t = s[3]! ^ (s[3]! << 11)
    s.copyWithin(1, 0, 3)
    s[0] = s[0]! ^ (s[0]! >>> 19) ^ t ^ (t >>> 8)
    return s[0]!
  }

  /** A whole number from 0 to `end`, exclusive. */
  below(end: number): number {
    return this.u32() % end
  }

  /** True once in `n` times. */
  once(n: number): boolean {
    return this.below(n) === 0
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  bytes(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => this.u32() & 255)
  }
}
