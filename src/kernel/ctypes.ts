// The C types of our BTF that no struct row stands for, as C declares them: what BPF programs need of vmlinux.h beside the kernel objects
// that they look at. Names, values and layouts are those of Linux 6.18 on x86-64 (test/src/kernel/btf.test.ts compares them).

/** Typedefs of integers, as long chains as the kernel has them. */
export const TYPEDEFS = `
typedef unsigned char __u8; typedef short unsigned int __u16; typedef unsigned int __u32; typedef long long unsigned int __u64;
typedef signed char __s8; typedef short int __s16; typedef int __s32; typedef long long int __s64; typedef __u8 u8;
typedef __u16 u16; typedef __u32 u32; typedef __u64 u64; typedef __s8 s8; typedef __s16 s16; typedef __s32 s32;
typedef __s64 s64; typedef _Bool bool; typedef long int __kernel_long_t; typedef long unsigned int __kernel_ulong_t;
typedef __kernel_ulong_t __kernel_size_t; typedef __kernel_long_t __kernel_ssize_t; typedef __kernel_long_t __kernel_ptrdiff_t;
typedef int __kernel_pid_t; typedef unsigned int __kernel_uid32_t; typedef unsigned int __kernel_gid32_t;
typedef unsigned int __kernel_mode_t; typedef u32 __kernel_dev_t; typedef long long int __kernel_loff_t;
typedef __kernel_long_t __kernel_off_t; typedef long long int __kernel_time64_t; typedef __kernel_long_t __kernel_old_time_t;
typedef __kernel_long_t __kernel_suseconds_t; typedef __kernel_long_t __kernel_clock_t; typedef int __kernel_clockid_t;
typedef int __kernel_timer_t; typedef int __kernel_key_t; typedef short unsigned int __kernel_sa_family_t;
typedef __kernel_size_t size_t; typedef __kernel_ssize_t ssize_t; typedef __kernel_ptrdiff_t ptrdiff_t;
typedef long unsigned int uintptr_t; typedef __kernel_loff_t loff_t; typedef __kernel_off_t off_t; typedef __kernel_pid_t pid_t;
typedef __kernel_uid32_t uid_t; typedef __kernel_gid32_t gid_t; typedef __kernel_mode_t mode_t;
typedef short unsigned int umode_t; typedef __kernel_dev_t dev_t; typedef __kernel_ulong_t ino_t; typedef u32 nlink_t;
typedef __s64 time64_t; typedef __kernel_suseconds_t suseconds_t; typedef __kernel_clock_t clock_t;
typedef __kernel_clockid_t clockid_t; typedef __kernel_timer_t timer_t; typedef __kernel_key_t key_t;
typedef int32_t key_serial_t; typedef __kernel_sa_family_t sa_family_t; typedef long unsigned int kernel_ulong_t;
typedef unsigned int u_int; typedef unsigned int uint; typedef short unsigned int ushort; typedef long unsigned int ulong;
typedef u8 u_int8_t; typedef u16 u_int16_t; typedef u32 u_int32_t; typedef u64 u_int64_t; typedef u8 uint8_t;
typedef u16 uint16_t; typedef u32 uint32_t; typedef u64 uint64_t; typedef s8 int8_t; typedef s16 int16_t; typedef s32 int32_t;
typedef s64 int64_t; typedef __u16 __be16; typedef __u32 __be32; typedef __u64 __be64; typedef __u16 __le16;
typedef __u32 __le32; typedef __u64 __le64; typedef __u16 __sum16; typedef __u32 __wsum; typedef unsigned int __poll_t;
typedef __u64 __addrpair; typedef __u32 __portpair; typedef unsigned int gfp_t; typedef unsigned int slab_flags_t;
typedef unsigned int fmode_t; typedef unsigned int fop_flags_t; typedef long unsigned int vm_flags_t;
typedef unsigned int vm_fault_t; typedef u64 sector_t; typedef u64 blkcnt_t; typedef s64 ktime_t; typedef u32 errseq_t;
typedef u8 dscp_t; typedef u64 phys_addr_t; typedef u64 dma_addr_t; typedef u64 netdev_features_t; typedef __kernel_uid32_t projid_t;
`

/** Enums of the uapi, and those of the kernel by which its values are read. */
export const ENUMS = `
enum { false, true };
enum bpf_map_type {
  BPF_MAP_TYPE_UNSPEC, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PROG_ARRAY, BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_STACK_TRACE, BPF_MAP_TYPE_CGROUP_ARRAY,
  BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_LPM_TRIE, BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_HASH_OF_MAPS, BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_SOCKMAP, BPF_MAP_TYPE_CPUMAP, BPF_MAP_TYPE_XSKMAP,
  BPF_MAP_TYPE_SOCKHASH, BPF_MAP_TYPE_CGROUP_STORAGE_DEPRECATED, BPF_MAP_TYPE_CGROUP_STORAGE = 19,
  BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE_DEPRECATED, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE = 21,
  BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK, BPF_MAP_TYPE_SK_STORAGE, BPF_MAP_TYPE_DEVMAP_HASH, BPF_MAP_TYPE_STRUCT_OPS,
  BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_INODE_STORAGE, BPF_MAP_TYPE_TASK_STORAGE, BPF_MAP_TYPE_BLOOM_FILTER,
  BPF_MAP_TYPE_USER_RINGBUF, BPF_MAP_TYPE_CGRP_STORAGE, BPF_MAP_TYPE_ARENA, __MAX_BPF_MAP_TYPE,
};
enum bpf_prog_type {
  BPF_PROG_TYPE_UNSPEC, BPF_PROG_TYPE_SOCKET_FILTER, BPF_PROG_TYPE_KPROBE, BPF_PROG_TYPE_SCHED_CLS, BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_TRACEPOINT, BPF_PROG_TYPE_XDP, BPF_PROG_TYPE_PERF_EVENT, BPF_PROG_TYPE_CGROUP_SKB, BPF_PROG_TYPE_CGROUP_SOCK,
  BPF_PROG_TYPE_LWT_IN, BPF_PROG_TYPE_LWT_OUT, BPF_PROG_TYPE_LWT_XMIT, BPF_PROG_TYPE_SOCK_OPS, BPF_PROG_TYPE_SK_SKB,
  BPF_PROG_TYPE_CGROUP_DEVICE, BPF_PROG_TYPE_SK_MSG, BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
  BPF_PROG_TYPE_LWT_SEG6LOCAL, BPF_PROG_TYPE_LIRC_MODE2, BPF_PROG_TYPE_SK_REUSEPORT, BPF_PROG_TYPE_FLOW_DISSECTOR,
  BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_PROG_TYPE_TRACING,
  BPF_PROG_TYPE_STRUCT_OPS, BPF_PROG_TYPE_EXT, BPF_PROG_TYPE_LSM, BPF_PROG_TYPE_SK_LOOKUP, BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_NETFILTER, __MAX_BPF_PROG_TYPE,
};
enum bpf_attach_type {
  BPF_CGROUP_INET_INGRESS, BPF_CGROUP_INET_EGRESS, BPF_CGROUP_INET_SOCK_CREATE, BPF_CGROUP_SOCK_OPS, BPF_SK_SKB_STREAM_PARSER,
  BPF_SK_SKB_STREAM_VERDICT, BPF_CGROUP_DEVICE, BPF_SK_MSG_VERDICT, BPF_CGROUP_INET4_BIND, BPF_CGROUP_INET6_BIND,
  BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET6_CONNECT, BPF_CGROUP_INET4_POST_BIND, BPF_CGROUP_INET6_POST_BIND,
  BPF_CGROUP_UDP4_SENDMSG, BPF_CGROUP_UDP6_SENDMSG, BPF_LIRC_MODE2, BPF_FLOW_DISSECTOR, BPF_CGROUP_SYSCTL,
  BPF_CGROUP_UDP4_RECVMSG, BPF_CGROUP_UDP6_RECVMSG, BPF_CGROUP_GETSOCKOPT, BPF_CGROUP_SETSOCKOPT, BPF_TRACE_RAW_TP,
  BPF_TRACE_FENTRY, BPF_TRACE_FEXIT, BPF_MODIFY_RETURN, BPF_LSM_MAC, BPF_TRACE_ITER, BPF_CGROUP_INET4_GETPEERNAME,
  BPF_CGROUP_INET6_GETPEERNAME, BPF_CGROUP_INET4_GETSOCKNAME, BPF_CGROUP_INET6_GETSOCKNAME, BPF_XDP_DEVMAP,
  BPF_CGROUP_INET_SOCK_RELEASE, BPF_XDP_CPUMAP, BPF_SK_LOOKUP, BPF_XDP, BPF_SK_SKB_VERDICT, BPF_SK_REUSEPORT_SELECT,
  BPF_SK_REUSEPORT_SELECT_OR_MIGRATE, BPF_PERF_EVENT, BPF_TRACE_KPROBE_MULTI, BPF_LSM_CGROUP, BPF_STRUCT_OPS, BPF_NETFILTER,
  BPF_TCX_INGRESS, BPF_TCX_EGRESS, BPF_TRACE_UPROBE_MULTI, BPF_CGROUP_UNIX_CONNECT, BPF_CGROUP_UNIX_SENDMSG,
  BPF_CGROUP_UNIX_RECVMSG, BPF_CGROUP_UNIX_GETPEERNAME, BPF_CGROUP_UNIX_GETSOCKNAME, BPF_NETKIT_PRIMARY, BPF_NETKIT_PEER,
  BPF_TRACE_KPROBE_SESSION, BPF_TRACE_UPROBE_SESSION, __MAX_BPF_ATTACH_TYPE,
};
enum bpf_link_type {
  BPF_LINK_TYPE_UNSPEC, BPF_LINK_TYPE_RAW_TRACEPOINT, BPF_LINK_TYPE_TRACING, BPF_LINK_TYPE_CGROUP, BPF_LINK_TYPE_ITER,
  BPF_LINK_TYPE_NETNS, BPF_LINK_TYPE_XDP, BPF_LINK_TYPE_PERF_EVENT, BPF_LINK_TYPE_KPROBE_MULTI, BPF_LINK_TYPE_STRUCT_OPS,
  BPF_LINK_TYPE_NETFILTER, BPF_LINK_TYPE_TCX, BPF_LINK_TYPE_UPROBE_MULTI, BPF_LINK_TYPE_NETKIT, BPF_LINK_TYPE_SOCKMAP,
  __MAX_BPF_LINK_TYPE,
};
enum bpf_cgroup_iter_order {
  BPF_CGROUP_ITER_ORDER_UNSPEC, BPF_CGROUP_ITER_SELF_ONLY, BPF_CGROUP_ITER_DESCENDANTS_PRE, BPF_CGROUP_ITER_DESCENDANTS_POST,
  BPF_CGROUP_ITER_ANCESTORS_UP,
};
enum cgroup_subsys_id {
  cpuset_cgrp_id, cpu_cgrp_id, cpuacct_cgrp_id, io_cgrp_id, memory_cgrp_id, devices_cgrp_id, freezer_cgrp_id, net_cls_cgrp_id,
  perf_event_cgrp_id, net_prio_cgrp_id, hugetlb_cgrp_id, pids_cgrp_id, CGROUP_SUBSYS_COUNT,
};
enum { CSS_NO_REF = 1, CSS_ONLINE = 2, CSS_RELEASED = 4, CSS_VISIBLE = 8, CSS_DYING = 16 };
enum { CGRP_NOTIFY_ON_RELEASE, CGRP_CPUSET_CLONE_CHILDREN, CGRP_FREEZE, CGRP_FROZEN };
enum bpf_iter_task_type { BPF_TASK_ITER_ALL, BPF_TASK_ITER_TID, BPF_TASK_ITER_TGID };
enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_EXIST = 2, BPF_F_LOCK = 4 };
enum {
  BPF_F_NO_PREALLOC = 1, BPF_F_NO_COMMON_LRU = 2, BPF_F_NUMA_NODE = 4, BPF_F_RDONLY = 8, BPF_F_WRONLY = 16,
  BPF_F_STACK_BUILD_ID = 32, BPF_F_ZERO_SEED = 64, BPF_F_RDONLY_PROG = 128, BPF_F_WRONLY_PROG = 256, BPF_F_CLONE = 512,
  BPF_F_MMAPABLE = 1024, BPF_F_PRESERVE_ELEMS = 2048, BPF_F_INNER_MAP = 4096, BPF_F_LINK = 8192, BPF_F_PATH_FD = 16384,
  BPF_F_VTYPE_BTF_OBJ_FD = 32768, BPF_F_TOKEN_FD = 65536, BPF_F_SEGV_ON_FAULT = 131072, BPF_F_NO_USER_CONV = 262144,
};
enum { BPF_F_INDEX_MASK = 0xffffffff, BPF_F_CURRENT_CPU = 0xffffffff, BPF_F_CTXLEN_MASK = 0xfffff00000000 };
enum { BPF_F_CURRENT_NETNS = -1 };
enum { BPF_LOCAL_STORAGE_GET_F_CREATE = 1, BPF_SK_STORAGE_GET_F_CREATE = 1 };
enum {
  BPF_F_SKIP_FIELD_MASK = 255, BPF_F_USER_STACK, BPF_F_FAST_STACK_CMP = 512, BPF_F_REUSE_STACKID = 1024,
  BPF_F_USER_BUILD_ID = 2048,
};
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP };
enum { BPF_RB_AVAIL_DATA, BPF_RB_RING_SIZE, BPF_RB_CONS_POS, BPF_RB_PROD_POS };
enum { BPF_RINGBUF_BUSY_BIT = 0x80000000, BPF_RINGBUF_DISCARD_BIT = 0x40000000, BPF_RINGBUF_HDR_SZ = 8 };
enum { BPF_F_TIMER_ABS = 1, BPF_F_TIMER_CPU_PIN };
enum { BTF_F_COMPACT = 1, BTF_F_NONAME = 2, BTF_F_PTR_RAW = 4, BTF_F_ZERO = 8 };
enum { BPF_TASK_ITER_ALL_PROCS, BPF_TASK_ITER_ALL_THREADS, BPF_TASK_ITER_PROC_THREADS };
enum { BPF_MAX_LOOPS = 0x800000, BPF_MAX_TIMED_LOOPS = 65535 };
enum bpf_kfunc_flags { BPF_F_PAD_ZEROS = 1 };
enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID, PIDTYPE_MAX };
enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };
enum {
  TCP_ESTABLISHED = 1, TCP_SYN_SENT, TCP_SYN_RECV, TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_TIME_WAIT, TCP_CLOSE, TCP_CLOSE_WAIT,
  TCP_LAST_ACK, TCP_LISTEN, TCP_CLOSING, TCP_NEW_SYN_RECV, TCP_BOUND_INACTIVE, TCP_MAX_STATES,
};
enum sock_type { SOCK_STREAM = 1, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET, SOCK_DCCP, SOCK_PACKET = 10 };
enum {
  IPPROTO_IP = 0, IPPROTO_ICMP = 1, IPPROTO_IGMP = 2, IPPROTO_IPIP = 4, IPPROTO_TCP = 6, IPPROTO_EGP = 8, IPPROTO_PUP = 12,
  IPPROTO_UDP = 17, IPPROTO_IDP = 22, IPPROTO_TP = 29, IPPROTO_DCCP = 33, IPPROTO_IPV6 = 41, IPPROTO_RSVP = 46,
  IPPROTO_GRE = 47, IPPROTO_ESP = 50, IPPROTO_AH = 51, IPPROTO_MTP = 92, IPPROTO_BEETPH = 94, IPPROTO_ENCAP = 98,
  IPPROTO_PIM = 103, IPPROTO_COMP = 108, IPPROTO_L2TP = 115, IPPROTO_SCTP = 132, IPPROTO_UDPLITE = 136, IPPROTO_MPLS = 137,
  IPPROTO_ETHERNET = 143, IPPROTO_AGGFRAG = 144, IPPROTO_RAW = 255, IPPROTO_SMC = 256, IPPROTO_MPTCP = 262, IPPROTO_MAX = 263,
};
enum css_task_iter_flags { CSS_TASK_ITER_PROCS = 1, CSS_TASK_ITER_THREADED = 2, CSS_TASK_ITER_SKIPPED = 65536 };
enum { TASK_COMM_LEN = 16 };
enum module_state { MODULE_STATE_LIVE, MODULE_STATE_COMING, MODULE_STATE_GOING, MODULE_STATE_UNFORMED };
enum kernfs_node_type { KERNFS_DIR = 1, KERNFS_FILE = 2, KERNFS_LINK = 4 };
`

/** Types that BPF programs put into maps, on their stack, or are given as context. */
export const BPF_STRUCTS = `
struct bpf_spin_lock { __u32 val; };
struct bpf_res_spin_lock { u32 val; };
struct bpf_timer { __u64 __opaque[2]; };
struct bpf_wq { __u64 __opaque[2]; };
struct bpf_dynptr { __u64 __opaque[2]; };
struct bpf_list_head { __u64 __opaque[2]; };
struct bpf_list_node { __u64 __opaque[3]; };
struct bpf_rb_root { __u64 __opaque[2]; };
struct bpf_rb_node { __u64 __opaque[4]; };
struct bpf_refcount { __u32 __opaque[1]; };
struct bpf_iter_num { __u64 __opaque[1]; };
struct bpf_iter_bits { __u64 __opaque[2]; };
struct bpf_iter_task { __u64 __opaque[3]; };
struct bpf_iter_css { __u64 __opaque[3]; };
struct bpf_iter_css_task { __u64 __opaque[1]; };
struct bpf_iter_task_vma { __u64 __opaque[1]; };
struct bpf_iter_kmem_cache { __u64 __opaque[1]; };
struct bpf_iter_dmabuf { __u64 __opaque[1]; };
struct btf_ptr { void *ptr; __u32 type_id; __u32 flags; };
struct bpf_pidns_info { __u32 pid; __u32 tgid; };
struct bpf_perf_event_value { __u64 counter; __u64 enabled; __u64 running; };
struct bpf_stack_build_id {
  __s32 status;
  unsigned char build_id[20];
  union { __u64 offset; __u64 ip; };
};
union bpf_iter_link_info {
  struct { __u32 map_fd; } map;
  struct { enum bpf_cgroup_iter_order order; __u32 cgroup_fd; __u64 cgroup_id; } cgroup;
  struct { __u32 tid; __u32 pid; __u32 pid_fd; } task;
};
struct bpf_iter_meta {
  union { struct seq_file *seq; };
  u64 session_id;
  u64 seq_num;
};
`

/** Small types of which the kernel's are made. */
export const KERNEL_STRUCTS = `
typedef struct refcount_struct refcount_t;
struct kref { refcount_t refcount; };
struct list_head { struct list_head *next; struct list_head *prev; };
struct hlist_head { struct hlist_node *first; };
struct hlist_node { struct hlist_node *next; struct hlist_node **pprev; };
struct hlist_nulls_node { struct hlist_nulls_node *next; struct hlist_nulls_node **pprev; };
struct callback_head { struct callback_head *next; void (*func)(struct callback_head *); };
struct rb_node { long unsigned int __rb_parent_color; struct rb_node *rb_right; struct rb_node *rb_left; };
struct rb_root { struct rb_node *rb_node; };
struct timespec64 { time64_t tv_sec; long int tv_nsec; };
struct in_addr { __be32 s_addr; };
struct in6_addr {
  union { __u8 u6_addr8[16]; __be16 u6_addr16[8]; __be32 u6_addr32[4]; } in6_u;
};
struct sockaddr_in { __kernel_sa_family_t sin_family; __be16 sin_port; struct in_addr sin_addr; unsigned char __pad[8]; };
struct sockaddr_in6 {
  short unsigned int sin6_family;
  __be16 sin6_port;
  __be32 sin6_flowinfo;
  struct in6_addr sin6_addr;
  __u32 sin6_scope_id;
};
`
