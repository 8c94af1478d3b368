// Programs that the kernel and iterfs must print the same bytes for. Each file of programs/ and of test/bpf/compare/ has a row.

/** Parts of the controlled process: its leader, all its threads, a thread; a kernel thread; everything, filtered by a global. */
export type On = 'leader' | 'threads' | 'thread' | 'kthread' | 'filtered' | 'none'

export interface CompareCase {
  /** Of test/bpf/compare/ or, with a slash, of the project. */
  readonly file: string
  readonly covers: string
  /** Default: the leader, by tid. `filtered`: no parameter, `target_pid` is set. `none`: no parameter. */
  readonly on?: On
  readonly prog?: string
  readonly set?: Readonly<Record<string, string>>
  readonly map?: { readonly create: string; readonly updates: readonly string[] }
  /** Sizes of the reads of one open file, instead of reading to the end, twice. */
  readonly reads?: readonly number[]
  /** Makes both texts comparable where values differ with good reason (docs/differences.md). */
  readonly mask?: (text: string) => string
  /** What the source needs; clang is the system's without it. */
  readonly clang?: 'clang-16' | 'clang-19'
  readonly cpu?: 'v2' | 'v3' | 'v4'
}

/** f_op, an address that no interface shows. */
const noFops = (text: string): string => text.replace(/ [0-9a-f]{16}$/gm, ' F_OP')
/** Hash maps are walked in an order that each map has of its own. */
const sorted = (text: string): string => text.split('\n').sort().join('\n')

const numbers = (type: string, count: number) => ({
  create: `type ${type} key 4 value 8 entries 16 name numbers`,
  updates: Array.from({ length: count }, (_, n) => `key ${n} 0 0 0 value ${n * 3} 1 0 0 0 0 0 0`),
})
const perCpu = (type: string) => ({ create: `type ${type} key 4 value 8 entries 3 name counters`, updates: [] })

export const COMPARE_CASES: readonly CompareCase[] = [
  // The programs that ship with iterfs
  { file: 'programs/task.bpf.c', covers: 'task', on: 'threads' },
  { file: 'programs/task_file.bpf.c', covers: 'the worked example, by pid', on: 'threads', mask: noFops },
  { file: 'programs/task_file.bpf.c', covers: 'the worked example, by tid of the leader', mask: noFops },
  {
    file: 'programs/task_file.bpf.c',
    covers: 'the worked example, by tid of a thread with its own table',
    on: 'thread',
    mask: noFops,
  },
  { file: 'programs/task_file.bpf.c', covers: 'the worked example, filtered by its global', on: 'filtered', mask: noFops },
  { file: 'programs/task_vma.bpf.c', covers: 'maps by pid', on: 'threads' },
  { file: 'programs/task_vma.bpf.c', covers: 'maps by tid' },
  { file: 'programs/task_stack.bpf.c', covers: 'kernel stacks', on: 'threads' },
  { file: 'programs/task_tree.bpf.c', covers: 'pointers', on: 'threads' },
  { file: 'programs/task_tree.bpf.c', covers: 'pointers of a kernel thread, which has no mm', on: 'kthread' },
  { file: 'programs/map_dump.bpf.c', covers: 'a hash', map: numbers('hash', 5), mask: sorted },
  { file: 'programs/map_dump.bpf.c', covers: 'an array', map: numbers('array', 16) },
  {
    file: 'programs/map_dump.bpf.c',
    covers: 'keys and values of odd sizes',
    map: {
      create: 'type hash key 3 value 70 entries 2 name odd',
      updates: [`key 1 2 3 value ${Array.from({ length: 70 }, (_, n) => n).join(' ')}`],
    },
  },
  { file: 'programs/map_dump.bpf.c', covers: 'a per-CPU array', map: perCpu('percpu_array'), set: { cpus: '2' } },

  // CO-RE
  { file: 'core_offset.bpf.c', covers: 'field offsets' },
  { file: 'core_direct.bpf.c', covers: 'field offsets of plain loads' },
  { file: 'core_exists.bpf.c', covers: 'field existence' },
  { file: 'core_info.bpf.c', covers: 'field size and signedness' },
  { file: 'core_bitfield.bpf.c', covers: 'shifts of bitfields' },
  { file: 'core_types.bpf.c', covers: 'type existence, size, local and target id' },
  { file: 'core_matches.bpf.c', covers: 'type matching', clang: 'clang-16' },
  { file: 'core_enum.bpf.c', covers: 'enum values' },
  { file: 'core_flavour.bpf.c', covers: 'flavours' },
  { file: 'core_poison.bpf.c', covers: 'relocations that fail where nobody comes by' },

  // Helpers and kfuncs
  { file: 'helper_current.bpf.c', covers: 'the reader' },
  { file: 'helper_time.bpf.c', covers: 'clocks, CPU, random numbers' },
  { file: 'helper_probe_read.bpf.c', covers: 'probe_read_*' },
  { file: 'helper_user_memory.bpf.c', covers: 'copy_from_user_task in a sleepable program' },
  { file: 'helper_d_path.bpf.c', covers: 'd_path', on: 'threads' },
  { file: 'helper_strings.bpf.c', covers: 'strncmp, strtol, strtoul' },
  { file: 'helper_snprintf.bpf.c', covers: 'snprintf' },
  { file: 'helper_btf.bpf.c', covers: 'seq_printf_btf, snprintf_btf' },
  { file: 'helper_btf_types.bpf.c', covers: 'typed printing of structs, unions, arrays, enums and pointers' },
  { file: 'helper_stack.bpf.c', covers: 'get_task_stack' },
  { file: 'helper_stack.bpf.c', covers: 'get_task_stack of a kernel thread', on: 'kthread' },
  { file: 'helper_regs.bpf.c', covers: 'task_pt_regs' },
  { file: 'helper_trace.bpf.c', covers: 'trace_printk' },
  { file: 'helper_rare.bpf.c', covers: 'get_current_ancestor_cgroup_id, get_ns_current_pid_tgid' },
  { file: 'find_vma.bpf.c', covers: 'find_vma, iter_task_vma' },
  { file: 'kptr.bpf.c', covers: 'kptr_xchg', on: 'threads', clang: 'clang-16' },
  { file: 'user_strings.bpf.c', covers: 'copy_from_user_task_str' },
  { file: 'dynptr.bpf.c', covers: 'dynptr' },
  { file: 'dynptr_kfuncs.bpf.c', covers: 'kfuncs of dynptr' },
  { file: 'kfuncs_cgroup.bpf.c', covers: 'cgroups and their tasks, preempt_disable' },
  { file: 'callbacks.bpf.c', covers: 'loop, for_each_map_elem' },
  { file: 'open_iterators.bpf.c', covers: 'iter_num, iter_bits, iter_task, rcu_read_lock' },
  { file: 'kfuncs_task.bpf.c', covers: 'tasks and cgroups by id, references, rdonly_cast' },
  { file: 'kfuncs_string.bpf.c', covers: 'str*' },
  { file: 'kfuncs_map.bpf.c', covers: 'map_sum_elem_count, a weak kfunc' },

  // Maps
  { file: 'map_hash.bpf.c', covers: 'HASH' },
  { file: 'map_array.bpf.c', covers: 'ARRAY' },
  { file: 'map_percpu.bpf.c', covers: 'PERCPU_ARRAY, PERCPU_HASH, LRU_PERCPU_HASH' },
  { file: 'map_lru.bpf.c', covers: 'LRU_HASH' },
  { file: 'map_lpm.bpf.c', covers: 'LPM_TRIE' },
  { file: 'map_queue.bpf.c', covers: 'QUEUE, STACK' },
  { file: 'map_bloom.bpf.c', covers: 'BLOOM_FILTER' },
  { file: 'map_of_maps.bpf.c', covers: 'ARRAY_OF_MAPS, HASH_OF_MAPS' },
  { file: 'map_ringbuf.bpf.c', covers: 'RINGBUF' },
  { file: 'map_task_storage.bpf.c', covers: 'TASK_STORAGE', on: 'threads' },
  { file: 'map_cgrp_storage.bpf.c', covers: 'CGRP_STORAGE', on: 'threads' },
  { file: 'map_prog_array.bpf.c', covers: 'PROG_ARRAY, tail calls', prog: 'dump' },
  { file: 'map_lock.bpf.c', covers: 'spin locks' },
  { file: 'elem_hash.bpf.c', covers: 'bpf_map_elem of a hash, writing', map: numbers('hash', 1) },
  { file: 'elem_hash.bpf.c', covers: 'bpf_map_elem of an array, writing', map: numbers('array', 3) },
  { file: 'elem_hash.bpf.c', covers: 'bpf_map_elem of an LRU hash', map: numbers('lru_hash', 1) },
  { file: 'elem_hash.bpf.c', covers: 'bpf_map_elem of an empty hash', map: numbers('hash', 0) },
  { file: 'elem_percpu.bpf.c', covers: 'bpf_map_elem of a per-CPU array', map: perCpu('percpu_array') },
  { file: 'own_maps.bpf.c', covers: 'the target bpf_map', on: 'none' },
  { file: 'own_progs.bpf.c', covers: 'the target bpf_prog', on: 'none' },
  { file: 'own_progs.bpf.c', covers: 'the target bpf_link', on: 'none', prog: 'links' },

  // Formats
  { file: 'printf_numbers.bpf.c', covers: 'integers and characters' },
  { file: 'printf_strings.bpf.c', covers: '%s, %pks, %pus' },
  { file: 'printf_pointers.bpf.c', covers: '%p, %px, %pS, %ps, %pB, %pI4, %pI6' },
  { file: 'printf_errors.bpf.c', covers: 'formats that are refused' },

  // Language
  { file: 'globals.bpf.c', covers: '.data, .bss, .rodata and sections of its own' },
  {
    file: 'globals.bpf.c',
    covers: 'globals that are set before load',
    set: {
      zero: '-5',
      counted: '0x10',
      wide: '81985529216486895',
      small: '-128',
      flag: 'true',
      list: '9,8,7,6',
      text: 'set',
      limit: '77',
      title: 'given',
      custom: '70',
      fixed: '71',
      empty: '72',
    },
  },
  { file: 'subprograms.bpf.c', covers: 'static, global and hidden functions' },
  { file: 'loops.bpf.c', covers: 'loops, switches, goto' },
  { file: 'arithmetic.bpf.c', covers: 'arithmetic of cpu v1' },
  { file: 'arithmetic.bpf.c', covers: 'arithmetic of cpu v3', cpu: 'v3' },
  { file: 'arithmetic.bpf.c', covers: 'arithmetic of cpu v4', cpu: 'v4', clang: 'clang-19' },
  { file: 'memory.bpf.c', covers: 'stack, copies, packed structs' },
  { file: 'atomics.bpf.c', covers: 'atomics', cpu: 'v3' },
  { file: 'kconfig.bpf.c', covers: 'kconfig and ksyms externs, weak ones' },
  { file: 'programs.bpf.c', covers: 'several programs, the first', on: 'threads' },
  { file: 'programs.bpf.c', covers: 'several programs, of another target', on: 'threads', prog: 'files' },
  { file: 'programs.bpf.c', covers: 'several programs, a sleepable one', on: 'threads', prog: 'last' },
  { file: 'null_pointers.bpf.c', covers: 'loads through NULL', on: 'kthread' },
  { file: 'fields_task.bpf.c', covers: 'fields of a task', on: 'threads' },
  { file: 'fields_task.bpf.c', covers: 'fields of a kernel thread', on: 'kthread' },
  { file: 'fields_file.bpf.c', covers: 'fields of files', on: 'threads' },
  { file: 'fields_vma.bpf.c', covers: 'fields of mappings', on: 'threads' },

  // seq_file
  { file: 'seq_numbers.bpf.c', covers: 'seq_num, session_id, the call at the end', on: 'threads' },
  { file: 'seq_numbers.bpf.c', covers: 'the call at the end without an object', on: 'threads', reads: [1, 100, 100, 100] },
  { file: 'seq_binary.bpf.c', covers: 'seq_write', on: 'threads' },
  { file: 'seq_again.bpf.c', covers: 'return 1: EAGAIN', on: 'threads' },
  { file: 'seq_again.bpf.c', covers: 'return 1: what later reads give', on: 'threads', reads: [100, 100, 100, 100, 100, 100] },
  { file: 'seq_overflow.bpf.c', covers: 'one byte too much: E2BIG', on: 'threads' },
  {
    file: 'seq_overflow.bpf.c',
    covers: 'one byte too much, read on',
    on: 'threads',
    set: { at: '1' },
    reads: [40000, 40000, 40000],
  },
  {
    file: 'seq_overflow.bpf.c',
    covers: 'just as much as fits',
    on: 'threads',
    set: { over: 'false' },
    reads: [4096, 40000, 40000, 40000],
  },
  { file: 'seq_large.bpf.c', covers: 'much text', on: 'threads' },
  {
    file: 'seq_large.bpf.c',
    covers: 'much text in reads of odd sizes',
    on: 'threads',
    reads: [1, 7, 1000, 32768, 5, 65536, 65536, 131072, 100, 65536],
  },
]
