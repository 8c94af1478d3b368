// Same bytes as the kernel: small iterators of ours, in BPF C pinned into a real bpffs and in TypeScript pinned into iterfs, on the
// same sleeping process.
import { join } from 'node:path'
import t from 'tap'
import { type Daemon, iterfs, run, startDaemon } from './support/daemon.ts'
import { Kernel, noKernelBpf } from './support/kernel.ts'
import { ROOT } from './support/paths.ts'
import { type ProcessTree, startProcessTree } from './support/process-tree.ts'

interface Pair {
  readonly c: string
  readonly ts: string
  /** Makes both texts comparable. */
  readonly same?: (text: string) => string
}

const PAIRS: Readonly<Record<string, Pair>> = {
  task: { c: 'task.bpf.c', ts: 'test/programs/task.ts' },
  task_file: { c: 'task_file.bpf.c', ts: 'test/programs/task_file.ts' },
  task_vma: { c: 'task_vma.bpf.c', ts: 'test/programs/task_vma.ts' },
  // f_op is an address that no interface shows.
  example: { c: 'example.bpf.c', ts: 'programs/task_file.ts', same: text => text.replace(/ [0-9a-f]{16}$/gm, ' F_OP') },
}

t.test('same bytes as the kernel', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const tree: ProcessTree = await startProcessTree()
  t.teardown(() => tree.stop())
  const daemon: Daemon = await startDaemon()
  t.teardown(() => daemon.stop())

  const forms: Record<string, { kernel: string[]; ours: string[]; target: number }> = {
    'all tasks, filtered by the program': { kernel: [], ours: ['--set', `target_pid=${tree.pid}`], target: tree.pid },
    'by pid': { kernel: ['pid', `${tree.pid}`], ours: ['--pid', `${tree.pid}`], target: 0 },
    'by tid of the leader': { kernel: ['tid', `${tree.pid}`], ours: ['--tid', `${tree.pid}`], target: 0 },
    'by tid of a thread that shares': { kernel: ['tid', `${tree.shares}`], ours: ['--tid', `${tree.shares}`], target: 0 },
    'by tid of the thread with its own table': {
      kernel: ['tid', `${tree.ownTable}`],
      ours: ['--tid', `${tree.ownTable}`],
      target: 0,
    },
    'by pid of a thread that leads nothing': { kernel: ['pid', `${tree.third}`], ours: ['--pid', `${tree.third}`], target: 0 },
    'by tid of nothing': { kernel: ['tid', '4000000'], ours: ['--tid', '4000000'], target: 0 },
  }
  let n = 0
  for (const [name, { c, ts, same = (text: string) => text }] of Object.entries(PAIRS)) {
    for (const [form, { kernel: info, ours, target }] of Object.entries(forms)) {
      const pin = `p${++n}`
      const object = kernel.compile(c, { TARGET: target })
      const theirs = kernel.pin(object, pin, info)
      daemon.pin(join(ROOT, ts), pin, ...ours)
      const path = join(daemon.dir, pin)
      const [want, got] = [theirs, path].map(file => run('cat', [file]))
      t.equal(same(got!.stdout), same(want!.stdout), `${name}, ${form}`)
      // f_op is never the same: that example proves no more than its lines.
      if (name === 'example' && form === 'by pid') t.match(got!.stdout, / [0-9a-f]{16}\n/, 'f_op is an address')
    }
  }

  t.test('pid_fd', async t => {
    const theirs = kernel.pin(kernel.compile('task_file.bpf.c', { TARGET: 0 }), 'pidfd', ['pidfd', `${tree.pid}`])
    const script =
      'import os,sys; fd=os.pidfd_open(int(sys.argv[1])); os.set_inheritable(fd, True); os.execvp(sys.argv[2], sys.argv[2:] + ["--pid-fd", str(fd)])'
    const ours = join(daemon.dir, 'pidfd')
    const cli = [process.execPath, join(ROOT, 'dist/mount/cli/main.js'), 'pin', join(ROOT, 'test/programs/task_file.ts'), ours]
    const pinned = run('python3', ['-c', script, `${tree.pid}`, ...cli])
    t.equal(pinned.status, 0, pinned.stderr)
    t.equal(run('cat', [ours]).stdout, run('cat', [theirs]).stdout)
    t.match(iterfs('link', 'show', ours).stdout, `target_name task_file  pid ${tree.pid} `)
    t.match(iterfs('pin', join(ROOT, 'programs/task.ts'), join(daemon.dir, 'bad'), '--pid-fd', '1'), {
      status: 247,
      stderr: /Bad file descriptor/,
    })
  })

  t.test('any way of reading gives the same bytes', async t => {
    for (const pin of ['p2', 'p9', 'p16']) {
      const path = join(daemon.dir, pin)
      const whole = run('cat', [path]).stdout
      t.ok(whole.length > 100, `${pin} has text`)
      for (const size of ['1', '7', '100', '4096'])
        t.equal(run('dd', [`if=${path}`, `bs=${size}`, 'status=none']).stdout, whole, `${pin} dd bs=${size}`)
      t.equal(run('head', ['-c', '100', path]).stdout, whole.slice(0, 100), `${pin} head -c 100`)
      t.equal(run('tail', ['-n', '1', path]).stdout, whole.slice(whole.lastIndexOf('\n', whole.length - 2) + 1), `${pin} tail -1`)
      t.equal(run('cat', [path, path]).stdout, whole + whole, `${pin} cat twice`)
    }
  })
})
