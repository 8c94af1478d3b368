// Random programs that no verifier would take: both engines give the same, or end with the same fault.
import t from 'tap'
import { BpfError } from '../../../src/util/error.ts'
import type { Compile } from '../../../src/vm/engine.ts'
import { LAYOUT, MEM_BASE, MEM_BASE_HI } from '../../../src/vm/memory.ts'
import { toHex } from '../../support/hex.ts'
import { compileBytes, ENGINES, TestHost } from '../../support/vm.ts'
import { generateWild } from '../../support/wild.ts'

const COUNT = Number(process.env.ITERFS_PROGRAMS ?? 1000)
const SEED = Number(process.env.ITERFS_SEED ?? 1)
const MEMORY = 64

class OutOfFuel extends Error {}

/** What a run of a program leaves, as text. */
function outcome(compile: Compile, bytes: Uint8Array, seed: number): string {
  const host = new TestHost()
  const { space } = host
  const [memory, page] = [space.alloc(MEMORY), space.alloc(4096)]
  for (let i = 0; i < 4096; i++) space.u8[page + i] = i * 7 + seed
  for (let i = 0; i < MEMORY; i++) space.u8[memory + i] = i * 5 + seed
  // A word that is an address, for loads of addresses.
  space.view.setBigUint64(memory + 8, MEM_BASE + BigInt(memory), true)
  space.view.setInt32(LAYOUT.FUEL, 10_000, true)
  host.outOfFuel = () => {
    throw new OutOfFuel()
  }
  const trace: string[] = []
  const translated: string[] = []
  host.translate = (lo, hi, size) => {
    translated.push(`${hi}:${lo}+${size}`)
    return hi >>> 0 === 0xffff_8880 ? page + (lo & 0xff8) : LAYOUT.ZERO
  }
  const args = (count: number): string => Array.from({ length: count }, (_, i) => host.arg(i)).join()
  host.add(1, 2, 'int', () => trace.push(`1 ${args(2)}`) - 3)
  host.add(2, 5, 'mem', () => (trace.push(`2 ${args(5)}`) % 3 === 0 ? 0 : memory))
  host.add(3, 1, 'u64', () => host.ret(BigInt(trace.push(`3 ${args(1)}`)) << 33n))
  host.add(4, 1, 'void', () => trace.push('4'))
  const exec = compileBytes(compile, bytes, host)
  // Runs the function whose address r1 is.
  host.tailCall = () => {
    trace.push(`tail ${args(3)}`)
    if (host.arg(0) === 0n) return false
    const fn = host.arg(0)
    if (fn >> 32n === 0xffff_a000n) exec.callback(Number(fn & 0xffff_ffffn), Number(fn >> 32n))
    return trace.length % 2 === 0
  }
  let end: string
  try {
    end = `${exec.run(memory, MEM_BASE_HI)} ${host.r0}`
  } catch (err) {
    if (err instanceof OutOfFuel) return 'out of fuel'
    if (!(err instanceof BpfError)) return `BUG ${(err as Error).stack}`
    end = `${err.code} ${err.message}`
  }
  const stack = Buffer.from(space.u8.subarray(LAYOUT.STACK, LAYOUT.STACK_END))
    .toString('hex')
    .replace(/(00)+$/, '')
  // The check of a store may come before the load in front of it (lower.ts).
  if (end.startsWith('VM_STORE')) translated.length = 0
  return [end, toHex(space.u8.subarray(memory, memory + MEMORY)), stack, ...trace, ...translated].join('\n')
}

t.test(`${COUNT} wild programs`, t => {
  const seen = new Map<string, number>()
  for (let seed = SEED; seed < SEED + COUNT; seed++) {
    const bytes = generateWild(seed)
    const [reference, wasm] = ENGINES.map(([, compile]) => outcome(compile, bytes, seed))
    const kind = /^(out of fuel|VM_\w+|BUG)/.exec(reference!)?.[0] ?? 'result'
    seen.set(kind, (seen.get(kind) ?? 0) + 1)
    // Fuel is counted differently.
    if (reference === 'out of fuel' || wasm === 'out of fuel') continue
    if (reference !== wasm || kind === 'BUG') t.equal(wasm, reference, `seed ${seed}`)
  }
  for (const kind of ['result', 'VM_STORE', 'VM_BOUNDS', 'out of fuel'])
    t.ok(seen.get(kind)! > COUNT / 500, `${kind} ${seen.get(kind)}`)
  t.end()
})
