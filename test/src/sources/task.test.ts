import t from 'tap'
import { EACCES, ErrnoError, ESRCH, ObjectGone, type Struct } from '../../../src/index.ts'
import { view } from '../../../src/kernel/view.ts'
import { SourceSession } from '../../../src/sources/session.ts'
import { TaskSource } from '../../../src/sources/task.ts'
import { fixturePlatform, noPlatform } from '../../support/no-platform.ts'

const HOOKS = { denied: () => {} }
const open = (fixture: string, reads?: string[]): Struct<'task_struct'> =>
  view('task_struct', new TaskSource(new SourceSession(fixturePlatform(fixture, reads), HOOKS), 12393, 12393))

t.test('a task of 6.18', async t => {
  const task = open('6.18')
  t.equal(task.comm, 'leader (x) y')
  t.match(task, { pid: 12393, tgid: 12393, __state: 1, state: 1n, flags: 0x400000, prio: 123, static_prio: 123, exit_signal: 17 })
  t.equal(task.start_boottime, 6_167_010_000_000n, 'ticks as ns')
  t.equal(task.utime, 30_000_000n)
  t.match(task, { min_flt: 3071n, maj_flt: 1n, nvcsw: 33n, nivcsw: 28n, nr_cpus_allowed: 2 })
  t.equal(task.real_parent?.tgid, 1)
  t.equal(task.se.sum_exec_runtime, 37_681_686n)
  t.match(task.sched_info, { run_delay: 2_100_103n, pcount: 61n })
  t.equal(task.ioac.wchar, 271n)
  t.equal(task.thread_info.cpu, 1)
  t.same([task.thread_pid?.level, task.thread_pid?.numbers.map(upid => upid.nr)], [0, [12393]])
  t.equal(task.cgroups?.dfl_cgrp?.kn?.name, 'a b.service')
  t.equal(task.cgroups?.dfl_cgrp?.level, 2)
  t.equal(task.cred?.cap_effective.val, 0x1fffeffffffn)
  t.equal(task.fs?.umask, 0o22)
  t.match(task.signal, { nr_threads: 4, leader: 0, cutime: 30_000_000n, cmin_flt: 6560n })
  t.same(
    task.signal?.rlim.map(limit => limit.rlim_cur),
    [-1, -1, -1, 8388608, 0, -1, 96365, 20000, 8388608, -1, -1, 96365, 819200, 0, 0, -1].map(n => BigInt.asUintN(64, BigInt(n))),
  )
  const mm = task.mm!
  t.match(mm, { total_vm: 59631n, data_vm: 8320n, stack_vm: 33n, exec_vm: 1215n, map_count: 9, arg_start: 140729280805087n })
  t.equal(mm.pgtables_bytes.counter, 96n * 1024n)
  t.same(
    mm.rss_stat.map(counter => counter.count),
    [1751n, 1892n, 0n, 0n],
  )
})

t.test('a name with a parenthesis and a newline is no field separator', async t => {
  for (const kernel of ['5.10', '4.19']) {
    const task = open(kernel)
    t.equal(task.comm, 'a) R (b\nc', kernel)
    t.equal(task.__state, kernel === '4.19' ? 0x104 : 1)
    t.equal(task.min_flt, 3071n)
    t.equal(task.nr_cpus_allowed, 2)
  }
})

t.test('what an older kernel does not print is 0 or NULL', async t => {
  const task = open('3.10')
  t.equal(task.comm, 'old')
  t.equal(task.min_flt, 3071n)
  t.equal(task.exit_code, 0)
  t.equal(task.fs, null, 'no Umask')
  t.equal(task.se.sum_exec_runtime, 0n, 'no schedstat')
  t.equal(task.ioac.rchar, 0n)
  t.equal(task.seccomp.mode, 0)
  t.same(
    task.mm?.rss_stat.map(counter => counter.count),
    [0n, 0n, 0n, 0n],
  )
  t.equal(task.mm?.arg_start, 0n)
})

t.test('a kernel thread', async t => {
  const task = open('kthread')
  t.equal(task.comm, 'kworker/u8:3', 'without what it works on')
  t.equal(task.__state, 0x402)
  t.equal(task.mm, null)
  t.equal(task.prio, 100)
  t.equal(task.real_parent, null, 'PPid 0')
})

t.test('only what is looked at is read, and once', async t => {
  const reads: string[] = []
  const task = open('6.18', reads)
  t.same([task.pid, task.tgid, reads], [12393, 12393, []], 'pid and tgid need no file')
  t.equal(task.comm.length + task.comm.length, 24)
  t.same(reads, ['open /proc/12393/task/12393', 'comm'])
  t.ok(task.flags && task.prio && task.policy === 0)
  t.same(reads.slice(2), ['stat'])
})

t.test('what may not be read is 0, and told once at the end', async t => {
  const told: unknown[] = []
  const platform = { ...fixturePlatform('6.18') }
  const session = new SourceSession(
    {
      ...platform,
      openDir: path => ({
        ...platform.openDir(path),
        read: () => {
          throw new ErrnoError(EACCES)
        },
      }),
    },
    { denied: (what, times) => told.push([what, times]) },
  )
  for (const tid of [1, 2]) t.equal(view('task_struct', new TaskSource(session, tid, tid)).ioac.rchar, 0n)
  t.same(told, [])
  session.close()
  t.same(told, [['io', 2]])
})

t.test('a task that went is ObjectGone', async t => {
  const session = new SourceSession(
    {
      ...noPlatform,
      openDir: () => {
        throw new ErrnoError(ESRCH)
      },
    },
    HOOKS,
  )
  t.throws(() => view('task_struct', new TaskSource(session, 5, 5)).comm, ObjectGone)
  const reads = fixturePlatform('6.18')
  let alive = true
  const dying = new SourceSession(
    {
      ...reads,
      openDir: path => {
        const dir = reads.openDir(path)
        return {
          ...dir,
          read: name => {
            if (!alive) throw new ErrnoError(ESRCH)
            return dir.read(name)
          },
        }
      },
    },
    HOOKS,
  )
  const task = view('task_struct', new TaskSource(dying, 5, 5))
  t.equal(task.comm, 'leader (x) y')
  alive = false
  t.equal(task.comm, 'leader (x) y', 'what was read stays')
  t.throws(() => task.flags, ObjectGone)
  t.throws(() => task.ioac.rchar, ObjectGone, 'not taken for a file that an older kernel lacks')
})
