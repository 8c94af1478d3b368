// Links: a program attached to a target with parameters. union bpf_iter_link_info, bpf_iter_aux_info and what
// BPF_LINK_CREATE checks (bpf_iter_link_attach).

/** union bpf_iter_link_info as a caller gives it; numbers default to 0. */
export interface IterLinkInfo {
  readonly map?: { readonly map_fd: number }
  readonly cgroup?: {
    readonly order: number
    readonly cgroup_fd?: number
    readonly cgroup_id?: bigint
    /** In place of cgroup_fd: the cgroup that it leads to, where another process than the caller attaches. */
    readonly place?: { readonly controllers: string; readonly id: bigint }
  }
  readonly task?: { readonly tid?: number; readonly pid?: number; readonly pid_fd?: number }
}

/** enum bpf_iter_task_type */
export const BPF_TASK_ITER_ALL = 0
export const BPF_TASK_ITER_TID = 1
export const BPF_TASK_ITER_TGID = 2

/** struct bpf_iter_aux_info: what the link keeps of its parameters. Plain data: it crosses threads. */
export interface IterAux {
  readonly task?: { readonly type: number; readonly pid: number }
  readonly cgroup?: {
    readonly id: bigint
    readonly order: number
    /** Of the hierarchy; see Hierarchy. */
    readonly controllers: string
    /** When the link was made. */
    readonly path: string
    /** Ids from the cgroup up to the root. */
    readonly ids: readonly bigint[]
  }
  readonly map?: { readonly id: number }
}

/** bpf_link_info.iter of a link. */
export interface LinkInfo {
  id: number
  type: 'iter'
  prog_id: number
  target_name: string
  task?: { tid: number; pid: number }
  cgroup?: { cgroup_id: bigint; order: number }
  map?: { map_id: number }
}
