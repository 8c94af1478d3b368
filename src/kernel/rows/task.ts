// Rows of tasks and of what belongs to one: memory, credentials, namespaces.
import { linkPath } from '../../sources/file.ts'
import type { TaskSource } from '../../sources/task.ts'
import { type Rows, row } from '../types.ts'

const NS_PER_S = 1_000_000_000n
const STAT = '/proc/TGID/task/TID/stat'
const STATUS = '/proc/TGID/task/TID/status'

/** Ticks of USER_HZ as ns. */
const ticks = (task: TaskSource, n: number): bigint =>
  (BigInt(task.stat().number(n)) * NS_PER_S) / BigInt(task.session.platform.userHz)
/** kB of status as pages. */
const pages = (task: TaskSource, key: string): bigint =>
  BigInt((task.status().number(key) * 1024) / task.session.platform.pageSize)

/** __state, and exit_state, by the letter of stat (task_state_array). */
const STATES: Readonly<Record<string, readonly [number, number]>> = {
  R: [0, 0],
  S: [1, 0],
  D: [2, 0],
  T: [0x104, 0],
  t: [8, 0],
  P: [0x40, 0],
  I: [0x402, 0],
  X: [0x80, 0x10],
  Z: [0x80, 0x20],
}
const states = (task: TaskSource): readonly [number, number] => STATES[task.stat().state] ?? [0, 0]
const isDead = (task: TaskSource): boolean => states(task)[1] !== 0

const task_struct = {
  __state: row(
    'unsigned int',
    `${STAT} 3, the letter as a TASK_ value: without TASK_FREEZABLE and its kin`,
    (t: TaskSource) => states(t)[0],
  ),
  state: row('long int', 'as __state', (t: TaskSource) => BigInt(states(t)[0]), 'name of __state before 5.14'),
  flags: row('unsigned int', `${STAT} 9`, (t: TaskSource) => t.stat().number(9)),
  pid: row('pid_t', 'name of the folder in /proc/TGID/task, in the pid namespace of the daemon', (t: TaskSource) => t.tid),
  tgid: row('pid_t', 'name of the folder in /proc, in the pid namespace of the daemon', (t: TaskSource) => t.tgid),
  comm: row('char[16]', '/proc/TGID/task/TID/comm, cut to 15 bytes', (t: TaskSource) => t.comm()),
  prio: row('int', `${STAT} 18, plus 100`, (t: TaskSource) => t.stat().number(18) + 100),
  static_prio: row('int', `${STAT} 19 (nice), plus 120`, (t: TaskSource) => t.stat().number(19) + 120),
  rt_priority: row('unsigned int', `${STAT} 40`, (t: TaskSource) => t.stat().number(40)),
  policy: row('unsigned int', `${STAT} 41`, (t: TaskSource) => t.stat().number(41)),
  utime: row('u64', `${STAT} 14: ns, precision 1/USER_HZ, scaled as getrusage`, (t: TaskSource) => ticks(t, 14)),
  stime: row('u64', `${STAT} 15: ns, precision 1/USER_HZ, scaled as getrusage`, (t: TaskSource) => ticks(t, 15)),
  gtime: row('u64', `${STAT} 43: ns, precision 1/USER_HZ`, (t: TaskSource) => ticks(t, 43)),
  start_time: row(
    'u64',
    `${STAT} 22: ns of CLOCK_MONOTONIC, precision 1/USER_HZ; less if the machine slept since`,
    (t: TaskSource) => {
      const start = ticks(t, 22) - t.session.platform.sleptNs()
      return start > 0n ? start : 0n
    },
  ),
  start_boottime: row('u64', `${STAT} 22: ns of CLOCK_BOOTTIME, precision 1/USER_HZ`, (t: TaskSource) => ticks(t, 22)),
  min_flt: row('long unsigned int', `${STAT} 10`, (t: TaskSource) => t.stat().big(10)),
  maj_flt: row('long unsigned int', `${STAT} 12`, (t: TaskSource) => t.stat().big(12)),
  nvcsw: row('long unsigned int', `${STATUS} voluntary_ctxt_switches`, (t: TaskSource) =>
    BigInt(t.status().number('voluntary_ctxt_switches')),
  ),
  nivcsw: row('long unsigned int', `${STATUS} nonvoluntary_ctxt_switches`, (t: TaskSource) =>
    BigInt(t.status().number('nonvoluntary_ctxt_switches')),
  ),
  exit_state: row('int', `${STAT} 3`, (t: TaskSource) => states(t)[1]),
  exit_code: row('int', `${STAT} 52; 0 without the right to trace the task`, (t: TaskSource) => t.stat().number(52)),
  exit_signal: row('int', `${STAT} 38`, (t: TaskSource) => t.stat().number(38)),
  personality: row('unsigned int', '/proc/TGID/task/TID/personality', (t: TaskSource) => t.personality()),
  nr_cpus_allowed: row('int', `${STATUS} Cpus_allowed, its bits counted`, (t: TaskSource) =>
    countBits(t.status().get('Cpus_allowed') ?? ''),
  ),
  real_parent: row('struct task_struct *', `${STATUS} PPid: the leader of the parent's thread group`, (t: TaskSource) =>
    t.leader(t.status().number('PPid')),
  ),
  parent: row(
    'struct task_struct *',
    `${STATUS} TracerPid, else PPid`,
    (t: TaskSource) => t.tracer() ?? t.leader(t.status().number('PPid')),
  ),
  group_leader: row('struct task_struct *', 'the task whose id is tgid', (t: TaskSource) => t.leader(t.tgid)),
  mm: row('struct mm_struct *', '/proc/TGID/task/TID/statm: NULL when its size is 0', (t: TaskSource) => (t.hasMm() ? t : null)),
  files: row('struct files_struct *', `${STATUS} FDSize: NULL when 0`, (t: TaskSource) =>
    t.status().number('FDSize') > 0 ? t : null,
  ),
  fs: row('struct fs_struct *', `${STATUS} Umask: NULL without the line`, (t: TaskSource) =>
    t.status().get('Umask') === null ? null : t,
  ),
  cred: row('const struct cred *', STATUS, (t: TaskSource) => t),
  real_cred: row('const struct cred *', STATUS, (t: TaskSource) => t),
  nsproxy: row('struct nsproxy *', '/proc/TGID/task/TID/ns: NULL for a dead task', (t: TaskSource) => (isDead(t) ? null : t)),
  signal: row('struct signal_struct *', STAT, (t: TaskSource) => t),
  se: row('struct sched_entity', '/proc/TGID/task/TID/schedstat', (t: TaskSource) => t),
  sched_info: row('struct sched_info', '/proc/TGID/task/TID/schedstat', (t: TaskSource) => t),
  ioac: row('struct task_io_accounting', '/proc/TGID/task/TID/io', (t: TaskSource) => t),
  blocked: row('sigset_t', `${STATUS} SigBlk`, (t: TaskSource) => t.status().mask('SigBlk')),
  pending: row('struct sigpending', `${STATUS} SigPnd`, (t: TaskSource) => ({ signal: t.status().mask('SigPnd') })),
  loginuid: row('kuid_t', '/proc/TGID/task/TID/loginuid', (t: TaskSource) => t.single('loginuid')),
  sessionid: row('unsigned int', '/proc/TGID/task/TID/sessionid', (t: TaskSource) => t.single('sessionid')),
  seccomp: row('struct seccomp', STATUS, (t: TaskSource) => t),
  thread_info: row('struct thread_info', STAT, (t: TaskSource) => t),
  thread_pid: row('struct pid *', `${STATUS} NSpid`, (t: TaskSource) => t),
  cgroups: row('struct css_set *', '/proc/TGID/task/TID/cgroup', (t: TaskSource) => t),
} satisfies Rows

const signal_struct = {
  nr_threads: row('int', `${STAT} 20`, (t: TaskSource) => t.stat().number(20)),
  oom_score_adj: row('short int', '/proc/TGID/task/TID/oom_score_adj', (t: TaskSource) => t.single('oom_score_adj')),
  leader: row('int', `${STAT} 6: 1 when the session id is tgid`, (t: TaskSource) => (t.stat().number(6) === t.tgid ? 1 : 0)),
  cutime: row('u64', `${STAT} 16: ns, precision 1/USER_HZ`, (t: TaskSource) => ticks(t, 16)),
  cstime: row('u64', `${STAT} 17: ns, precision 1/USER_HZ`, (t: TaskSource) => ticks(t, 17)),
  cgtime: row('u64', `${STAT} 44: ns, precision 1/USER_HZ`, (t: TaskSource) => ticks(t, 44)),
  cmin_flt: row('long unsigned int', `${STAT} 11`, (t: TaskSource) => t.stat().big(11)),
  cmaj_flt: row('long unsigned int', `${STAT} 13`, (t: TaskSource) => t.stat().big(13)),
  shared_pending: row('struct sigpending', `${STATUS} ShdPnd`, (t: TaskSource) => ({ signal: t.status().mask('ShdPnd') })),
  rlim: row('struct rlimit[16]', '/proc/TGID/task/TID/limits', (t: TaskSource) => t.limits()),
} satisfies Rows

const REGS = '/proc/TGID/task/TID/syscall: while the task waits in a system call; 0 while it runs'
const register = (at: number) => row('long unsigned int', REGS, (regs: readonly bigint[]) => regs[at] ?? 0n)
/** Registers of x86-64 that a system call's line shows: its number, six arguments, stack pointer, instruction pointer. */
const pt_regs = {
  ...{
    orig_ax: register(0),
    di: register(1),
    si: register(2),
    dx: register(3),
    r10: register(4),
    r8: register(5),
    r9: register(6),
  },
  ...{ sp: register(7), ip: register(8) },
} satisfies Rows

const thread_info = { cpu: row('u32', `${STAT} 39`, (t: TaskSource) => t.stat().number(39)) } satisfies Rows
const pid = {
  level: row(
    'unsigned int',
    `${STATUS} NSpid: namespaces below the daemon's`,
    (t: TaskSource) => t.status().numbers('NSpid').length - 1,
  ),
  numbers: row('struct upid[0]', `${STATUS} NSpid: from the daemon's namespace down`, (t: TaskSource) =>
    t.status().numbers('NSpid'),
  ),
} satisfies Rows
const upid = { nr: row('int', 'as the field that holds it', (nr: number) => nr) } satisfies Rows

const sched_entity = {
  sum_exec_runtime: row('u64', '/proc/TGID/task/TID/schedstat 1: ns', (t: TaskSource) => t.schedstat()?.[0] ?? 0n),
} satisfies Rows

const sched_info = {
  pcount: row('long unsigned int', '/proc/TGID/task/TID/schedstat 3', (t: TaskSource) => t.schedstat()?.[2] ?? 0n),
  run_delay: row('long long unsigned int', '/proc/TGID/task/TID/schedstat 2: ns', (t: TaskSource) => t.schedstat()?.[1] ?? 0n),
} satisfies Rows

const ioValue = (key: string) => row('u64', `/proc/TGID/task/TID/io ${key}`, (t: TaskSource) => BigInt(t.io()?.get(key) ?? 0))
const task_io_accounting = {
  rchar: ioValue('rchar'),
  wchar: ioValue('wchar'),
  syscr: ioValue('syscr'),
  syscw: ioValue('syscw'),
  read_bytes: ioValue('read_bytes'),
  write_bytes: ioValue('write_bytes'),
  cancelled_write_bytes: ioValue('cancelled_write_bytes'),
} satisfies Rows

const seccomp = { mode: row('int', `${STATUS} Seccomp`, (t: TaskSource) => t.status().number('Seccomp')) } satisfies Rows
const sigpending = { signal: row('sigset_t', 'as the field that holds it', (s: { signal: bigint }) => s.signal) } satisfies Rows
const sigset_t = { sig: row('long unsigned int[1]', 'as the field that holds it', (mask: bigint) => [mask]) } satisfies Rows
const rlimit = {
  rlim_cur: row('__kernel_ulong_t', 'soft limit', (limit: readonly [bigint, bigint]) => limit[0]),
  rlim_max: row('__kernel_ulong_t', 'hard limit', (limit: readonly [bigint, bigint]) => limit[1]),
} satisfies Rows

const MAPPED = `${STAT}; 0 without the right to trace the task`
const statAddress = (n: number) => row('long unsigned int', `${MAPPED} (field ${n})`, (t: TaskSource) => t.stat().big(n))
const mm_struct = {
  total_vm: row('long unsigned int', `${STATUS} VmSize: pages`, (t: TaskSource) => pages(t, 'VmSize')),
  locked_vm: row('long unsigned int', `${STATUS} VmLck: pages`, (t: TaskSource) => pages(t, 'VmLck')),
  pinned_vm: row('atomic64_t', `${STATUS} VmPin: pages`, (t: TaskSource) => pages(t, 'VmPin')),
  data_vm: row('long unsigned int', `${STATUS} VmData: pages`, (t: TaskSource) => pages(t, 'VmData')),
  stack_vm: row('long unsigned int', `${STATUS} VmStk: pages`, (t: TaskSource) => pages(t, 'VmStk')),
  exec_vm: row('long unsigned int', `${STATUS} VmExe + VmLib: pages`, (t: TaskSource) => pages(t, 'VmExe') + pages(t, 'VmLib')),
  hiwater_rss: row('long unsigned int', `${STATUS} VmHWM: pages, at least the present size`, (t: TaskSource) =>
    pages(t, 'VmHWM'),
  ),
  hiwater_vm: row('long unsigned int', `${STATUS} VmPeak: pages, at least the present size`, (t: TaskSource) =>
    pages(t, 'VmPeak'),
  ),
  rss_stat: row(
    'struct percpu_counter[4]',
    `${STATUS} RssFile, RssAnon, VmSwap, RssShmem: pages, with what the cpus have not yet added to the kernel's count`,
    (t: TaskSource) => ['RssFile', 'RssAnon', 'VmSwap', 'RssShmem'].map(key => pages(t, key)),
  ),
  pgtables_bytes: row('atomic_long_t', `${STATUS} VmPTE: bytes`, (t: TaskSource) => BigInt(t.status().number('VmPTE')) * 1024n),
  start_code: statAddress(26),
  end_code: statAddress(27),
  start_stack: statAddress(28),
  start_data: statAddress(45),
  end_data: statAddress(46),
  start_brk: statAddress(47),
  arg_start: statAddress(48),
  arg_end: statAddress(49),
  env_start: statAddress(50),
  env_end: statAddress(51),
  map_count: row('int', '/proc/TGID/task/TID/maps: its lines, without [vsyscall]', (t: TaskSource) => countMaps(t)),
  exe_file: row('struct file *', '/proc/TGID/task/TID/exe', (t: TaskSource) => {
    const path = linkPath(t, 'exe')
    return path?.inode ? { id: `exe of ${t.id}`, path, inode: path.inode } : null
  }),
} satisfies Rows
const percpu_counter = { count: row('s64', 'as the field that holds it', (count: bigint) => count) } satisfies Rows

const idOf = <T extends 'kuid_t' | 'kgid_t'>(type: T, key: 'Uid' | 'Gid', column: number) =>
  row(type, `${STATUS} ${key} ${column + 1}`, (t: TaskSource) => (t.status().numbers(key)[column] ?? 0) as never)
const cap = (key: string) => row('kernel_cap_t', `${STATUS} ${key}`, (t: TaskSource) => t.status().mask(key))
const cred = {
  uid: idOf('kuid_t', 'Uid', 0),
  euid: idOf('kuid_t', 'Uid', 1),
  suid: idOf('kuid_t', 'Uid', 2),
  fsuid: idOf('kuid_t', 'Uid', 3),
  gid: idOf('kgid_t', 'Gid', 0),
  egid: idOf('kgid_t', 'Gid', 1),
  sgid: idOf('kgid_t', 'Gid', 2),
  fsgid: idOf('kgid_t', 'Gid', 3),
  cap_inheritable: cap('CapInh'),
  cap_permitted: cap('CapPrm'),
  cap_effective: cap('CapEff'),
  cap_bset: cap('CapBnd'),
  cap_ambient: cap('CapAmb'),
} satisfies Rows
const kernel_cap_t = { val: row('u64', 'as the field that holds it', (mask: bigint) => mask) } satisfies Rows

const files_struct = { fdt: row('struct fdtable *', STATUS, (t: TaskSource) => t) } satisfies Rows
const fdtable = {
  max_fds: row('unsigned int', `${STATUS} FDSize`, (t: TaskSource) => t.status().number('FDSize')),
} satisfies Rows
const fs_struct = {
  umask: row('int', `${STATUS} Umask`, (t: TaskSource) => Number.parseInt(t.status().get('Umask') ?? '0', 8)),
  root: row('struct path', '/proc/TGID/task/TID/root', (t: TaskSource) => linkPath(t, 'root') ?? NOWHERE),
  pwd: row('struct path', '/proc/TGID/task/TID/cwd', (t: TaskSource) => linkPath(t, 'cwd') ?? NOWHERE),
} satisfies Rows
const NOWHERE = { text: '', inode: null }

const NS = '/proc/TGID/task/TID/ns'
const inum = (link: string) => (t: TaskSource) => t.namespace(link) || null
const nsproxy = {
  uts_ns: row('struct uts_namespace *', `${NS}/uts`, inum('uts')),
  ipc_ns: row('struct ipc_namespace *', `${NS}/ipc`, inum('ipc')),
  mnt_ns: row('struct mnt_namespace *', `${NS}/mnt`, inum('mnt')),
  pid_ns_for_children: row('struct pid_namespace *', `${NS}/pid_for_children`, inum('pid_for_children')),
  net_ns: row('struct net *', `${NS}/net`, inum('net')),
  time_ns: row('struct time_namespace *', `${NS}/time`, inum('time')),
  time_ns_for_children: row('struct time_namespace *', `${NS}/time_for_children`, inum('time_for_children')),
  cgroup_ns: row('struct cgroup_namespace *', `${NS}/cgroup`, inum('cgroup')),
} satisfies Rows
const ns_common = { inum: row('unsigned int', 'inode number of the namespace', (inum: number) => inum) } satisfies Rows
const withNs = { ns: row('struct ns_common', 'the namespace itself', (inum: number) => inum) } satisfies Rows

/** What stands behind the structs of this file. */
export interface TaskSources {
  task_struct: TaskSource
  thread_info: TaskSource
  pid: TaskSource
  signal_struct: TaskSource
  sched_entity: TaskSource
  sched_info: TaskSource
  task_io_accounting: TaskSource
  seccomp: TaskSource
  mm_struct: TaskSource
  cred: TaskSource
  files_struct: TaskSource
  fdtable: TaskSource
  fs_struct: TaskSource
  nsproxy: TaskSource
  /** As TaskSource.registers() has them. */
  pt_regs: readonly bigint[]
  upid: number
  sigpending: { signal: bigint }
  sigset_t: bigint
  rlimit: readonly [bigint, bigint]
  percpu_counter: bigint
  kernel_cap_t: bigint
  ns_common: number
  uts_namespace: number
  ipc_namespace: number
  mnt_namespace: number
  pid_namespace: number
  net: number
  time_namespace: number
  cgroup_namespace: number
}

/** Tasks and what belongs to one. */
export const taskStructs = {
  task_struct,
  pt_regs,
  thread_info,
  pid,
  upid,
  signal_struct,
  sched_entity,
  sched_info,
  task_io_accounting,
  seccomp,
  sigpending,
  sigset_t,
  rlimit,
  mm_struct,
  percpu_counter,
  cred,
  kernel_cap_t,
  files_struct,
  fdtable,
  fs_struct,
  nsproxy,
  ns_common,
  uts_namespace: withNs,
  ipc_namespace: withNs,
  mnt_namespace: withNs,
  pid_namespace: withNs,
  net: withNs,
  time_namespace: withNs,
  cgroup_namespace: withNs,
}

function countBits(mask: string): number {
  let count = 0
  for (const digit of mask) if (digit !== ',') for (let bits = Number.parseInt(digit, 16); bits > 0; bits >>= 1) count += bits & 1
  return count
}

function countMaps(task: TaskSource): number {
  return (
    task.facet('lines of maps', dir => {
      const bytes = dir.read('maps')
      let lines = 0
      for (const byte of bytes) if (byte === 0x0a) lines++
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('[vsyscall]') ? lines - 1 : lines
    }) ?? 0
  )
}
