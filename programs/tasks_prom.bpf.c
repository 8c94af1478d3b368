// Tasks as metrics of Prometheus, in its text format, for node_exporter's textfile collector and its kin.
//
// Prints  one metric with its HELP and TYPE lines, then a line for each task. A file of metrics must have all lines of one metric together: so each
//         program of this object prints one, and `cat` puts them together:
//             for metric in cpu_seconds resident_bytes open_files threads context_switches; do
//                 iterfs pin tasks_prom.bpf.o MOUNT/prom/$metric --prog $metric
//             done
//             cat MOUNT/prom/* >tasks.prom.new && mv tasks.prom.new /var/lib/prometheus/node-exporter/tasks.prom
//         Labels  pid, tid (of a metric of threads), comm. Bytes of a comm that are not ASCII are shown as "?".
// Parameters  --pid N: one process; none: all.
// Globals  page_size: bytes of a page (4096). open: what open_files counts with; it is for one reader at a time.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define COMM_SIZE 16
#define NS_PER_S 1000000000ULL

const volatile __u64 page_size = 4096;

struct {
	int tgid;
	unsigned int count;
	char comm[COMM_SIZE];
} open;

#define METRIC(name, type, help) "# HELP " name " " help "\n# TYPE " name " " type "\n"

/* The value of a label: \, " and newlines are escaped. */
static void print_escaped(struct seq_file *seq, const char *text)
{
	int i;

	for (i = 0; i < COMM_SIZE && text[i]; i++) {
		if (text[i] == '\\')
			BPF_SEQ_PRINTF(seq, "\\\\");
		else if (text[i] == '"')
			BPF_SEQ_PRINTF(seq, "\\\"");
		else if (text[i] == '\n')
			BPF_SEQ_PRINTF(seq, "\\n");
		else
			BPF_SEQ_PRINTF(seq, "%c", text[i] < 0 ? '?' : text[i]);
	}
}

static void print_comm(struct seq_file *seq, struct task_struct *task)
{
	char comm[COMM_SIZE] = {};

	bpf_probe_read_kernel_str(comm, sizeof(comm), task->comm);
	print_escaped(seq, comm);
}

SEC("iter/task")
int cpu_seconds(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	__u64 ns;

	if (!task)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, METRIC("iterfs_task_cpu_seconds_total", "counter", "Time that the thread ran on a CPU."));
	ns = task->se.sum_exec_runtime;
	BPF_SEQ_PRINTF(seq, "iterfs_task_cpu_seconds_total{pid=\"%d\",tid=\"%d\",comm=\"", task->tgid, task->pid);
	print_comm(seq, task);
	BPF_SEQ_PRINTF(seq, "\"} %llu.%09llu\n", ns / NS_PER_S, ns % NS_PER_S);
	return 0;
}

SEC("iter/task")
int resident_bytes(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct mm_struct *mm;
	__s64 pages;

	if (!task)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, METRIC("iterfs_task_resident_bytes", "gauge", "Memory of the process that is in RAM."));
	mm = task->mm;
	if (!mm || task->pid != task->tgid)
		return 0;
	pages = mm->rss_stat[MM_FILEPAGES].count + mm->rss_stat[MM_ANONPAGES].count + mm->rss_stat[MM_SHMEMPAGES].count;
	BPF_SEQ_PRINTF(seq, "iterfs_task_resident_bytes{pid=\"%d\",comm=\"", task->tgid);
	print_comm(seq, task);
	BPF_SEQ_PRINTF(seq, "\"} %llu\n", pages < 0 ? 0 : pages * page_size);
	return 0;
}

SEC("iter/task")
int threads(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, METRIC("iterfs_task_threads", "gauge", "Threads of the process."));
	if (task->pid != task->tgid)
		return 0;
	BPF_SEQ_PRINTF(seq, "iterfs_task_threads{pid=\"%d\",comm=\"", task->tgid);
	print_comm(seq, task);
	BPF_SEQ_PRINTF(seq, "\"} %d\n", task->signal->nr_threads);
	return 0;
}

SEC("iter/task")
int context_switches(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	int voluntary;

	if (!task)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, METRIC("iterfs_task_context_switches_total", "counter", "Times that the thread gave up its CPU, or lost it."));
	for (voluntary = 0; voluntary < 2; voluntary++) {
		BPF_SEQ_PRINTF(seq, "iterfs_task_context_switches_total{pid=\"%d\",tid=\"%d\",voluntary=\"%d\",comm=\"", task->tgid, task->pid,
			       voluntary);
		print_comm(seq, task);
		BPF_SEQ_PRINTF(seq, "\"} %lu\n", voluntary ? task->nvcsw : task->nivcsw);
	}
	return 0;
}

/* The line of the process whose files were counted; 0 when it fitted. */
static long print_open(struct seq_file *seq)
{
	if (!open.count)
		return 0;
	BPF_SEQ_PRINTF(seq, "iterfs_task_open_files{pid=\"%d\",comm=\"", open.tgid);
	print_escaped(seq, open.comm);
	return BPF_SEQ_PRINTF(seq, "\"} %u\n", open.count);
}

/* Counts while a process goes on; its line is printed when the next one begins. */
SEC("iter/task_file")
int open_files(struct bpf_iter__task_file *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;

	if (!task || !ctx->file) {
		print_open(seq);
		return 0;
	}
	if (ctx->meta->seq_num == 0) {
		open.count = 0;
		BPF_SEQ_PRINTF(seq, METRIC("iterfs_task_open_files", "gauge", "Descriptors that the process has open, if any."));
	}
	/* A thread with a table of its own. */
	if (task->pid != task->tgid)
		return 0;
	if (open.tgid != task->tgid || !open.count) {
		/* What does not fit is shown again by another call for this file. */
		if (print_open(seq))
			return 0;
		open.tgid = task->tgid;
		open.count = 0;
		bpf_probe_read_kernel_str(open.comm, sizeof(open.comm), task->comm);
	}
	open.count++;
	return 0;
}
