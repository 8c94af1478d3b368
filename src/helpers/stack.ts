// Kernel stacks of tasks as addresses, made from the names that /proc/PID/stack shows.
import type { FoundSymbol } from './bprintf-args.ts'

/** Symbols of frames by their addresses, for machines that do not tell where symbols lie: %pB then finds the names again. */
export class StackSymbols {
  readonly #found = new Map<bigint, FoundSymbol>()

  add(address: bigint, symbol: FoundSymbol): void {
    if (this.#found.size >= 4096) this.#found.clear()
    this.#found.set(address, symbol)
  }

  /** The symbol of a frame, whose address is asked for as it is or less 1 (%pB). */
  find(address: bigint): FoundSymbol | null {
    const exact = this.#found.get(address)
    if (exact) return exact
    const next = this.#found.get(address + 1n)
    return next ? { ...next, offset: next.offset - 1n } : null
  }
}

/** The addresses in the text of /proc/PID/stack: `[<0>] name+0x1a/0x60 [module]`, a frame a line. */
export function stackAddresses(text: string, addressOf: (name: string) => bigint, symbols: StackSymbols): bigint[] {
  const frames: bigint[] = []
  for (const line of text.split('\n')) {
    const match = /^\[<([0-9a-f]+)>\] (?:(\S+)\+0x([0-9a-f]+)\/0x([0-9a-f]+)(?: \[(\S+)\])?|(0x[0-9a-f]+))/.exec(line)
    if (!match) continue
    const [, shown, name, off, size, module, plain] = match
    if (name === undefined) {
      frames.push(BigInt(plain ?? `0x${shown}`))
      continue
    }
    const offset = BigInt(`0x${off}`)
    const address = BigInt.asUintN(64, addressOf(name) + offset)
    symbols.add(address, { name, offset, size: BigInt(`0x${size}`), ...(module === undefined ? {} : { module }) })
    frames.push(address)
  }
  return frames
}
