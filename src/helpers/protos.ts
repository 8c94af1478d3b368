// The helpers of BPF as prototypes: struct bpf_func_proto of Linux 6.18 as a program of type TRACING with attach type BPF_TRACE_ITER gets them
// (test/src/helpers/protos.test.ts asks the kernel). What refuses, calls and verifies helpers reads this table.

/** enum bpf_arg_type with its flags. `release`: the reference ends here (OBJ_RELEASE). */
export type ArgKind =
  | 'ctx'
  | 'anything'
  /** ARG_CONST_MAP_PTR; it says what map_key and map_value are. */
  | 'map'
  | 'map_key'
  | 'map_value'
  | 'map_value_or_null'
  /** ARG_PTR_TO_MAP_VALUE | MEM_UNINIT | MEM_WRITE */
  | 'map_value_uninit'
  /** ARG_PTR_TO_MEM | MEM_RDONLY, its size is the next argument; as are those of the following. */
  | 'mem'
  | 'mem_or_null'
  /** MEM_WRITE: must be initialised. */
  | 'mem_write'
  | 'mem_write_or_null'
  /** ARG_PTR_TO_UNINIT_MEM */
  | 'mem_uninit'
  /** ARG_PTR_TO_FIXED_SIZE_MEM of 8 bytes, aligned, uninitialised */
  | 'u64_uninit'
  /** ARG_CONST_SIZE: 1 or more */
  | 'size'
  | 'size_or_zero'
  /** ARG_CONST_ALLOC_SIZE_OR_ZERO: a constant, the size of the memory that is returned */
  | 'alloc_size'
  /** ARG_PTR_TO_CONST_STR: a string in a frozen read-only map */
  | 'const_str'
  | 'func'
  | 'stack_or_null'
  | 'spin_lock'
  | 'timer'
  /** ARG_KPTR_XCHG_DEST */
  | 'kptr'
  | 'kptr_or_null release'
  /** ARG_PTR_TO_SOCK_COMMON */
  | 'sock_common'
  /** ARG_PTR_TO_BTF_ID_SOCK_COMMON */
  | 'btf_sock_common'
  | 'btf_sock_common_or_null'
  /** ARG_PTR_TO_PERCPU_BTF_ID */
  | 'percpu_var'
  | 'ringbuf_mem release'
  /** ARG_PTR_TO_DYNPTR | MEM_RDONLY */
  | 'dynptr'
  /** DYNPTR_TYPE_LOCAL | MEM_UNINIT */
  | 'dynptr_local_uninit'
  | 'dynptr_ringbuf_uninit'
  | 'dynptr_ringbuf release'
  /** ARG_PTR_TO_BTF_ID of a struct */
  | `struct ${string}`

/** enum bpf_return_type. `int` and `u64` are both RET_INTEGER: an `int` is below 2^53 in size. */
export type ReturnKind =
  | 'int'
  | 'u64'
  | 'void'
  | 'map_value_or_null'
  /** RET_PTR_TO_RINGBUF_MEM_OR_NULL: a reference that has to be given back */
  | 'ringbuf_mem_or_null'
  | 'dynptr_mem_or_null'
  /** RET_PTR_TO_MEM_OR_BTF_ID | MEM_RDONLY */
  | 'mem_or_struct'
  | 'mem_or_struct_or_null'
  | 'kptr_or_null'
  | `struct ${string}`
  | `struct ${string} or null`

/** A helper that iterators may call in the kernel. */
export interface HelperProto {
  readonly id: number
  readonly args: readonly ArgKind[]
  readonly ret: ReturnKind
  /** gpl_only: programs under a licence that is compatible with the GPL. */
  readonly gpl?: true
  /** might_sleep: sleepable programs only. */
  readonly sleeps?: true
  /** The targets that have it; all when it is left out. */
  readonly targets?: readonly string[]
  /** Why it cannot be had outside the kernel: a program that calls it is refused. */
  readonly missing?: string
}

const PERF = 'perf events deliver to buffers of the kernel'
const PACKET = 'iterators have no packets'

/** Every helper that some iterator may call, by name. */
export const HELPERS = {
  map_lookup_elem: { id: 1, args: ['map', 'map_key'], ret: 'map_value_or_null' },
  map_update_elem: { id: 2, args: ['map', 'map_key', 'map_value', 'anything'], ret: 'int' },
  map_delete_elem: { id: 3, args: ['map', 'map_key'], ret: 'int' },
  probe_read: { id: 4, args: ['mem_uninit', 'size_or_zero', 'anything'], ret: 'int', gpl: true },
  ktime_get_ns: { id: 5, args: [], ret: 'u64' },
  trace_printk: { id: 6, args: ['mem', 'size'], ret: 'int', gpl: true },
  get_prandom_u32: { id: 7, args: [], ret: 'int' },
  get_smp_processor_id: { id: 8, args: [], ret: 'int' },
  tail_call: { id: 12, args: ['ctx', 'map', 'anything'], ret: 'void' },
  get_current_pid_tgid: { id: 14, args: [], ret: 'u64' },
  get_current_uid_gid: { id: 15, args: [], ret: 'u64' },
  get_current_comm: { id: 16, args: ['mem_uninit', 'size'], ret: 'int' },
  get_cgroup_classid: { id: 17, args: [], ret: 'int' },
  perf_event_read: { id: 22, args: ['map', 'anything'], ret: 'u64', gpl: true, missing: PERF },
  perf_event_output: { id: 25, args: ['ctx', 'map', 'anything', 'mem', 'size_or_zero'], ret: 'int', gpl: true, missing: PERF },
  get_stackid: {
    id: 27,
    args: ['ctx', 'map', 'anything'],
    ret: 'int',
    gpl: true,
    missing: 'the stack of the program itself is not one of the kernel; bpf_get_task_stack gives those of tasks',
  },
  get_current_task: { id: 35, args: [], ret: 'u64', gpl: true },
  current_task_under_cgroup: {
    id: 37,
    args: ['map', 'anything'],
    ret: 'int',
    missing: 'there are no maps of type BPF_MAP_TYPE_CGROUP_ARRAY here; bpf_task_under_cgroup() does the same without one',
  },
  get_numa_node_id: { id: 42, args: [], ret: 'int' },
  probe_read_str: { id: 45, args: ['mem_uninit', 'size_or_zero', 'anything'], ret: 'int', gpl: true },
  get_socket_cookie: { id: 46, args: ['btf_sock_common_or_null'], ret: 'u64' },
  setsockopt: {
    id: 49,
    args: ['btf_sock_common', 'anything', 'anything', 'mem', 'size'],
    ret: 'int',
    targets: ['tcp', 'unix'],
    missing: 'sockets of other processes cannot be changed from outside the kernel',
  },
  perf_event_read_value: { id: 55, args: ['map', 'anything', 'mem_uninit', 'size'], ret: 'int', gpl: true, missing: PERF },
  getsockopt: {
    id: 57,
    args: ['btf_sock_common', 'anything', 'anything', 'mem_uninit', 'size'],
    ret: 'int',
    targets: ['tcp', 'unix'],
    missing: "options of other processes' sockets cannot be read from outside the kernel",
  },
  get_stack: {
    id: 67,
    args: ['ctx', 'mem_uninit', 'size_or_zero', 'anything'],
    ret: 'int',
    gpl: true,
  },
  get_current_cgroup_id: { id: 80, args: [], ret: 'u64' },
  map_push_elem: { id: 87, args: ['map', 'map_value', 'anything'], ret: 'int' },
  map_pop_elem: { id: 88, args: ['map', 'map_value_uninit'], ret: 'int' },
  map_peek_elem: { id: 89, args: ['map', 'map_value_uninit'], ret: 'int' },
  spin_lock: { id: 93, args: ['spin_lock'], ret: 'void' },
  spin_unlock: { id: 94, args: ['spin_lock'], ret: 'void' },
  strtol: { id: 105, args: ['mem', 'size', 'anything', 'u64_uninit'], ret: 'int' },
  strtoul: { id: 106, args: ['mem', 'size', 'anything', 'u64_uninit'], ret: 'int' },
  sk_storage_get: {
    id: 107,
    args: ['map', 'struct sock_common or null', 'map_value_or_null', 'anything'],
    ret: 'map_value_or_null',
  },
  sk_storage_delete: { id: 108, args: ['map', 'struct sock_common or null'], ret: 'int' },
  send_signal: { id: 109, args: ['anything'], ret: 'int', missing: 'the reader would get a signal from the daemon' },
  skb_output: {
    id: 111,
    args: ['struct sk_buff', 'map', 'anything', 'mem', 'size_or_zero'],
    ret: 'int',
    gpl: true,
    missing: PERF,
  },
  probe_read_user: { id: 112, args: ['mem_uninit', 'size_or_zero', 'anything'], ret: 'int', gpl: true },
  probe_read_kernel: { id: 113, args: ['mem_uninit', 'size_or_zero', 'anything'], ret: 'int', gpl: true },
  probe_read_user_str: { id: 114, args: ['mem_uninit', 'size_or_zero', 'anything'], ret: 'int', gpl: true },
  probe_read_kernel_str: { id: 115, args: ['mem_uninit', 'size_or_zero', 'anything'], ret: 'int', gpl: true },
  send_signal_thread: { id: 117, args: ['anything'], ret: 'int', missing: 'the reader would get a signal from the daemon' },
  jiffies64: { id: 118, args: [], ret: 'u64' },
  get_ns_current_pid_tgid: { id: 120, args: ['anything', 'anything', 'mem_uninit', 'size'], ret: 'int' },
  xdp_output: {
    id: 121,
    args: ['struct xdp_buff', 'map', 'anything', 'mem', 'size_or_zero'],
    ret: 'int',
    gpl: true,
    missing: PERF,
  },
  get_current_ancestor_cgroup_id: { id: 123, args: ['anything'], ret: 'u64' },
  ktime_get_boot_ns: { id: 125, args: [], ret: 'u64' },
  seq_printf: { id: 126, args: ['struct seq_file', 'mem', 'size', 'mem_or_null', 'size_or_zero'], ret: 'int', gpl: true },
  seq_write: { id: 127, args: ['struct seq_file', 'mem', 'size_or_zero'], ret: 'int', gpl: true },
  ringbuf_output: { id: 130, args: ['map', 'mem', 'size_or_zero', 'anything'], ret: 'int' },
  ringbuf_reserve: { id: 131, args: ['map', 'alloc_size', 'anything'], ret: 'ringbuf_mem_or_null' },
  ringbuf_submit: { id: 132, args: ['ringbuf_mem release', 'anything'], ret: 'void' },
  ringbuf_discard: { id: 133, args: ['ringbuf_mem release', 'anything'], ret: 'void' },
  ringbuf_query: { id: 134, args: ['map', 'anything'], ret: 'u64' },
  skc_to_tcp6_sock: { id: 136, args: ['btf_sock_common'], ret: 'struct tcp6_sock or null' },
  skc_to_tcp_sock: { id: 137, args: ['btf_sock_common'], ret: 'struct tcp_sock or null' },
  skc_to_tcp_timewait_sock: { id: 138, args: ['btf_sock_common'], ret: 'struct tcp_timewait_sock or null' },
  skc_to_tcp_request_sock: { id: 139, args: ['btf_sock_common'], ret: 'struct tcp_request_sock or null' },
  skc_to_udp6_sock: { id: 140, args: ['btf_sock_common'], ret: 'struct udp6_sock or null' },
  get_task_stack: { id: 141, args: ['struct task_struct', 'mem_uninit', 'size_or_zero', 'anything'], ret: 'int' },
  d_path: { id: 147, args: ['struct path', 'mem_write', 'size_or_zero'], ret: 'int' },
  copy_from_user: { id: 148, args: ['mem_uninit', 'size_or_zero', 'anything'], ret: 'int', sleeps: true },
  snprintf_btf: { id: 149, args: ['mem_write', 'size', 'mem', 'size', 'anything'], ret: 'int' },
  seq_printf_btf: { id: 150, args: ['struct seq_file', 'mem', 'size_or_zero', 'anything'], ret: 'int', gpl: true },
  per_cpu_ptr: { id: 153, args: ['percpu_var', 'anything'], ret: 'mem_or_struct_or_null' },
  this_cpu_ptr: { id: 154, args: ['percpu_var'], ret: 'mem_or_struct' },
  task_storage_get: {
    id: 156,
    args: ['map', 'struct task_struct or null', 'map_value_or_null', 'anything'],
    ret: 'map_value_or_null',
  },
  task_storage_delete: { id: 157, args: ['map', 'struct task_struct or null'], ret: 'int' },
  get_current_task_btf: { id: 158, args: [], ret: 'struct task_struct', gpl: true },
  sock_from_file: { id: 162, args: ['struct file'], ret: 'struct socket or null' },
  for_each_map_elem: { id: 164, args: ['map', 'func', 'stack_or_null', 'anything'], ret: 'int' },
  snprintf: {
    id: 165,
    args: ['mem_write_or_null', 'size_or_zero', 'const_str', 'mem_or_null', 'size_or_zero'],
    ret: 'int',
    gpl: true,
  },
  timer_init: { id: 169, args: ['timer', 'map', 'anything'], ret: 'int', gpl: true },
  timer_set_callback: { id: 170, args: ['timer', 'func'], ret: 'int', gpl: true },
  timer_start: { id: 171, args: ['timer', 'anything', 'anything'], ret: 'int', gpl: true },
  timer_cancel: { id: 172, args: ['timer'], ret: 'int', gpl: true },
  get_func_ip: {
    id: 173,
    args: ['ctx'],
    ret: 'u64',
    gpl: true,
    missing: 'the kernel has it for fentry, fexit and fmod_ret programs only',
  },
  task_pt_regs: { id: 175, args: ['struct task_struct'], ret: 'struct pt_regs', gpl: true },
  get_branch_snapshot: {
    id: 176,
    args: ['mem_uninit', 'size_or_zero'],
    ret: 'int',
    gpl: true,
  },
  trace_vprintk: { id: 177, args: ['mem', 'size', 'mem_or_null', 'size_or_zero'], ret: 'int', gpl: true },
  skc_to_unix_sock: { id: 178, args: ['btf_sock_common'], ret: 'struct unix_sock or null' },
  find_vma: { id: 180, args: ['struct task_struct', 'anything', 'func', 'stack_or_null', 'anything'], ret: 'int' },
  loop: { id: 181, args: ['anything', 'func', 'stack_or_null', 'anything'], ret: 'int' },
  strncmp: { id: 182, args: ['mem', 'size', 'const_str'], ret: 'int' },
  xdp_get_buff_len: { id: 188, args: ['struct xdp_buff'], ret: 'u64', missing: PACKET },
  copy_from_user_task: {
    id: 191,
    args: ['mem_uninit', 'size_or_zero', 'anything', 'struct task_struct', 'anything'],
    ret: 'int',
    gpl: true,
    sleeps: true,
  },
  kptr_xchg: { id: 194, args: ['kptr', 'kptr_or_null release'], ret: 'kptr_or_null' },
  map_lookup_percpu_elem: { id: 195, args: ['map', 'map_key', 'anything'], ret: 'map_value_or_null' },
  skc_to_mptcp_sock: { id: 196, args: ['sock_common'], ret: 'struct mptcp_sock or null' },
  dynptr_from_mem: { id: 197, args: ['mem_uninit', 'size_or_zero', 'anything', 'dynptr_local_uninit'], ret: 'int' },
  ringbuf_reserve_dynptr: { id: 198, args: ['map', 'anything', 'anything', 'dynptr_ringbuf_uninit'], ret: 'int' },
  ringbuf_submit_dynptr: { id: 199, args: ['dynptr_ringbuf release', 'anything'], ret: 'void' },
  ringbuf_discard_dynptr: { id: 200, args: ['dynptr_ringbuf release', 'anything'], ret: 'void' },
  dynptr_read: { id: 201, args: ['mem_uninit', 'size_or_zero', 'dynptr', 'anything', 'anything'], ret: 'int' },
  dynptr_write: { id: 202, args: ['dynptr', 'anything', 'mem', 'size_or_zero', 'anything'], ret: 'int' },
  dynptr_data: { id: 203, args: ['dynptr', 'anything', 'alloc_size'], ret: 'dynptr_mem_or_null' },
  ktime_get_tai_ns: { id: 208, args: [], ret: 'u64' },
  user_ringbuf_drain: {
    id: 209,
    args: ['map', 'func', 'stack_or_null', 'anything'],
    ret: 'int',
    missing: 'there are no maps of type BPF_MAP_TYPE_USER_RINGBUF here',
  },
  cgrp_storage_get: {
    id: 210,
    args: ['map', 'struct cgroup or null', 'map_value_or_null', 'anything'],
    ret: 'map_value_or_null',
  },
  cgrp_storage_delete: { id: 211, args: ['map', 'struct cgroup or null'], ret: 'int' },
} as const satisfies Readonly<Record<string, HelperProto>>

export type HelperName = keyof typeof HELPERS

/** Helpers of the kernel that no iterator may call, with their ids. */
export const OTHER_HELPERS = {
  skb_store_bytes: 9,
  l3_csum_replace: 10,
  l4_csum_replace: 11,
  clone_redirect: 13,
  skb_vlan_push: 18,
  skb_vlan_pop: 19,
  skb_get_tunnel_key: 20,
  skb_set_tunnel_key: 21,
  redirect: 23,
  get_route_realm: 24,
  skb_load_bytes: 26,
  csum_diff: 28,
  skb_get_tunnel_opt: 29,
  skb_set_tunnel_opt: 30,
  skb_change_proto: 31,
  skb_change_type: 32,
  skb_under_cgroup: 33,
  get_hash_recalc: 34,
  probe_write_user: 36,
  skb_change_tail: 38,
  skb_pull_data: 39,
  csum_update: 40,
  set_hash_invalid: 41,
  skb_change_head: 43,
  xdp_adjust_head: 44,
  get_socket_uid: 47,
  set_hash: 48,
  skb_adjust_room: 50,
  redirect_map: 51,
  sk_redirect_map: 52,
  sock_map_update: 53,
  xdp_adjust_meta: 54,
  perf_prog_read_value: 56,
  override_return: 58,
  sock_ops_cb_flags_set: 59,
  msg_redirect_map: 60,
  msg_apply_bytes: 61,
  msg_cork_bytes: 62,
  msg_pull_data: 63,
  bind: 64,
  xdp_adjust_tail: 65,
  skb_get_xfrm_state: 66,
  skb_load_bytes_relative: 68,
  fib_lookup: 69,
  sock_hash_update: 70,
  msg_redirect_hash: 71,
  sk_redirect_hash: 72,
  lwt_push_encap: 73,
  lwt_seg6_store_bytes: 74,
  lwt_seg6_adjust_srh: 75,
  lwt_seg6_action: 76,
  rc_repeat: 77,
  rc_keydown: 78,
  skb_cgroup_id: 79,
  get_local_storage: 81,
  sk_select_reuseport: 82,
  skb_ancestor_cgroup_id: 83,
  sk_lookup_tcp: 84,
  sk_lookup_udp: 85,
  sk_release: 86,
  msg_push_data: 90,
  msg_pop_data: 91,
  rc_pointer_rel: 92,
  sk_fullsock: 95,
  tcp_sock: 96,
  skb_ecn_set_ce: 97,
  get_listener_sock: 98,
  skc_lookup_tcp: 99,
  tcp_check_syncookie: 100,
  sysctl_get_name: 101,
  sysctl_get_current_value: 102,
  sysctl_get_new_value: 103,
  sysctl_set_new_value: 104,
  tcp_gen_syncookie: 110,
  tcp_send_ack: 116,
  read_branch_records: 119,
  get_netns_cookie: 122,
  sk_assign: 124,
  sk_cgroup_id: 128,
  sk_ancestor_cgroup_id: 129,
  csum_level: 135,
  load_hdr_opt: 142,
  store_hdr_opt: 143,
  reserve_hdr_opt: 144,
  inode_storage_get: 145,
  inode_storage_delete: 146,
  skb_cgroup_classid: 151,
  redirect_neigh: 152,
  redirect_peer: 155,
  bprm_opts_set: 159,
  ktime_get_coarse_ns: 160,
  ima_inode_hash: 161,
  check_mtu: 163,
  sys_bpf: 166,
  btf_find_by_name_kind: 167,
  sys_close: 168,
  get_attach_cookie: 174,
  kallsyms_lookup_name: 179,
  get_func_arg: 183,
  get_func_ret: 184,
  get_func_arg_cnt: 185,
  get_retval: 186,
  set_retval: 187,
  xdp_load_bytes: 189,
  xdp_store_bytes: 190,
  skb_set_tstamp: 192,
  ima_file_hash: 193,
  tcp_raw_gen_syncookie_ipv4: 204,
  tcp_raw_gen_syncookie_ipv6: 205,
  tcp_raw_check_syncookie_ipv4: 206,
  tcp_raw_check_syncookie_ipv6: 207,
} as const satisfies Readonly<Record<string, number>>

/** Names of all helpers of 6.18 by id; [0] is unspec. */
export const HELPER_NAMES: readonly string[] = Object.entries({
  ...Object.fromEntries(Object.entries(HELPERS).map(([name, { id }]) => [name, id])),
  ...OTHER_HELPERS,
}).reduce<string[]>(
  (names, [name, id]) => {
    names[id] = name
    return names
  },
  ['unspec'],
)

/** The prototype of a helper that iterators of `target` may call; null for the others. */
export function protoOf(id: number, target: string): HelperProto | null {
  const name = HELPER_NAMES[id]
  if (name === undefined || !Object.hasOwn(HELPERS, name)) return null
  const proto: HelperProto = HELPERS[name as HelperName]
  return proto.targets && !proto.targets.includes(target) ? null : proto
}
