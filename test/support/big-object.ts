// C text of an object of any size: many iterators, each with fields, maps, calls, loops and formats of its own.

/** The text. Each program is about 21 KB of the object without debug information (llvm-strip -g): 27 make 600 KB. */
export function bigSource(programs: number): string {
  const list = Array.from({ length: programs }, (_, n) => program(n))
  return `${HEAD}${list.join('\n')}`
}

const HEAD = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} table SEC(".maps");

int target_pid = 0;
__u64 counts[256];
`

/** Fields of 32 bits and less, and of 64 bits. */
const SMALL = ['pid', 'tgid', 'prio', 'static_prio', 'policy', 'flags', 'exit_signal', 'rt_priority']
const LARGE = [
  'nvcsw',
  'nivcsw',
  'min_flt',
  'maj_flt',
  'mm->stack_vm',
  'mm->total_vm',
  'mm->start_code',
  'signal->rlim[7].rlim_cur',
]
const LINES = 24

function program(n: number): string {
  const lines = Array.from({ length: LINES }, (_, line) => {
    const small = SMALL[(n + line) % SMALL.length]!
    const large = LARGE[(n * 3 + line) % LARGE.length]!
    return `	if ((task->${small} & ${line + 1}) != (${n} & ${line + 1}))
		BPF_SEQ_PRINTF(seq, "${n} ${line} ${small} %d of ${large} %lu\\n", task->${small}, task->${large});
	counts[${(n * LINES + line) % 256}] += mix${n}(task->${small}, ${line});`
  })
  return `
static __noinline __u64 mix${n}(__u64 value, __u32 by)
{
	__u32 i;

	for (i = 0; i < 8; i++)
		value = (value << ${(n % 13) + 1} | value >> ${63 - (n % 13)}) ^ by * ${n + 3};
	return value;
}

SEC("iter/task")
int program_${n}(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	__u32 key = ${n};
	__u64 *at;

	if (!task || (target_pid && task->tgid != target_pid))
		return 0;
	at = bpf_map_lookup_elem(&table, &key);
	if (at)
		*at += BPF_CORE_READ(task, real_parent, tgid);
${lines.join('\n')}
	return 0;
}
`
}
