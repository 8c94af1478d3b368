// Values and maps that tests of helpers use.
import type { BtfType } from '../../src/btf/types.ts'
import { createMap } from '../../src/maps/create.ts'
import type { BpfMap, MapAttr } from '../../src/maps/map.ts'
import type { Bench } from './helper-env.ts'

export const neg = (errno: number): bigint => BigInt(-errno)
export const ascii = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
export const OBJECT = 0xffff_8880_1234_5000n

export const MAP = { name: 'm', keySize: 4, valueSize: 8, maxEntries: 4, flags: 0, mapExtra: 0n }
/** A map of BPF_MAP_TYPE_`type` in the bench's memory, with its address. */
export function mapIn(bench: Bench, type: number, attr: Partial<MapAttr> = {}): [BpfMap, bigint] {
  const map = createMap({ ...MAP, type, ...attr }, { id: 1, space: bench.space, cpus: 2 })
  return [map, bench.addMap(map)]
}
export const [HASH, ARRAY, PERCPU_ARRAY, QUEUE, RINGBUF, TASK_STORAGE] = [1, 2, 6, 22, 27, 29]
export const intType = (size: number): BtfType => ({
  kind: 'int',
  name: `int${size}`,
  size,
  encoding: 1,
  offBits: 0,
  bits: size * 8,
})
/** Types of the keys and values of local storage, which the kernel wants. */
export const INTS: NonNullable<MapAttr['btf']> = {
  btf: { types: [{ kind: 'void' }, intType(4), intType(8)] },
  keyTypeId: 1,
  valueTypeId: 2,
}
export const word = (value: bigint | number): Uint8Array =>
  new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, BigInt(value))).buffer)
export const int = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer)
