// Objects that neither the kernel nor iterfs takes, or whose program neither attaches: why, and with which exit status of the command.

export interface RefusedCase {
  readonly what: string
  /** Behind the usual includes. */
  readonly source: string
  /** What iterfs says. */
  readonly says: RegExp
  /** A map for the iterator, in bpftool's words. */
  readonly map?: string
  /** Exit status of `iterfs pin` where it differs from bpftool's, and why. */
  readonly status?: { readonly iterfs: number; readonly because: string }
}

const GPL = 'char LICENSE[] SEC("license") = "GPL";'
const task = (body: string, section = 'iter/task'): string =>
  `${GPL}\nSEC("${section}")\nint dump(struct bpf_iter__task *ctx)\n{\n\tstruct task_struct *task = ctx->task;\n\tif (!task)\n\t\treturn 0;\n\t${body}\n\treturn 0;\n}\n`
const elem = (body: string): string =>
  `${GPL}\nSEC("iter/bpf_map_elem")\nint dump(struct bpf_iter__bpf_map_elem *ctx)\n{\n\t__u64 *key = ctx->key, *value = ctx->value;\n\tif (!key || !value)\n\t\treturn 0;\n\t${body}\n\treturn 0;\n}\n`

export const REFUSED_CASES: readonly RefusedCase[] = [
  {
    what: 'a GPL helper under another licence',
    source: task('BPF_SEQ_PRINTF(ctx->meta->seq, "%d\\n", task->pid);').replace('"GPL"', '"MIT"'),
    says: /GPL/,
  },
  { what: 'a helper that iterators may not call', source: task('bpf_redirect(0, 0);'), says: /redirect/ },
  { what: 'a helper that does not exist', source: task('((long (*)(void))5000)();'), says: /5000/ },
  {
    what: 'a helper that sleeps in a program that may not',
    source: task('char c; bpf_copy_from_user(&c, 1, (void *)8);'),
    says: /copy_from_user/,
  },
  {
    what: 'a kfunc that does not exist',
    source: `extern int bpf_no_such_kfunc(int n) __ksym;\n${task('bpf_no_such_kfunc(1);')}`,
    says: /bpf_no_such_kfunc/,
  },
  {
    what: 'a symbol that does not exist',
    source: `extern const void no_such_symbol __ksym;\n${task('if (&no_such_symbol == (void *)task) return 1;')}`,
    says: /no_such_symbol/,
  },
  {
    what: 'an option that the kernel does not have',
    source: `extern int CONFIG_NO_SUCH_OPTION __kconfig;\n${task('if (CONFIG_NO_SUCH_OPTION == task->pid) return 1;')}`,
    says: /CONFIG_NO_SUCH_OPTION/,
  },
  {
    what: 'a field that the target does not have',
    source: `struct task_struct___mine { int no_such_field; } __attribute__((preserve_access_index));\n${task(
      'BPF_SEQ_PRINTF(ctx->meta->seq, "%d\\n", BPF_CORE_READ((struct task_struct___mine *)task, no_such_field));',
    )}`,
    says: /no_such_field/,
  },
  { what: 'a target that does not exist', source: task('', 'iter/no_such_target'), says: /no_such_target/ },
  {
    what: 'a sleepable program on a target without sleep',
    source: `${GPL}\nSEC("iter.s/bpf_map")\nint dump(struct bpf_iter__bpf_map *ctx)\n{\n\treturn 0;\n}\n`,
    says: /sleep/,
  },
  { what: 'bpf_map_elem without a map', source: elem(''), says: /Bad file descriptor/ },
  {
    what: 'bpf_map_elem of a map that is not walked',
    source: elem(''),
    map: 'type queue key 0 value 4 entries 2 name q',
    says: /hash or array/,
  },
  {
    what: 'a program that reads more of the key than there is',
    source: elem('if (*key == 5) return 1;'),
    map: 'type hash key 4 value 8 entries 2 name h',
    says: /^$/,
    status: { iterfs: 0, because: 'what a program may reach is checked when it runs' },
  },
  {
    what: 'a program that writes more of the value than there is',
    source: elem('value[1] = 5;'),
    map: 'type hash key 4 value 8 entries 2 name h',
    says: /^$/,
    status: { iterfs: 0, because: 'what a program may reach is checked when it runs' },
  },
  {
    what: 'a map of the old kind',
    source: `struct bpf_map_def_of_old { unsigned int type, key_size, value_size, max_entries, map_flags; };
struct bpf_map_def_of_old SEC("maps") old = { .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1 };
${task('__u32 zero = 0; if (bpf_map_lookup_elem(&old, &zero)) return 1;')}`,
    says: /maps/,
  },
  { what: 'no program', source: `${GPL}\nint nothing;\n`, says: /no iterator/ },
  {
    what: 'no iterator',
    source: `${GPL}\nSEC("kprobe/vfs_read")\nint probe(struct pt_regs *ctx)\n{\n\treturn 0;\n}\n`,
    says: /no iterator/,
    status: { iterfs: 254, because: 'programs of other kinds are not loaded' },
  },
]
