import type { Struct } from '../kernel/types.ts'
import type { MemRef } from '../util/mem-ref.ts'

/** The context fields of each target's programs beside `meta`; all null in the END call, but the map of those that iterate one. */
export interface IterContexts {
  task: { readonly task: Struct<'task_struct'> | null }
  task_file: { readonly task: Struct<'task_struct'> | null; readonly fd: number; readonly file: Struct<'file'> | null }
  task_vma: { readonly task: Struct<'task_struct'> | null; readonly vma: Struct<'vm_area_struct'> | null }
  cgroup: { readonly cgroup: Struct<'cgroup'> | null }
  unix: { readonly unix_sk: Struct<'unix_sock'> | null; readonly uid: number }
  netlink: { readonly sk: Struct<'netlink_sock'> | null }
  bpf_prog: { readonly prog: Struct<'bpf_prog'> | null }
  bpf_map: { readonly map: Struct<'bpf_map'> | null }
  bpf_link: { readonly link: Struct<'bpf_link'> | null }
  /** Never null: the call at the end has the last symbol again. */
  ksym: { readonly ksym: Struct<'kallsym_iter'> | null }
  /** There is no call at the end. */
  dmabuf: { readonly dmabuf: Struct<'dma_buf'> }
  module: { readonly module: Struct<'module'> | null }
  mount: { readonly mount: Struct<'mount'> | null }
  netns: { readonly net: Struct<'net'> | null; readonly info: Struct<'iterfs_netns'> | null }
  kmem_cache: { readonly s: Struct<'kmem_cache'> | null }
  tcp: { readonly sk_common: Struct<'sock_common'> | null; readonly uid: number }
  udp: { readonly udp_sk: Struct<'udp_sock'> | null; readonly uid: number; readonly bucket: number }
  bpf_map_elem: { readonly map: Struct<'bpf_map'>; readonly key: MemRef | null; readonly value: MemRef | null }
  ipv6_route: { readonly rt: Struct<'fib6_info'> | null }
  ipv4_route: { readonly rt: Struct<'fib_rt_info'> | null }
  neigh: {
    readonly neigh: Struct<'neighbour'> | null
    readonly pneigh: Struct<'pneigh_entry'> | null
    readonly tbl: Struct<'neigh_table'> | null
  }
  netdev: { readonly dev: Struct<'net_device'> | null; readonly stats: Struct<'rtnl_link_stats64'> | null }
  sockmap: { readonly map: Struct<'bpf_map'>; readonly key: MemRef | null; readonly sk: Struct<'sock'> | null }
  bpf_sk_storage_map: { readonly map: Struct<'bpf_map'>; readonly sk: Struct<'sock'> | null; readonly value: MemRef | null }
}
