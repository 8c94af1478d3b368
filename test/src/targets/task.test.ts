// The targets task, task_file and task_vma on live processes, in this process.
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import {
  EBADF,
  EINVAL,
  ErrnoError,
  ESRCH,
  findTarget,
  type Iter,
  type IterLinkInfo,
  IterSession,
  type LinkInfo,
  nodePlatform,
  type Platform,
} from '../../../src/index.ts'
import { runnerOf } from '../../../src/program/module.ts'
import { taskTargets } from '../../../src/targets/task.ts'
import { sh, until } from '../../support/daemon.ts'
import { Kernel, noKernelBpf } from '../../support/kernel.ts'
import { startProcessTree } from '../../support/process-tree.ts'
import { type RunOptions, runIter } from '../../support/run-iter.ts'

const taskLines: Iter<'task'> = {
  target: 'task',
  run({ meta: { seq }, task }) {
    if (task) seq.printf('%d %d\n', task.tgid, task.pid)
    else seq.printf('END\n')
  },
}
const fileLines: Iter<'task_file'> = {
  target: 'task_file',
  run({ meta: { seq }, task, fd }) {
    seq.printf('%d %u\n', task?.pid ?? -1, fd)
  },
}
const vmaLines: Iter<'task_vma'> = {
  target: 'task_vma',
  run({ meta: { seq }, task, vma }) {
    if (task && vma) seq.printf('%d %lx\n', task.pid, vma.vm_start)
  },
}

const pairs = (text: string): number[][] =>
  text
    .trim()
    .split('\n')
    .map(line => line.split(' ').map(Number))
const tids = (options: RunOptions = {}): number[] =>
  pairs(runIter(taskLines, options))
    .slice(0, -1)
    .map(([, pid]) => pid!)
const start = (command: string, args: readonly string[]): ChildProcess => spawn(command, args, { stdio: 'ignore' })

t.test('attach takes one of tid, pid and pid_fd', async t => {
  const reg = findTarget('task')!
  const told = (task: IterLinkInfo['task']): unknown => {
    const aux = reg.attach_target!(task && { task })
    const info = {} as LinkInfo
    reg.fill_link_info!(aux, info)
    return [reg.show_fdinfo!(aux), info.task]
  }
  const refused = (task: IterLinkInfo['task']): number | undefined => {
    try {
      told(task)
      return 0
    } catch (err) {
      return err instanceof ErrnoError ? err.errno : undefined
    }
  }
  t.same(told(undefined), ['task_type:\tALL\n', { tid: 0, pid: 0 }])
  t.same(told({}), ['task_type:\tALL\n', { tid: 0, pid: 0 }])
  t.same(told({ tid: 4_000_000 }), ['task_type:\tTID\ntid:\t4000000\n', { tid: 4_000_000, pid: 0 }])
  t.same(told({ pid: 7 }), ['task_type:\tPID\npid:\t7\n', { tid: 0, pid: 7 }])
  t.same(told({ pid_fd: 1000 }), [`task_type:\tPID\npid:\t${process.pid}\n`, { tid: 0, pid: process.pid }])
  t.equal(refused({ pid_fd: 5 }), EBADF)
  for (const task of [
    { tid: 1, pid: 1 },
    { tid: 1, pid_fd: 5 },
    { pid: 1, pid_fd: 5 },
    { tid: 1, pid: 1, pid_fd: 5 },
  ])
    t.equal(refused(task), EINVAL, JSON.stringify(task))
})

t.test('all tasks: ascending, with threads, kernel threads and zombies', async t => {
  const tree = await startProcessTree()
  t.teardown(() => tree.stop())
  const zombie = start('python3', ['-c', 'import os, time\npid = os.fork()\nif pid == 0: os._exit(3)\ntime.sleep(3600)'])
  t.teardown(() => zombie.kill('SIGKILL'))
  const children = (): string => readFileSync(`/proc/${zombie.pid}/task/${zombie.pid}/children`, 'utf8').trim()
  await until('a zombie', () => children() !== '' && readFileSync(`/proc/${children()}/stat`, 'utf8').includes(') Z '))
  const dead = Number(children())

  const seen = tids()
  t.same(
    seen,
    [...seen].sort((a, b) => a - b),
    'ascending',
  )
  t.equal(new Set(seen).size, seen.length, 'each once')
  for (const tid of [tree.pid, tree.shares, tree.ownTable, tree.third, dead, process.pid])
    t.ok(seen.includes(tid), `${tid} is there`)
  const kernelThreads = sh('ps -e -o pid= --ppid 2').stdout.trim().split(/\s+/).map(Number)
  for (const tid of kernelThreads.slice(0, 3)) t.ok(seen.includes(tid), `kernel thread ${tid} is there`)

  let shown = ''
  const fields: Iter<'task'> = {
    target: 'task',
    run({ task }) {
      if (task?.pid === dead)
        shown = `${task.exit_state} ${task.exit_code} ${task.mm} ${task.files} ${task.nsproxy} ${task.real_parent?.tgid}`
    },
  }
  runIter(fields)
  t.equal(shown, `32 ${3 << 8} null null null ${zombie.pid}`, 'the fields of a zombie')
  t.notMatch(runIter(fileLines), new RegExp(`^${dead} `, 'm'), 'no files')
  t.notMatch(runIter(vmaLines), new RegExp(`^${dead} `, 'm'), 'no memory')
})

t.test('the same tasks as the kernel shows', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const pin = kernel.pin(kernel.compile('task.bpf.c', { TARGET: 0 }), 'all')
  const ours = tids()
  const theirs = kernel
    .read(pin)
    .split('\n')
    .filter(Boolean)
    .map(line => Number(line.split(' ')[1]))
  const again = new Set(tids())
  // Those that were there before and after; a machine may hide PID 1 from its iterators.
  const hidden = new Set(readdirSync('/proc/1/task').map(Number))
  const stable = ours.filter(tid => again.has(tid) && (theirs.includes(1) || !hidden.has(tid)))
  t.ok(stable.length > 20)
  t.same(
    theirs.filter(tid => stable.includes(tid)),
    stable,
  )
})

t.test('one thread, one process', async t => {
  const tree = await startProcessTree()
  t.teardown(() => tree.stop())
  const { pid, shares, ownTable, third } = tree
  t.same(tids({ info: { task: { pid } } }), [pid, shares, ownTable, third])
  t.same(tids({ info: { task: { tid: third } } }), [third])
  t.same(tids({ info: { task: { pid: third } } }), [], 'not a leader')
  t.same(tids({ info: { task: { tid: 4_000_000 } } }), [])

  const visited = (iter: Iter<'task_file'> | Iter<'task_vma'>, task: { pid?: number; tid?: number }): number[] => [
    ...new Set(pairs(runIter(iter as Iter, { info: { task } })).map(([tid]) => tid!)),
  ]
  t.same(visited(fileLines, { pid }), [pid, ownTable, -1], 'threads with the table of the leader are left out')
  t.same(visited(fileLines, { tid: shares }), [shares, -1], 'but not when asked for')
  t.same(visited(vmaLines, { pid }), [pid, ownTable], 'the same goes for memory, by the table of files')

  const last = (task: { pid?: number; tid?: number }): number[] | undefined =>
    pairs(runIter(fileLines, { info: { task } })).at(-1)
  const fds = readdirSync(`/proc/${pid}/task/${ownTable}/fd`).map(Number)
  t.same(last({ pid }), [-1, 0], 'fd of the END call')
  t.same(last({ tid: ownTable }), [-1, Math.max(...fds) + 1], 'one behind the last')
  t.same(last({ tid: 4_000_000 }), [-1, 0])

  for (const size of [1, 7, 100]) {
    for (const iter of [taskLines, fileLines, vmaLines] as Iter[]) {
      for (const task of [{ pid }, { tid: ownTable }])
        t.equal(runIter(iter, { size, info: { task } }), runIter(iter, { info: { task } }), `${iter.target}, reads of ${size}`)
    }
  }
})

t.test('without kcmp the tables are compared by what /proc shows', async t => {
  const tree = await startProcessTree()
  t.teardown(() => tree.stop())
  const regs = taskTargets({ ...nodePlatform(), sameFiles: () => null }, { denied: () => {} })
  const reg = regs.find(({ target }) => target === 'task_file')!
  const opener = { pid: process.pid, uid: 0, gid: 0 }
  const session = new IterSession(
    reg.seq_info.open(reg.attach_target!({ task: { pid: tree.pid } }), opener),
    runnerOf(fileLines as Iter),
    1n,
  )
  const text = Buffer.from(session.read(65536)).toString()
  session.close()
  t.equal(text, runIter(fileLines, { info: { task: { pid: tree.pid } } }))
})

t.test('tasks that come and go between two reads', async t => {
  const sleepers = [1, 2, 3].map(() => start('sleep', ['60']))
  t.teardown(() => {
    for (const child of sleepers) child.kill('SIGKILL')
  })
  const [first, second, third] = sleepers.map(child => child.pid!) as [number, number, number]
  await until('started', () => readFileSync(`/proc/${third}/comm`, 'utf8') === 'sleep\n')
  const before = readdirSync('/proc/self/fd').length
  let late: ChildProcess | undefined
  const seen = tids({
    size: 1,
    between: read => {
      if (read !== 1) return
      sleepers[1]!.kill('SIGKILL')
      late = start('sleep', ['60'])
      // The kill and the new process must be there before the list is looked at again.
      sh('sleep 0.1')
    },
  })
  t.teardown(() => late?.kill('SIGKILL'))
  t.ok(seen.includes(first) && seen.includes(third))
  const state = (): string => readFileSync(`/proc/${second}/stat`, 'utf8')
  if (seen.includes(second)) t.match(state(), ') Z ', 'killed, and not yet waited for: a zombie is shown')
  t.ok(seen.includes(late!.pid!), 'a later one is seen')

  const shown = runIter(fileLines, {
    size: 1,
    info: { task: { pid: third } },
    between: read => {
      if (read !== 4) return
      sleepers[2]!.kill('SIGKILL')
      sh('sleep 0.1')
    },
  })
  t.match(shown, /^\d+ 0\n/, 'began with its first file')
  t.match(shown, /\n-1 0\n$/, 'and ended with the END call')
  t.ok(pairs(shown).length < 4, 'the other files are gone')
  t.equal(readdirSync('/proc/self/fd').length, before, 'no handle stays open')
})

t.test(
  'the pid namespace of the opener',
  { skip: process.getuid!() === 0 ? false : 'needs root for a pid namespace' },
  async t => {
    const outer = start('unshare', ['-p', '-f', '--mount-proc', '--kill-child', 'sh', '-c', 'sleep 3600 & sleep 3600 & wait'])
    t.teardown(() => outer.kill('SIGKILL'))
    const children = (pid: number): number[] => {
      try {
        return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
      } catch {
        return []
      }
    }
    await until('three in the namespace', () => children(children(outer.pid!)[0] ?? 0).length === 2)
    const init = children(outer.pid!)[0]!
    const [a, b] = children(init) as [number, number]
    const opener = { pid: a }
    t.same(tids({ opener }), [init, a, b], 'only its tasks, with the numbers of the daemon')
    t.same(tids({ opener, info: { task: { tid: 1 } } }), [init], 'its number 1 is its init')
    t.same(tids({ opener, info: { task: { pid: 1 } } }), [init])
    t.same(tids({ opener, info: { task: { tid: a } } }), [], 'a number of the outer namespace means nothing')
    const outside = tids({ opener: { pid: process.pid } })
    t.ok(
      [init, a, b, process.pid].every(tid => outside.includes(tid)),
      'from outside all are seen',
    )
    t.ok(tids({ opener: { pid: 0 } }).includes(process.pid), 'an unknown opener sees what the daemon sees')

    const text: string[] = []
    const numbers: Iter<'task'> = {
      target: 'task',
      run({ task }) {
        if (task) text.push(`${task.pid} ${task.thread_pid!.numbers.map(upid => upid.nr).join(' ')}`)
      },
    }
    runIter(numbers, { info: { task: { tid: init } } })
    t.same(text, [`${init} ${init} 1`])
  },
)

t.test('a process that goes between the list and the look at it is no error', async t => {
  const child = start('sleep', ['60'])
  t.teardown(() => child.kill('SIGKILL'))
  const real = nodePlatform()
  // Its folder is gone for everything but the list.
  const openDir: Platform['openDir'] = path => {
    if (path.startsWith(`/proc/${child.pid}/`)) throw new ErrnoError(ESRCH)
    return real.openDir(path)
  }
  const comm: Iter<'task'> = {
    target: 'task',
    run({ meta: { seq }, task }) {
      if (task) seq.printf('%d %s\n', task.pid, task.comm)
    },
  }
  for (const reg of taskTargets({ ...real, openDir }, { denied: () => {} })) {
    const iter = [comm, fileLines, vmaLines].find(({ target }) => target === reg.target)! as Iter
    const session = new IterSession(
      reg.seq_info.open(reg.attach_target!(undefined), { pid: process.pid, uid: 0, gid: 0 }),
      runnerOf(iter),
      1n,
    )
    const parts: string[] = []
    for (let data = session.read(65536); data.length > 0; data = session.read(65536)) parts.push(Buffer.from(data).toString())
    session.close()
    t.notMatch(parts.join(''), new RegExp(`^${child.pid} `, 'm'), reg.target)
    t.match(parts.join(''), new RegExp(`^${process.pid} `, 'm'), `${reg.target}: the others are there`)
  }
})
