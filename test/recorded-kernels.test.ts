// Recordings of older kernels and of machines that refuse much: what shipped programs print of them. Those of 4.19 and 5.10 were
// written by hand from the formats that these kernels have; that of 6.18 was made by `iterfs record` and cut down.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { iterfs, run, startDaemon } from './support/daemon.ts'
import { ROOT } from './support/paths.ts'

const FIXTURES = join(ROOT, 'test/fixtures/recorded')
const object = (name: string): string => join(ROOT, 'dist/programs', `${name}.bpf.o`)
const argsOf = (name: string): string[] => (name.startsWith('cgroup') ? ['--order', 'descendants_pre'] : [])

const read = (kernel: string, name: string) => iterfs('read', '--replay', join(FIXTURES, kernel), ...argsOf(name), object(name))

/** What cannot be read there: an errno and a reason, never an empty file. */
const REFUSED: Readonly<Record<string, Readonly<Record<string, { readonly errno: number; readonly reason: RegExp }>>>> = {
  '4.19': {
    cgroup: { errno: 95, reason: /want a mount of the whole hierarchy \(mount -t cgroup2\), there is none/ },
    dmabuf: { errno: 2, reason: /dma_buf\/bufinfo.*want debugfs, or a descriptor of a dma-buf/ },
    kmem_cache: { errno: 2, reason: /\/sys\/kernel\/slab\/ext4_inode_cache\/object_size.*No such file/ },
    sockets: { errno: 93, reason: /which only sock_diag tells: .*Protocol not supported/ },
  },
  '5.10': {
    dmabuf: { errno: 13, reason: /dma_buf\/bufinfo.*Permission denied/ },
    slabinfo: { errno: 13, reason: /\/proc\/slabinfo: .*Permission denied/ },
    sockets: { errno: 2, reason: /which only sock_diag tells: netlink: No such file or directory/ },
  },
  '6.18': {
    task: { errno: 61, reason: /\/proc\/1\/task: stat\(2\) is not in the recording/ },
  },
}

for (const kernel of Object.keys(REFUSED)) {
  t.test(`programs over the recording of ${kernel} print its out/`, async t => {
    const out = join(FIXTURES, kernel, 'out')
    const names = readdirSync(out).map(name => name.replace(/\.bpf\.o\.txt$/, ''))
    t.ok(names.length >= 8, `${names}`)
    const daemon = await startDaemon(['--replay', join(FIXTURES, kernel)])
    t.teardown(() => daemon.stop())
    for (const name of names) {
      const want = readFileSync(join(out, `${name}.bpf.o.txt`), 'latin1')
      const { status, stdout, stderr } = read(kernel, name)
      t.equal(stdout, want, name)
      t.equal(status, 0, stderr)
      daemon.pin(object(name), name, ...argsOf(name))
      t.equal(run('cat', [join(daemon.dir, name)]).stdout, want, `${name} through a mount`)
    }
    for (const [name, { errno, reason }] of Object.entries(REFUSED[kernel]!)) {
      t.notOk(existsSync(join(out, `${name}.bpf.o.txt`)))
      t.match(read(kernel, name), { status: 256 - errno, stdout: '', stderr: reason }, name)
    }
  })
}

const lines = (kernel: string, name: string): string[] => read(kernel, name).stdout.split('\n')

t.test('files of /proc/net come out as they are in the recording, but for addresses', t => {
  const files = { tcp4: 'tcp', tcp6: 'tcp6', udp6: 'udp6', netdev: 'dev', ipv4_route: 'route', ipv6_route: 'ipv6_route' }
  const masked = (text: string): string => text.replace(/\b[0-9a-f]{16}\b/g, 'ADDRESS')
  for (const kernel of ['4.19', '5.10']) {
    for (const [name, file] of Object.entries(files)) {
      const want = readFileSync(join(FIXTURES, kernel, 'net/4026531992', file), 'latin1')
      t.equal(masked(read(kernel, name).stdout), masked(want), `${name} of ${kernel}`)
    }
  }
  t.end()
})

t.test('4.19: what its /proc lacks', t => {
  t.match(
    lines('4.19', 'task_tree'),
    [/^1 1 systemd$/, /parents$/, /mm total_vm 42439 /, /time 0 cgroup 4026531835$/],
    'no time namespaces, no v2 cgroup',
  )
  t.notMatch(read('4.19', 'task_tree').stdout, /^\tcgroup /m)
  t.match(lines('4.19', 'task')[4], /^ {5}640 {6}645 {8}1 {6}105 wal\) R$/, 'a name with a parenthesis and a newline')
  t.match(lines('4.19', 'task_file')[5], / 7 ffffffffc04f1c60$/, 'a table of a module')
  t.end()
})

t.test('5.10, read by a user: refused files are told, addresses that kallsyms hides are made up', t => {
  const { stdout, stderr } = read('5.10', 'task_file')
  t.match(stdout, /^ +1200 +1200 +255 ffff\w{12}$/m)
  t.notMatch(stdout, /\b0{16}\b/, 'no zeros of kallsyms')
  t.match(stderr, /iterfs: fd: left out \d times: Permission denied/)
  t.match(read('5.10', 'task_stack').stdout, /^tgid 1200 pid 1200 bash error -14$/m)
  t.match(lines('5.10', 'task')[3], /^ {6}12 {7}12 .* kworker\/u8:1$/, 'without what the worker does')
  t.end()
})

t.test('6.18: sockets and routes are those of netlink, and its own socket is not shown', t => {
  t.match(lines('6.18', 'tcp4')[1], /^ {3}0: 0100007F:0016 00000000:0000 0A /)
  t.equal(lines('6.18', 'tcp4').length, 5)
  const own = /"look":"netInodes".*"inodes":\["(\d+)"/.exec(readFileSync(join(FIXTURES, '6.18/manifest.jsonl'), 'latin1'))?.[1]
  t.match(readFileSync(join(FIXTURES, '6.18/net/4026532179/netlink'), 'latin1'), new RegExp(` ${own}\\s`))
  t.notMatch(read('6.18', 'netlink').stdout, new RegExp(` ${own}\\s`))
  t.end()
})
