// BPF_MAP_CREATE: attributes checked as map_create() and the type's own functions do, then the map.
import { EOPNOTSUPP } from '../util/errno.ts'
import { failer } from '../util/error.ts'
import type { BaseMap, MapEnv } from './base.ts'
import { Blocks } from './blocks.ts'
import { btfFits } from './fields.ts'
import { ACCESS_FLAGS, BPF_F_NO_COMMON_LRU, BPF_F_RDONLY, BPF_F_RDONLY_PROG, BPF_F_WRONLY, BPF_F_WRONLY_PROG } from './flags.ts'
import type { MapAttr } from './map.ts'
import { type MapType, mapType } from './types.ts'

const fail = failer({
  UNKNOWN_TYPE: ({ name, type }: { name: string; type: number }) => `map ${name}: want a map type from 1 to 33, got ${type}`,
  REFUSED_TYPE: ({ name, type, refusal }: { name: string; type: string; refusal: string }) =>
    `map ${name}: type ${type} is not available outside the kernel: ${refusal}`,
  BAD_NAME: ({ name }: { name: string }) => `map name: want up to 15 of letters, digits, "_" and ".", got "${name}"`,
  BAD_FLAGS: ({ name, type, flags, allowed }: { name: string; type: string; flags: number; allowed: number }) =>
    `map ${name}: flags 0x${flags.toString(16)} do not go with type ${type} (it knows 0x${allowed.toString(16)})`,
  BAD_EXTRA: ({ name, type, extra }: { name: string; type: string; extra: bigint }) =>
    `map ${name}: type ${type} has no map_extra, got ${extra}`,
  BAD_ATTR: ({ name, type, attr }: { name: string; type: string; attr: MapAttr }) =>
    `map ${name}: type ${type} does not go with key ${attr.keySize}B value ${attr.valueSize}B max_entries ${attr.maxEntries} flags 0x${attr.flags.toString(16)}`,
})

/**
 * Makes a map. BTF that the kernel refuses for a type is left out, as libbpf's second attempt does; BPF_F_NO_COMMON_LRU rounds max_entries
 * up to a multiple of the CPUs, so look at the map's own attributes.
 * @throws BpfError with the kernel's errno; ErrnoError ENOMEM
 */
export function createMap(attr: MapAttr, env: MapEnv): BaseMap {
  const row = checkAttr(attr, env)
  const blocks = new Blocks(env.space)
  try {
    return row.make!(finalAttr(row, attr, env.cpus), env, blocks)
  } catch (err) {
    blocks.freeAll()
    throw err
  }
}

const isU32 = (n: number): boolean => Number.isInteger(n) && n >= 0 && n < 2 ** 32

function checkAttr(attr: MapAttr, env: MapEnv): MapType {
  const { name, flags } = attr
  const row = mapType(attr.type)
  if (!row) return fail('UNKNOWN_TYPE', { name, type: attr.type })
  const type = row.name
  if (attr.mapExtra !== 0n && type !== 'bloom_filter' && type !== 'arena') fail('BAD_EXTRA', { name, type, extra: attr.mapExtra })
  if (!row.make) return fail('REFUSED_TYPE', { name, type, refusal: row.refusal ?? '' }, EOPNOTSUPP)
  const both = (a: number, b: number): boolean => (flags & a) !== 0 && (flags & b) !== 0
  const badFlags = (): never => fail('BAD_FLAGS', { name, type, flags, allowed: row.flags })
  if (both(BPF_F_RDONLY, BPF_F_WRONLY)) badFlags()
  if (![attr.keySize, attr.valueSize, attr.maxEntries, flags].every(isU32)) fail('BAD_ATTR', { name, type, attr })
  let error = row.checkFirst?.(attr) ?? 0
  if (!error && (flags & ~row.flags || both(BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG))) badFlags()
  error ||= row.check(attr, env.cpus)
  if (error) fail('BAD_ATTR', { name, type, attr }, -error)
  if (!/^[A-Za-z0-9_.]{0,15}$/.test(name)) fail('BAD_NAME', { name })
  return row
}

function finalAttr(row: MapType, attr: MapAttr, cpus: number): MapAttr {
  // Access flags of the creator's descriptor are no property of the map (map_create() clears them in map_flags).
  const flags = attr.flags & ~(ACCESS_FLAGS & (BPF_F_RDONLY | BPF_F_WRONLY))
  const maxEntries = flags & BPF_F_NO_COMMON_LRU ? Math.ceil(attr.maxEntries / cpus) * cpus : attr.maxEntries
  const { btf, ...rest } = attr
  return { ...rest, flags, maxEntries, ...(btf && row.btf === 'taken' && btfFits(attr, btf, row.btfKey) ? { btf } : {}) }
}
