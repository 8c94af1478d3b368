// What helpers of BPF programs ask of the rest of the engine. One object for each address space, made by src/bpf.
import type { BpfMap } from '../maps/map.ts'
import type { SeqFile } from '../seq/seq-file.ts'
import type { Executable } from '../vm/engine.ts'
import type { AddressSpace, Translate } from '../vm/memory.ts'

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
    /** The process that reads: its ids in the daemon's pid namespace; 0 when unknown. */
    readonly reader: { readonly pid: number; readonly uid: number; readonly gid: number }
    readonly prog: { readonly name: string; readonly sleepable: boolean; readonly exec: Executable }
  }
  /** The map that a program's map pointer hi:lo names; null for another address. */
  mapAt(lo: number, hi: number): BpfMap | null
  /** Puts the address of a map's struct bpf_map, or of another kernel object, into LAYOUT.RET; see KernelObjects. */
  readonly objects: KernelObjects
  /** One line of bpf_trace_printk, to the log. */
  trace(text: string): void
  readonly machine: HelperMachine
}

/** Kernel objects behind addresses. Addresses are written to LAYOUT.RET (u64), 0 for null. */
export interface KernelObjects {
  /** bpf_d_path(): the text of the struct path at hi:lo; null when none is there. */
  pathAt(lo: number, hi: number): string | null
  /** The task_struct at hi:lo, or null. */
  taskAt(lo: number, hi: number): HelperTask | null
  /** Name of the struct that begins at hi:lo or embeds it at its start (`tcp_sock`, `sock`, ...), or null. */
  structAt(lo: number, hi: number): string | null
  /** A key that stays the same for the object at hi:lo as long as it lives, for local storage; null when none is there. */
  storageKey(lo: number, hi: number): string | null
  /** get_current_task_btf, bpf_task_from_pid: the task with this id in the daemon's namespace. */
  retTask(tid: number): void
  /** bpf_cgroup_from_id, bpf_get_current_cgroup_id's cgroup */
  retCgroup(id: bigint): void
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
  /** The symbol that an address lies in; see FmtEnv.symbolize. */
  symbolize(
    address: bigint,
  ): { readonly name: string; readonly offset: bigint; readonly size: bigint; readonly module?: string } | null
}
