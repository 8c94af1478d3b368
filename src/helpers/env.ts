// What helpers of BPF programs ask of the rest of the engine. One object for each address space, made by src/bpf.
import type { BpfMap } from '../maps/map.ts'
import type { SeqFile } from '../seq/seq-file.ts'
import type { Executable } from '../vm/engine.ts'
import type { AddressSpace, Translate } from '../vm/memory.ts'
import type { FoundSymbol } from './bprintf-args.ts'

/** A task as helpers know it: enough for get_current_*, copy_from_user_task and get_task_stack. */
export interface HelperTask {
  readonly tid: number
  readonly tgid: number
}

export interface HelperEnv {
  readonly space: AddressSpace
  /** Of kernel objects and of what lies in the window: see Translate. */
  readonly translate: Translate
  /** What runs now. */
  readonly now: {
    readonly seq: SeqFile
    /** The thread that reads: its ids in the daemon's pid namespace; 0 when unknown. */
    readonly reader: { readonly pid: number; readonly tgid: number; readonly uid: number; readonly gid: number }
    readonly prog: { readonly name: string; readonly sleepable: boolean; readonly exec: Executable }
  }
  /** The map that a program's map pointer hi:lo names; null for another address. */
  mapAt(lo: number, hi: number): BpfMap | null
  /** Puts the address of a map's struct bpf_map, or of another kernel object, into LAYOUT.RET; see KernelObjects. */
  readonly objects: KernelObjects
  /**
   * bpf_seq_printf_btf(): the object of type `type` of our BTF at hi:lo as text, with flags BTF_F_*; -ENOENT for a type that does not exist,
   * -ERANGE or -EFAULT for memory that cannot be read.
   */
  printTyped(type: number, lo: number, hi: number, flags: number): string | number
  /** One line of bpf_trace_printk, to the log. */
  trace(text: string): void
  readonly machine: HelperMachine
  /** Takes fuel for work that grows with what the program asks for, a unit for about a ns. @throws ErrnoError ETIMEDOUT */
  burn(units: number): void
}

/** What leads from one kernel object to another; see KernelObjects.retRelated(). */
export type Relation =
  /** task_pt_regs(): of a task_struct */
  | 'pt_regs'
  /** sock_from_file(): the socket of a struct file */
  | 'socket'
  /** The css of a cgroup and the cgroup of a css are the same address; this is the cgroup of v1 or an ancestor, by level or hierarchy. */
  | 'cgroup_ancestor'

/** Kernel objects behind addresses. Addresses are written to LAYOUT.RET (u64), 0 for null. */
export interface KernelObjects {
  /** bpf_d_path(): the text of the struct path at hi:lo; null when none is there. */
  pathAt(lo: number, hi: number): string | null
  /** The task_struct at hi:lo, or null. */
  taskAt(lo: number, hi: number): HelperTask | null
  /** Name of the struct that begins at hi:lo or embeds it at its start (`tcp_sock`, `sock`, ...), or null. */
  structAt(lo: number, hi: number): string | null
  /** The program keeps the address of the object at hi:lo (kptr_xchg): it must lead to the object in later calls too. */
  keep(lo: number, hi: number): void
  /** A key that stays the same for the object at hi:lo as long as it lives, for local storage; null when none is there. */
  storageKey(lo: number, hi: number): string | null
  /** Key of the socket at hi:lo for a map of sockets, which then may hold it; or a negative errno. */
  socketForMap(lo: number, hi: number): string | number
  /** bpf_get_socket_cookie(): of the socket at hi:lo; 0 when none is there. */
  socketCookie(lo: number, hi: number): bigint
  /** get_current_task_btf, bpf_task_from_pid: the task with this id in the daemon's namespace. */
  retTask(tid: number): void
  /** bpf_cgroup_from_id, bpf_get_current_cgroup_id's cgroup */
  retCgroup(id: bigint): void
  /** What `relation` leads to from the object at hi:lo; `level` is the number that the relation takes. */
  retRelated(relation: Relation, lo: number, hi: number, level: number): void
  /** bpf_per_cpu_ptr(): this CPU's instance of the per-CPU variable at hi:lo. */
  retPerCpu(lo: number, hi: number, cpu: number): void
  /** task_under_cgroup_hierarchy(): whether the task is in the cgroup or below it. */
  taskInCgroup(task: HelperTask, lo: number, hi: number): boolean
  /** Ids of tasks as bpf_iter_task walks them: thread group leaders, all threads, or the threads of one process. */
  taskIds(which: 'processes' | 'threads' | { readonly tgid: number }): readonly number[]
  /** Ids of the tasks in the cgroup at hi:lo (a cgroup or its css); `threads`: all, not only leaders. Null when there is none. */
  cgroupTasks(lo: number, hi: number, threads: boolean): readonly number[] | null
  /** Ids of cgroups from the one at hi:lo (a cgroup or its css) on; null when there is none. */
  cgroupIds(lo: number, hi: number, order: 'pre' | 'post' | 'up'): readonly bigint[] | null
  /** Start addresses of a task's VMAs that end behind `from`, ascending; null for a task without memory of its own. */
  vmaStarts(task: HelperTask, from: bigint): readonly bigint[] | null
  /** The VMA of the task that begins at this address. */
  retVma(task: HelperTask, start: bigint): void
}

/** What the machine tells helpers. */
export interface HelperMachine {
  /** ns of CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI. */
  clockNs(clock: 'monotonic' | 'boottime' | 'tai'): bigint
  /** Jiffies since boot as the kernel counts them, 64 bits. */
  jiffies(): bigint
  /** Possible CPUs. */
  readonly cpus: number
  /** The CPU that this thread runs on. */
  cpu(): number
  /** Bytes of another process's memory (/proc/PID/mem); null when they cannot be read. */
  readUser(pid: number, address: bigint, size: number): Uint8Array | null
  /** comm of a thread. */
  comm(tid: number): string
  /** Text of /proc/TID/stack; null when it cannot be read. */
  stack(tid: number): string | null
  /** v2 cgroup id of a task; 0 when unknown. */
  cgroupId(tid: number): bigint
  /** v2 cgroup id of the ancestor at this level (0: the root) of a task's cgroup; 0 when there is none. */
  ancestorCgroupId(tid: number, level: number): bigint
  /** The task's pid namespace, its device (new_encode_dev) and inode, and the task's ids there; null when unknown. */
  pidNamespace(tid: number): { readonly dev: bigint; readonly ino: bigint; readonly pid: number; readonly tgid: number } | null
  /** The thread that has this id in the pid namespace of the thread `of`; 0 for none. */
  tidInNamespaceOf(of: number, id: number): number
  /** The symbol that an address lies in; see FmtEnv.symbolize. */
  symbolize(address: bigint): FoundSymbol | null
  /** Address of a symbol; a synthetic one when the machine does not tell. */
  symbolAddress(name: string): bigint
}
