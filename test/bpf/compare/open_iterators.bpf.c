// Open-coded iterators: numbers, bits, the threads of a process.
#include "compare.h"

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
extern int bpf_iter_bits_new(struct bpf_iter_bits *it, const u64 *unsafe_ptr__ign, u32 nr_words) __ksym;
extern int *bpf_iter_bits_next(struct bpf_iter_bits *it) __ksym;
extern void bpf_iter_bits_destroy(struct bpf_iter_bits *it) __ksym;
extern int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task, unsigned int flags) __ksym;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

#define ALL_PROCS 0
#define ALL_THREADS 1
#define PROC_THREADS 2

volatile __u32 threads, ours, sum;

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	__u64 words[2] = { 0x8000000000000005ULL, 0x10 };
	struct task_struct *task = ctx->task, *found;
	struct bpf_iter_num num;
	struct bpf_iter_bits bits;
	struct bpf_iter_task tasks;
	int *at, ret;

	if (!task)
		return 0;
	ret = bpf_iter_num_new(&num, -2, 3);
	OUT("num %d:", ret);
	while ((at = bpf_iter_num_next(&num)))
		OUT(" %d", *at);
	bpf_iter_num_destroy(&num);
	ret = bpf_iter_num_new(&num, 3, 3);
	at = bpf_iter_num_next(&num);
	OUT("\nempty %d %d\n", ret, at == 0);
	bpf_iter_num_destroy(&num);
	ret = bpf_iter_num_new(&num, 4, 3);
	at = bpf_iter_num_next(&num);
	OUT("backwards %d %d\n", ret, at == 0);
	bpf_iter_num_destroy(&num);
	ret = bpf_iter_num_new(&num, 0, (1 << 23) + 1);
	at = bpf_iter_num_next(&num);
	OUT("too many %d %d\n", ret, at == 0);
	bpf_iter_num_destroy(&num);
	sum = 0;
	bpf_iter_num_new(&num, 0, 10000);
	while ((at = bpf_iter_num_next(&num))) {
		if ((__u32)*at % 3 == 0)
			continue;
		if (*at > 9000)
			break;
		sum += *at;
	}
	bpf_iter_num_destroy(&num);
	OUT("sum %u\n", sum);
	ret = bpf_iter_bits_new(&bits, words, 2);
	OUT("bits %d:", ret);
	while ((at = bpf_iter_bits_next(&bits)))
		OUT(" %d", *at);
	bpf_iter_bits_destroy(&bits);
	threads = ours = 0;
	bpf_rcu_read_lock();
	bpf_iter_task_new(&tasks, task, PROC_THREADS);
	while ((found = bpf_iter_task_next(&tasks))) {
		threads++;
		ours += found->tgid == task->tgid;
	}
	bpf_iter_task_destroy(&tasks);
	OUT("\nthreads %u of the process %u\n", threads, ours);
	threads = ours = 0;
	bpf_iter_task_new(&tasks, 0, ALL_PROCS);
	while ((found = bpf_iter_task_next(&tasks))) {
		threads++;
		ours += found->tgid == task->tgid;
	}
	bpf_iter_task_destroy(&tasks);
	OUT("processes %d of it %u\n", threads > 2, ours);
	threads = ours = 0;
	bpf_iter_task_new(&tasks, 0, ALL_THREADS);
	while ((found = bpf_iter_task_next(&tasks))) {
		threads++;
		ours += found->tgid == task->tgid;
	}
	bpf_iter_task_destroy(&tasks);
	OUT("all threads %d of it %u\n", threads > 4, ours);
	bpf_rcu_read_unlock();
	return 0;
}
