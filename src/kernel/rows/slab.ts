// Rows of slab caches.
import type { SlabNodeSource, SlabSource } from '../../sources/slab.ts'
import { type Rows, row } from '../types.ts'

const SLABINFO = '/proc/slabinfo'
const SYSFS = '/sys/kernel/slab/NAME'
const OO_SHIFT = 16

/** Bits of slab_flags_t (enum _slab_flag_bits of 6.18) by the file that shows them. */
const FLAGS: readonly (readonly [file: string, bit: number])[] = [
  ['sanity_checks', 0],
  ['red_zone', 1],
  ['poison', 2],
  ['hwcache_align', 4],
  ['cache_dma', 5],
  ['store_user', 7],
  ['destroy_by_rcu', 9],
  ['trace', 10],
  ['reclaim_account', 15],
]

const sysfs = (file: string) => row('unsigned int', `${SYSFS}/${file}`, (s: SlabSource) => s.number(file))
const kmem_cache = {
  flags: row('slab_flags_t', `${SYSFS}: ${FLAGS.map(([file]) => file).join(', ')}; no other bits`, (s: SlabSource) =>
    FLAGS.reduce((flags, [file, bit]) => flags | (s.number(file) << bit), 0),
  ),
  min_partial: row('long unsigned int', `${SYSFS}/min_partial`, (s: SlabSource) => BigInt(s.number('min_partial'))),
  size: row('unsigned int', SLABINFO, (s: SlabSource) => s.counts.size),
  object_size: sysfs('object_size'),
  cpu_partial: sysfs('cpu_partial'),
  sheaf_capacity: sysfs('sheaf_capacity'),
  oo: row('struct kmem_cache_order_objects', SLABINFO, (s: SlabSource) => s),
  refcount: row(
    'int',
    `${SYSFS}/aliases, and the reference of the iterator; -1 for kmem_cache and kmem_cache_node`,
    (s: SlabSource) => s.refcount,
  ),
  align: sysfs('align'),
  name: row('const char *', SLABINFO, (s: SlabSource) => s.name),
  usersize: sysfs('usersize'),
  node: row('struct kmem_cache_node *[1024]', '/sys/devices/system/node/online', (s: SlabSource) => s.nodes),
  iterfs_active_objects: row(
    'long unsigned int',
    SLABINFO,
    (s: SlabSource) => BigInt(s.counts.active),
    'the sum that the kernel makes by walking the partial slabs of each node',
  ),
} satisfies Rows
const kmem_cache_order_objects = {
  x: row('unsigned int', SLABINFO, (s: SlabSource) => (Math.log2(s.counts.pages) << OO_SHIFT) | s.counts.perSlab),
} satisfies Rows
const kmem_cache_node = {
  nr_partial: row('long unsigned int', `${SYSFS}/partial`, (n: SlabNodeSource) => BigInt(n.partial)),
  nr_slabs: row('atomic_long_t', `${SLABINFO}, or ${SYSFS}/slabs where there is more than one node`, (n: SlabNodeSource) =>
    BigInt(n.slabs),
  ),
  total_objects: row(
    'atomic_long_t',
    `${SLABINFO}, or ${SYSFS}/total_objects where there is more than one node`,
    (n: SlabNodeSource) => BigInt(n.objects),
  ),
} satisfies Rows

/** What stands behind the structs of this file. */
export interface SlabSources {
  kmem_cache: SlabSource
  kmem_cache_order_objects: SlabSource
  kmem_cache_node: SlabNodeSource
}

export const slabStructs = { kmem_cache, kmem_cache_order_objects, kmem_cache_node }
