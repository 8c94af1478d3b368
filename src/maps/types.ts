// The map types: one row each with its number, bpftool's name, the checks of its map_alloc_check() and what makes it.
import { E2BIG, EINVAL, ENOTSUPP } from '../util/errno.ts'
import { ArrayMap, PercpuArrayMap } from './array.ts'
import type { BaseMap, MapEnv } from './base.ts'
import type { Blocks } from './blocks.ts'
import { BloomMap } from './bloom.ts'
import { type BtfKey, btfFits } from './fields.ts'
import {
  ACCESS_FLAGS,
  BPF_F_CLONE,
  BPF_F_INNER_MAP,
  BPF_F_MMAPABLE,
  BPF_F_NO_COMMON_LRU,
  BPF_F_NO_PREALLOC,
  BPF_F_NUMA_NODE,
  BPF_F_RDONLY,
  BPF_F_RDONLY_PROG,
  BPF_F_WRONLY,
  BPF_F_WRONLY_PROG,
  BPF_F_ZERO_SEED,
  KMALLOC_MAX_SIZE,
  PAGE_SIZE,
  PCPU_MIN_UNIT_SIZE,
  powerOfTwo,
  roundUp8,
} from './flags.ts'
import { HashMap } from './hash.ts'
import { LpmTrieMap } from './lpm-trie.ts'
import { LruHashMap } from './lru.ts'
import type { MapAttr } from './map.ts'
import { QueueStackMap } from './queue-stack.ts'
import { RingbufMap } from './ringbuf.ts'
import { ArrayOfMaps, HashOfMaps, metaEqual, ProgArrayMap } from './slots.ts'
import { SockHash, SockMap } from './sockets.ts'
import { StorageMap } from './storage.ts'

type Make = (attr: MapAttr, env: MapEnv, blocks: Blocks) => BaseMap

/** What the kernel makes of BTF ids at creation: it takes them, or refuses them, whereupon libbpf tries again without. */
type BtfUse = 'taken' | 'refused'

export interface MapType {
  /** BPF_MAP_TYPE_* */
  readonly type: number
  /** As bpftool prints it. */
  readonly name: string
  /** BPF_F_* that may be given. */
  readonly flags: number
  /** A check that comes before that of the flags: 0 or a negative errno. */
  readonly checkFirst?: (attr: MapAttr) => number
  /** 0 or a negative errno; generic checks of flags come first. */
  readonly check: (attr: MapAttr, cpus: number) => number
  readonly btf: BtfUse
  /** See btfFits(). */
  readonly btfKey?: BtfKey
  /** Null: this type cannot be served, and why. */
  readonly make: Make | null
  readonly refusal?: string
}

/** sizeof(struct htab_elem) and of struct lpm_trie_node of Linux 6.18 on x86-64, which limit sizes of values. */
const SIZEOF_HTAB_ELEM = 48
const SIZEOF_LPM_NODE = 24
const MAX_LPM_DATA = 256
/** BPF_LOCAL_STORAGE_MAX_VALUE_SIZE: min of KMALLOC_MAX_SIZE and 64 KiB, less what the kernel puts around a value. */
const MAX_STORAGE_VALUE = 65536 - 512 - 128
const MAX_STACK = 512

const ARRAY_FLAGS = BPF_F_NUMA_NODE | ACCESS_FLAGS
const HASH_FLAGS = BPF_F_NO_PREALLOC | BPF_F_NO_COMMON_LRU | BPF_F_NUMA_NODE | ACCESS_FLAGS | BPF_F_ZERO_SEED
const SOCK_FLAGS = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY
const PROG_ACCESS = BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG

const failIf = (bad: boolean, errno: number): number => (bad ? -errno : 0)

function checkArray({ keySize, valueSize, maxEntries }: MapAttr): number {
  if (maxEntries === 0 || keySize !== 4 || valueSize === 0) return -EINVAL
  return failIf(valueSize > 0x7fff_ffff, E2BIG)
}

const checkPercpuArray = (attr: MapAttr): number =>
  failIf((attr.flags & BPF_F_NUMA_NODE) !== 0, EINVAL) ||
  checkArray(attr) ||
  failIf(roundUp8(attr.valueSize) > PCPU_MIN_UNIT_SIZE, E2BIG)

/** fd_array_map_alloc_check() */
const checkFdArray = (attr: MapAttr): number =>
  failIf(attr.valueSize !== 4 || (attr.flags & PROG_ACCESS) !== 0, EINVAL) || checkArray(attr)

/** htab_map_alloc_check() and the first part of htab_map_alloc() */
const checkHash =
  ({ lru = false, percpu = false }) =>
  ({ flags, keySize, valueSize, maxEntries }: MapAttr): number => {
    const ownLists = (flags & BPF_F_NO_COMMON_LRU) !== 0
    if (!lru && ownLists) return -EINVAL
    if (lru && flags & BPF_F_NO_PREALLOC) return -ENOTSUPP
    if (flags & BPF_F_NUMA_NODE && (percpu || ownLists)) return -EINVAL
    if (maxEntries === 0 || keySize === 0 || valueSize === 0) return -EINVAL
    if (keySize + valueSize >= KMALLOC_MAX_SIZE - SIZEOF_HTAB_ELEM) return -E2BIG
    if (percpu && roundUp8(valueSize) > PCPU_MIN_UNIT_SIZE) return -E2BIG
    return failIf(maxEntries > 2 ** 31 || powerOfTwo(maxEntries) > Math.floor(0xffff_ffff / 16), E2BIG)
  }

/** fd_htab_map_alloc_check() */
const checkHashOfMaps = (attr: MapAttr): number => failIf(attr.valueSize !== 4, EINVAL) || checkHash({})(attr)

/** bpf_map_meta_alloc() */
const checkInner = ({ inner }: MapAttr): number => {
  if (!inner?.type) return -EINVAL
  const type = mapType(inner.type)
  if (inner.inner || !type || NO_INNER.includes(type.name)) return inner.inner ? -EINVAL : -ENOTSUPP
  return 0
}
const NO_INNER = ['prog_array', 'cgroup_storage', 'percpu_cgroup_storage', 'struct_ops', 'perf_event_array']

function checkLpmTrie({ flags, keySize, valueSize, maxEntries }: MapAttr): number {
  const fits = keySize >= 5 && keySize <= 4 + MAX_LPM_DATA
  const valueFits = valueSize >= 1 && valueSize <= KMALLOC_MAX_SIZE - MAX_LPM_DATA - SIZEOF_LPM_NODE
  return failIf(maxEntries === 0 || !(flags & BPF_F_NO_PREALLOC) || !fits || !valueFits, EINVAL)
}

const checkQueue = ({ keySize, valueSize, maxEntries }: MapAttr): number =>
  failIf(maxEntries === 0 || keySize !== 0 || valueSize === 0, EINVAL) || failIf(valueSize > KMALLOC_MAX_SIZE, E2BIG)

const checkRingbuf = ({ keySize, valueSize, maxEntries }: MapAttr): number =>
  failIf(
    keySize !== 0 || valueSize !== 0 || maxEntries === 0 || powerOfTwo(maxEntries) !== maxEntries || maxEntries % PAGE_SIZE !== 0,
    EINVAL,
  )

const checkBloomFirst = ({ valueSize }: MapAttr): number => failIf(valueSize > KMALLOC_MAX_SIZE, E2BIG)

const checkBloom = ({ keySize, valueSize, maxEntries, mapExtra }: MapAttr): number =>
  failIf(keySize !== 0 || valueSize === 0 || maxEntries === 0 || mapExtra > 15n, EINVAL)

/** bpf_local_storage_map_alloc_check() */
const checkStorage = (attr: MapAttr): number => {
  const { flags, keySize, valueSize, maxEntries, btf } = attr
  if (!(flags & BPF_F_NO_PREALLOC) || maxEntries !== 0 || keySize !== 4 || valueSize === 0 || !btf?.keyTypeId) return -EINVAL
  return failIf(valueSize > MAX_STORAGE_VALUE, E2BIG) || failIf(!btfFits(attr, btf, 'i32'), EINVAL)
}

const checkSockmap = ({ keySize, valueSize, maxEntries }: MapAttr): number =>
  failIf(maxEntries === 0 || keySize !== 4 || (valueSize !== 4 && valueSize !== 8), EINVAL)

const checkSockhash = ({ keySize, valueSize, maxEntries }: MapAttr): number =>
  failIf(maxEntries === 0 || keySize === 0 || (valueSize !== 4 && valueSize !== 8), EINVAL) || failIf(keySize > MAX_STACK, E2BIG)

const fits = (attr: MapAttr) => (inner: MapAttr) => {
  const isArray = mapType(inner.type)?.name === 'array'
  return attr.inner !== undefined && metaEqual(attr.inner, inner, isArray, isArray && (inner.flags & BPF_F_INNER_MAP) !== 0)
}

const noCheck = (): number => 0
const STORAGE = {
  flags: BPF_F_NO_PREALLOC | BPF_F_CLONE,
  check: checkStorage,
  btf: 'taken',
  btfKey: 'i32',
  make: (...args) => new StorageMap(...args),
} as const satisfies Partial<MapType>

const refused = (type: number, name: string, refusal: string): MapType => ({
  type,
  name,
  flags: -1,
  check: noCheck,
  btf: 'refused',
  make: null,
  refusal,
})
const NETWORK = 'it steers packets inside the kernel'

/** BPF_MAP_TYPE_*, ascending. */
export const MAP_TYPES: readonly MapType[] = [
  { type: 1, name: 'hash', flags: HASH_FLAGS, check: checkHash({}), btf: 'taken', make: (...args) => new HashMap(...args) },
  {
    type: 2,
    name: 'array',
    flags: ARRAY_FLAGS | BPF_F_MMAPABLE | BPF_F_INNER_MAP,
    check: checkArray,
    btf: 'taken',
    btfKey: 'i32',
    make: (...args) => new ArrayMap(...args),
  },
  {
    type: 3,
    name: 'prog_array',
    flags: ARRAY_FLAGS,
    check: checkFdArray,
    btf: 'taken',
    make: (...args) => new ProgArrayMap(...args),
  },
  refused(4, 'perf_event_array', 'perf events belong to the kernel; use a ring buffer (BPF_MAP_TYPE_RINGBUF)'),
  {
    type: 5,
    name: 'percpu_hash',
    flags: HASH_FLAGS,
    check: checkHash({ percpu: true }),
    btf: 'taken',
    make: (...args) => new HashMap(...args, { percpu: true }),
  },
  {
    type: 6,
    name: 'percpu_array',
    flags: ARRAY_FLAGS,
    check: checkPercpuArray,
    btf: 'taken',
    btfKey: 'i32',
    make: (...args) => new PercpuArrayMap(...args),
  },
  refused(
    7,
    'stack_trace',
    'stacks of running code cannot be walked from outside the kernel; bpf_get_task_stack() into a buffer works',
  ),
  refused(8, 'cgroup_array', 'no helper of an iterator uses it'),
  {
    type: 9,
    name: 'lru_hash',
    flags: HASH_FLAGS,
    check: checkHash({ lru: true }),
    btf: 'taken',
    make: (...args) => new LruHashMap(...args, false),
  },
  {
    type: 10,
    name: 'lru_percpu_hash',
    flags: HASH_FLAGS,
    check: checkHash({ lru: true, percpu: true }),
    btf: 'taken',
    make: (...args) => new LruHashMap(...args, true),
  },
  {
    type: 11,
    name: 'lpm_trie',
    flags: BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE | ACCESS_FLAGS,
    check: checkLpmTrie,
    btf: 'taken',
    btfKey: 'struct',
    make: (...args) => new LpmTrieMap(...args),
  },
  {
    type: 12,
    name: 'array_of_maps',
    flags: ARRAY_FLAGS,
    check: attr => checkFdArray(attr) || checkInner(attr),
    btf: 'refused',
    make: (attr, ...rest) => new ArrayOfMaps(attr, ...rest, fits(attr)),
  },
  {
    type: 13,
    name: 'hash_of_maps',
    flags: HASH_FLAGS,
    check: attr => checkHashOfMaps(attr) || checkInner(attr),
    btf: 'refused',
    make: (attr, ...rest) => new HashOfMaps(attr, ...rest, fits(attr)),
  },
  refused(14, 'devmap', NETWORK),
  {
    type: 15,
    name: 'sockmap',
    flags: SOCK_FLAGS,
    check: checkSockmap,
    btf: 'refused',
    make: (...args) => new SockMap(...args),
  },
  refused(16, 'cpumap', NETWORK),
  refused(17, 'xskmap', NETWORK),
  {
    type: 18,
    name: 'sockhash',
    flags: SOCK_FLAGS,
    check: checkSockhash,
    btf: 'refused',
    make: (...args) => new SockHash(...args),
  },
  refused(19, 'cgroup_storage', 'deprecated; use cgrp_storage'),
  refused(20, 'reuseport_sockarray', NETWORK),
  refused(21, 'percpu_cgroup_storage', 'deprecated; use cgrp_storage'),
  {
    type: 22,
    name: 'queue',
    flags: BPF_F_NUMA_NODE | ACCESS_FLAGS,
    check: checkQueue,
    btf: 'refused',
    make: (...args) => new QueueStackMap(...args, false),
  },
  {
    type: 23,
    name: 'stack',
    flags: BPF_F_NUMA_NODE | ACCESS_FLAGS,
    check: checkQueue,
    btf: 'refused',
    make: (...args) => new QueueStackMap(...args, true),
  },
  { ...STORAGE, type: 24, name: 'sk_storage' },
  refused(25, 'devmap_hash', NETWORK),
  refused(26, 'struct_ops', 'it replaces functions of the kernel'),
  {
    type: 27,
    name: 'ringbuf',
    flags: BPF_F_NUMA_NODE,
    check: checkRingbuf,
    btf: 'refused',
    make: (...args) => new RingbufMap(...args),
  },
  { ...STORAGE, type: 28, name: 'inode_storage' },
  { ...STORAGE, type: 29, name: 'task_storage' },
  {
    type: 30,
    name: 'bloom_filter',
    flags: BPF_F_NUMA_NODE | BPF_F_ZERO_SEED | ACCESS_FLAGS,
    checkFirst: checkBloomFirst,
    check: checkBloom,
    btf: 'taken',
    make: (...args) => new BloomMap(...args),
  },
  refused(31, 'user_ringbuf', 'its producer maps it into its memory, which a file of a FUSE mount cannot offer'),
  { ...STORAGE, type: 32, name: 'cgrp_storage' },
  refused(33, 'arena', 'its pointers are addresses of the creator, which maps it into its memory'),
]

const BY_NUMBER = new Map(MAP_TYPES.map(row => [row.type, row]))
const BY_NAME = new Map(MAP_TYPES.map(row => [row.name, row]))

/** The row of a BPF_MAP_TYPE_* number. */
export const mapType = (type: number): MapType | undefined => BY_NUMBER.get(type)

/** The row of a name that bpftool prints. */
export const mapTypeByName = (name: string): MapType | undefined => BY_NAME.get(name)
