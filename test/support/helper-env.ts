// Helpers over a made-up environment: one address space, and what a test grants of objects, machine and maps.

import type { HelperEnv, HelperMachine, KernelObjects } from '../../src/helpers/env.ts'
import { makeHelpers } from '../../src/helpers/make.ts'
import { HELPERS, type HelperName } from '../../src/helpers/protos.ts'
import type { BpfMap } from '../../src/maps/map.ts'
import { SeqFile } from '../../src/seq/seq-file.ts'
import { decodeText, encodeText } from '../../src/util/bytes.ts'
import { EFAULT, ErrnoError } from '../../src/util/errno.ts'
import { FUNC_HI } from '../../src/vm/engine.ts'
import { AddressSpace, LAYOUT, MEM_BASE_HI } from '../../src/vm/memory.ts'

const refuse = (what: string) => (): never => {
  throw new Error(`the test did not grant ${what}`)
}
const refused = <T extends object>(what: string): T => new Proxy({} as T, { get: (_, name) => refuse(`${what}.${String(name)}`) })

/** What a test grants. */
export interface Granted {
  readonly machine?: Partial<HelperMachine>
  readonly objects?: Partial<KernelObjects>
  readonly printTyped?: HelperEnv['printTyped']
  /** Objects of the kernel: their bytes by address. */
  readonly kernel?: ReadonlyMap<bigint, Uint8Array>
  readonly reader?: HelperEnv['now']['reader']
}

/** An argument of a call: a number, an address, text or bytes put into memory (text with a NUL), or a callback. */
export type CallArg = number | bigint | string | Uint8Array | ((args: bigint[]) => bigint | number)

export class Bench {
  readonly space = new AddressSpace()
  readonly seq = new SeqFile()
  readonly traced: string[] = []
  readonly helpers
  readonly env: HelperEnv
  readonly #maps = new Map<bigint, BpfMap>()
  readonly #callbacks: ((args: bigint[]) => bigint | number)[] = []
  readonly #pages = new Map<bigint, number>()
  readonly #placed: [at: number, size: number][] = []

  constructor({ machine, objects, printTyped, kernel, reader }: Granted = {}) {
    const { space } = this
    this.env = {
      space,
      translate: (lo, hi, size) => this.#translate(kernel, (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0), size),
      now: {
        seq: this.seq,
        reader: reader ?? { pid: 0, tgid: 0, uid: 0, gid: 0 },
        prog: {
          name: 'test',
          sleepable: false,
          exec: { run: refuse('exec.run'), callback: (lo, _hi) => this.#callback(lo) },
        },
      },
      mapAt: (lo, hi) => this.#maps.get((BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)) ?? null,
      objects: { ...refused<KernelObjects>('objects'), ...objects } as KernelObjects,
      printTyped: printTyped ?? refuse('printTyped'),
      trace: text => this.traced.push(text),
      machine: { ...machine } as HelperMachine,
      burn: () => {},
    }
    this.helpers = makeHelpers(this.env)
  }

  /** Objects are copied into memory when they are looked at; each word on its own, as the real ones. */
  #translate(kernel: Granted['kernel'], address: bigint, size: number): number {
    for (const [base, bytes] of kernel ?? []) {
      const off = Number(address - base)
      if (off < 0 || off + size > bytes.length) continue
      let at = this.#pages.get(base)
      if (at === undefined) {
        at = this.space.alloc(bytes.length)
        this.space.u8.set(bytes, at)
        this.#pages.set(base, at)
      }
      return at + off
    }
    return LAYOUT.ZERO
  }

  #callback(lo: number): number {
    const { args, view } = this.space
    const given = [0, 1, 2, 3, 4].map(i => (BigInt(args[i * 2 + 1]! >>> 0) << 32n) | BigInt(args[i * 2]! >>> 0))
    const callback = this.#callbacks[lo / 16 - 1]
    if (!callback) throw new ErrnoError(EFAULT, `no callback at 0x${lo.toString(16)}`)
    const result = BigInt(callback(given))
    view.setBigInt64(LAYOUT.RET, result, true)
    return Number(BigInt.asIntN(32, result))
  }

  /** Makes a map known; its address. */
  addMap(map: BpfMap): bigint {
    const address = 0xffff_8881_0000_0000n + BigInt(this.#maps.size) * 4096n
    this.#maps.set(address, map)
    return address
  }

  /** Bytes in memory; their address. */
  place(bytes: Uint8Array | string): bigint {
    const data = typeof bytes === 'string' ? encodeText(`${bytes}\0`) : bytes
    const size = Math.max(1, data.length)
    const at = this.space.alloc(size)
    this.space.u8.set(data, at)
    this.#placed.push([at, size])
    return this.space.toAddress(at)
  }

  /** As new: what was placed and printed is gone. */
  reset(): void {
    for (const [at, size] of this.#placed.splice(0).reverse()) this.space.free(at, size)
    this.seq.count = 0
    this.traced.length = 0
    this.#callbacks.length = 0
  }

  /** `count` words in memory; their address. */
  words(...values: readonly CallArg[]): bigint {
    const bytes = new Uint8Array(values.length * 8)
    const view = new DataView(bytes.buffer)
    for (const [i, value] of values.entries()) view.setBigUint64(i * 8, BigInt.asUintN(64, this.#toWord(value)), true)
    return this.place(bytes)
  }

  #toWord(value: CallArg): bigint {
    if (typeof value === 'function') {
      this.#callbacks.push(value)
      return (BigInt(FUNC_HI) << 32n) | BigInt(this.#callbacks.length * 16)
    }
    return typeof value === 'string' || value instanceof Uint8Array ? this.place(value) : BigInt(value)
  }

  /** Calls a helper; r0 as a signed number. */
  call(name: HelperName, ...args: readonly CallArg[]): bigint {
    return this.run(this.helpers.helper(HELPERS[name].id), args)
  }

  run(code: ReturnType<typeof this.helpers.helper>, args: readonly CallArg[]): bigint {
    const words = args.map(arg => BigInt.asIntN(64, this.#toWord(arg)))
    this.space.args.fill(-1)
    words.forEach((word, i) => {
      this.space.args[i * 2] = Number(BigInt.asIntN(32, word))
      this.space.args[i * 2 + 1] = Number(BigInt.asIntN(32, word >> 32n))
    })
    const result = code.run()
    if (code.ret === 'void') return 0n
    if (code.ret === 'u64') return this.space.view.getBigInt64(LAYOUT.RET, true)
    if (code.ret === 'mem') return result === 0 ? 0n : this.space.toAddress(result)
    return BigInt(result)
  }

  /** Bytes at an address in memory. */
  bytes(address: bigint, size: number): Uint8Array {
    const at = this.space.offsetOf(Number(address & 0xffff_ffffn), MEM_BASE_HI, size)
    return this.space.u8.slice(at, at + size)
  }

  /** Text at an address in memory, up to its NUL or `size`. */
  text(address: bigint, size: number): string {
    const bytes = this.bytes(address, size)
    const nul = bytes.indexOf(0)
    return decodeText(bytes, 0, nul < 0 ? bytes.length : nul)
  }

  /** What was printed. */
  get printed(): string {
    return decodeText(this.seq.buf, 0, this.seq.count)
  }
}
