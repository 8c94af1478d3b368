// Maps in the mount: what `iterfs map` prints, and what reading their pins gives, beside bpftool and the kernel's bpffs with the same maps.
import { closeSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runMap } from '../mount/cli/commands/map.ts'
import { withMaps } from '../mount/cli/daemon-maps.ts'
import { type Daemon, iterfs, type Ran, run, sh, startDaemon, until } from './support/daemon.ts'
import { Kernel, noKernelBpf } from './support/kernel.ts'
import { random } from './support/map-oracle.ts'

const bpftool = (args: readonly string[]): Ran => run('sh', ['-c', 'PATH=$PATH:/usr/sbin exec bpftool "$@"', 'sh', ...args])

/** `iterfs map` in this process, as main() runs it. */
function iterfsMap(args: readonly string[]): Ran {
  const printed = { stdout: '', stderr: '' }
  const output = {
    stdout: (text: string) => {
      printed.stdout += text
    },
    stderr: (text: string) => {
      printed.stderr += text
    },
  }
  const status = withMaps(maps => runMap(args, maps, output))
  return { status, ...printed }
}

/** Both sides have ids and folders of their own. */
const masked = (dir: string, { status, stdout, stderr }: Ran): Ran => ({
  status,
  stdout: mask(dir, stdout),
  stderr: mask(dir, stderr),
})
const mask = (dir: string, text: string): string =>
  text
    .replaceAll(dir, 'DIR')
    .replace(/^\d+: (?=[a-z])/gm, 'ID: ')
    .replace(/btf_id \d+/g, 'btf_id N')
    .replace(/"(id|btf_id)":( ?)\d+/g, '"$1":$2N')

interface Sides {
  readonly kernel: Kernel
  readonly daemon: Daemon
  /** map_files.bpf.c; its maps are pinned in the folder `maps` of both sides. */
  readonly names: readonly string[]
}

async function sides(t: Test): Promise<Sides> {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  return { kernel, daemon, names: pinMaps(kernel, daemon, kernel.compile('map_files.bpf.c')) }
}

/** The same words of `map` on both sides; `@` stands for the folder. */
function both(t: Test, { kernel, daemon }: Sides, line: string): Ran {
  const words = line.split(' ').map(word => [word.replace('@', `${kernel.dir}/`), word.replace('@', `${daemon.dir}/`)] as const)
  const theirs = masked(kernel.dir, bpftool(['map', ...words.map(([theirs]) => theirs)]))
  const ours = masked(daemon.dir, iterfsMap(words.map(([, ours]) => ours)))
  t.same(ours, theirs, line)
  return ours
}

/** The same shell line on both sides; `@` stands for the folder. */
function bothShells(t: Test, { kernel, daemon }: Sides, line: string): Ran {
  const theirs = masked(kernel.dir, sh(line.replaceAll('@', `${kernel.dir}/`)))
  const ours = masked(daemon.dir, sh(line.replaceAll('@', `${daemon.dir}/`)))
  t.same(ours, theirs, line)
  return ours
}

/** Loads the object on both sides and pins all its maps; ours also as the iterator `user`. The names. */
function pinMaps(kernel: Kernel, daemon: Daemon, object: string): string[] {
  const loaded = bpftool(['prog', 'loadall', object, `${kernel.dir}/progs`, 'pinmaps', `${kernel.dir}/maps`])
  if (loaded.status !== 0) throw new Error(loaded.stderr)
  run('mkdir', [join(daemon.dir, 'maps')])
  daemon.pin(object, 'user')
  withMaps(maps => {
    const client = maps.client(daemon.dir)
    for (const { info } of client.request<{ maps: { info: { id: number; name: string } }[] }>('map_list').maps)
      client.pin({ map_id: info.id }, join(daemon.dir, 'maps', info.name.replaceAll('.', '_')))
  })
  return readdirSync(join(kernel.dir, 'maps')).sort()
}

t.test('maps', { skip: noKernelBpf() }, async t => {
  const two = await sides(t)
  await t.test('reading the pin of a map', async t => readPins(t, two))
  await t.test('pins of maps are files that are not written', async t => notWritten(t, two))
  await t.test('iterfs map and bpftool map on maps of their own', async t => sameCommands(t, two))
  await t.test('a program shares the map that it iterates', async t => shared(t, two))
  await t.test('globals are changed after load', async t => globals(t, two))
  await t.test('a map lives as long as a pin, a program or an open file needs it', async t => lifetimes(t, two))
})

function readPins(t: Test, two: Sides): void {
  const { names } = two
  t.same(readdirSync(join(two.daemon.dir, 'maps')).sort(), names, 'all maps of the object')
  const next = random(7)
  for (const name of names) {
    const file = `@maps/${name}`
    bothShells(t, two, `cat ${file}`)
    const { type, bytes_key, bytes_value, max_entries, frozen } = JSON.parse(
      bpftool(['-j', 'map', 'show', 'pinned', `${two.kernel.dir}/maps/${name}`]).stdout,
    )
    const some = (size: number): string =>
      Array.from({ length: size }, () => [0, 0, next(256), next(6), 32 + next(95)][next(5)]).join(' ')
    if (type === 'prog_array' || type === 'task_storage' || bytes_value === 0 || frozen) continue
    for (let i = 0; i < Math.min(max_entries, 4); i++) {
      const key = type === 'lpm_trie' ? `${i + 8} 0 0 0 ${some(4)}` : /array$/.test(type) ? `${i} 0 0 0` : some(bytes_key)
      // Addresses are shown by hashes, which differ from kernel to kernel.
      const value = name === 'pointers' ? '0 '.repeat(bytes_value).trim() : some(bytes_value)
      both(t, two, `update pinned ${file}${key && ` key ${key}`} value ${value}`)
    }
    bothShells(t, two, `cat ${file}`)
    bothShells(t, two, `dd if=${file} bs=100 2>/dev/null | cksum; head -c 300 ${file}`)
    both(t, two, `dump pinned ${file}`)
    both(t, two, `-j dump pinned ${file}`)
  }
  const text = (name: string): string => readFileSync(join(two.daemon.dir, 'maps', name), 'latin1')
  t.match(text('nested'), /^# WARNING!! .*\n# WARNING!! .*\n0: \{.*,\}\n1: .*\n2: .*\n$/, 'a struct is printed')
  t.match(text('cpu_row'), /\n0: \{\n\tcpu0: \{-?\d+,.*,\}\n/, 'and one for each CPU')
  t.match(run('cat', [join(two.daemon.dir, 'maps/queue')]).stderr, /Input\/output error/, 'a queue is not')
}

function notWritten(t: Test, two: Sides): void {
  for (const file of ['@maps/plain', '@maps/untyped']) {
    bothShells(t, two, `stat -c '%s %F %a %h' ${file}`)
    for (const line of [
      'echo x > FILE',
      ': > FILE',
      'cat < FILE | wc -l',
      'cat 0<>FILE | wc -l',
      'ln FILE @two && cat @two | wc -c; rm @two',
    ])
      bothShells(t, two, line.replaceAll('FILE', file).replace(/^(.*)$/, '{ $1; } 2>&1 | sed "s/^sh: [0-9]*: //"'))
  }
}

const EIGHT = '1 2 3 4 5 6 7 8'

const COMMANDS = `
create @hash type hash key 4 value 8 entries 4 flags 64 name hash
create @hash type hash key 4 value 8 entries 4 flags 64 name hash
create @a.b type hash key 4 value 8 entries 4 name hash
create @bad type hash key 0 value 8 entries 4 name bad
create @row type array key 4 value 4 entries 3 name row
create @cpus type percpu_array key 4 value 4 entries 2 name cpus
create @fifo type queue key 0 value 4 entries 2 name fifo
create @lifo type stack key 0 value 4 entries 3 name lifo
create @bloom type bloom_filter key 0 value 4 entries 3 name bloom
create @trie type lpm_trie key 8 value 2 entries 5 flags 1 name trie
create @outer type array_of_maps key 4 value 4 entries 3 name outer inner_map pinned @row
update pinned @hash key 1 0 0 0 value ${EIGHT}
update pinned @hash key 2 0 0 0 value hex ff 0 0 0 0 0 0 1 noexist
update pinned @hash key 2 0 0 0 value ${EIGHT} noexist
update pinned @hash key 3 0 0 0 value ${EIGHT} exist
-j update pinned @hash key 3 0 0 0 value ${EIGHT}
update pinned @hash key 4 0 0 0 value ${EIGHT}
update pinned @hash key 5 0 0 0 value ${EIGHT}
update pinned @hash key 1 2 value ${EIGHT}
lookup pinned @hash key 1 0 0 0
-j lookup pinned @hash key 1 0 0 0
lookup pinned @hash key 9 0 0 0
-j lookup pinned @hash key 9 0 0 0
getnext pinned @hash
-j getnext pinned @hash key 1 0 0 0
getnext pinned @hash key 1 0 0 0
dump pinned @hash
-j dump pinned @hash
-p dump pinned @hash
delete pinned @hash key 1 0 0 0
delete pinned @hash key 1 0 0 0
-j delete pinned @hash key 2 0 0 0
dump pinned @hash
show pinned @hash
-j show pinned @hash
-f show pinned @hash
-j -f show pinned @hash
update pinned @row key 2 0 0 0 value 1 2 3 4
delete pinned @row key 2 0 0 0
getnext pinned @row key 2 0 0 0
dump pinned @row
update pinned @cpus key 1 0 0 0 value 1 2 3 4
lookup pinned @cpus key 1 0 0 0
-j dump pinned @cpus
push pinned @fifo value 1 2 3 4
enqueue pinned @fifo value 5 6 7 8
push pinned @fifo value 5 6 7 8
peek pinned @fifo
pop pinned @fifo
-j dequeue pinned @fifo
pop pinned @fifo
-j pop pinned @fifo
push pinned @lifo value 1 2 3 4
push pinned @lifo value 5 6 7 8
pop pinned @lifo
push pinned @bloom value 1 2 3 4
update pinned @trie key 8 0 0 0 10 0 0 0 value 1 2
update pinned @trie key 16 0 0 0 10 1 0 0 value 3 4
lookup pinned @trie key 32 0 0 0 10 1 5 5
dump pinned @trie
pin pinned @row @again
pin pinned @row @again
pin pinned @row @a.b
show pinned @again
freeze pinned @row
freeze pinned @row
update pinned @row key 1 0 0 0 value 1 2 3 4
show pinned @row
show pinned @none
-j show pinned @none
show id 4294967290
show name no_such_map_1
`
  .trim()
  .split('\n')

function sameCommands(t: Test, two: Sides): void {
  for (const line of COMMANDS) both(t, two, line)
  const list = 'ls -I maps -I progs -I user @'
  bothShells(t, two, `${list}; rm @again @hash; ${list}`)
  // bpftool's order of several pins depends on how many there are of all objects.
  iterfsMap(['pin', 'pinned', join(two.daemon.dir, 'row'), join(two.daemon.dir, 'other')])
  const { pinned } = JSON.parse(iterfsMap(['-j', '-f', 'show', 'pinned', join(two.daemon.dir, 'other')]).stdout)
  t.same(
    pinned.sort(),
    ['other', 'row'].map(name => join(two.daemon.dir, name)),
  )
  // The command itself, once: all the rest is the same code in this process.
  const command = iterfs('map', 'dump', 'pinned', join(two.daemon.dir, 'row'), '-j')
  t.same(command, iterfsMap(['-j', 'dump', 'pinned', join(two.daemon.dir, 'row')]))
}

async function lifetimes(t: Test, { daemon }: Sides): Promise<void> {
  const at = (name: string): string => join(daemon.dir, name)
  const idOf = (path: string): number => Number(/^\d+/.exec(iterfsMap(['show', 'pinned', path]).stdout)![0])
  // Ids are those of one mount.
  const isThere = (map_id: number): boolean =>
    withMaps(maps => {
      try {
        return maps.client(daemon.dir).request<{ maps: unknown[] }>('map_list', { map_id }).maps.length === 1
      } catch {
        return false
      }
    })
  iterfs('map', 'create', at('alone'), 'type', 'array', 'key', '4', 'value', '4', 'entries', '2', 'name', 'alone')
  const alone = idOf(at('alone'))
  t.ok(isThere(alone))
  rmSync(at('alone'))
  await until('the map is gone', () => !isThere(alone))

  const nested = idOf(at('maps/nested'))
  rmSync(at('user'))
  t.ok(isThere(nested), 'a pin keeps the map without the program')
  const fd = openSync(at('maps/nested'), 'r')
  const text = readFileSync(at('maps/nested'), 'latin1')
  rmSync(at('maps/nested'))
  t.equal(readFileSync(fd, 'latin1'), text, 'an open file goes on')
  t.ok(isThere(nested))
  closeSync(fd)
  await until('the map is gone', () => !isThere(nested))
}

function shared(t: Test, two: Sides): void {
  const { kernel, daemon } = two
  // Names are looked for in all mounts of the machine.
  const name = `shared${process.pid}`
  both(t, two, `create @map type array key 4 value 4 entries 3 name ${name}`)
  const id = /^\d+/.exec(iterfsMap(['show', 'pinned', join(daemon.dir, 'map')]).stdout)![0]
  const object = kernel.compile('../../programs/map_dump.bpf.c')
  kernel.pin(object, 'iter', ['map', join(kernel.dir, 'map')])
  daemon.pin(object, 'iter', 'map', 'pinned', join(daemon.dir, 'map'))
  daemon.pin(object, 'by_id', 'map', 'id', id)
  daemon.pin(object, 'by_name', 'map', 'name', name)
  for (const value of ['1 2 3 4', '5 6 7 8']) {
    both(t, two, `update pinned @map key 1 0 0 0 value ${value}`)
    const { stdout } = bothShells(t, two, 'cat @iter')
    t.match(stdout, `value: 0${value.replaceAll(' ', ' 0')}`)
    for (const other of ['by_id', 'by_name']) t.equal(run('cat', [join(daemon.dir, other)]).stdout, stdout, other)
  }
  bothShells(t, two, 'rm @map; cat @iter')
  t.match(iterfs('pin', object, join(daemon.dir, 'no'), 'map', 'id', '4294967290'), {
    stderr: /get map by id \(4294967290\): No such file or directory/,
  })
  t.match(iterfs('pin', object, join(daemon.dir, 'no'), 'map', 'pinned', join(daemon.dir, 'none')), {
    stderr: /bpf obj get \(.*none\): No such file or directory/,
  })
}

const GLOBALS = `
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
int shown;
int more = 7;
SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	if (!ctx->task)
		BPF_SEQ_PRINTF(ctx->meta->seq, "%d %d\\n", shown, more++);
	return 0;
}
`

function globals(t: Test, { kernel, daemon }: Sides): void {
  const name = `g${process.pid}`
  const object = kernel.compileText(GLOBALS, name)
  const pins = [kernel.pin(object, 'globals'), join(daemon.dir, 'globals')] as const
  daemon.pin(object, 'globals')
  const cat = (): string[] => pins.map(pin => run('cat', [pin]).stdout)
  const change = (...words: string[]): void => {
    const [theirs, ours] = [bpftool(['map', ...words]), iterfsMap(words)]
    t.same(ours, theirs, words.join(' '))
    t.equal(ours.status, 0)
  }
  // compileText() puts a dash behind the name, which names of maps leave out as libbpf does.
  const section = (end: string): string =>
    /name (\S+)/.exec(
      bpftool(['map', 'show'])
        .stdout.split('\n')
        .find(line => line.includes(`${name}`) && line.includes(end))!,
    )![1]!
  t.same(cat(), ['0 7\n', '0 7\n'])
  change('update', 'name', section('.bss'), 'key', '0', '0', '0', '0', 'value', '42', '0', '0', '0')
  t.same(cat(), ['42 8\n', '42 8\n'])
  change('update', 'name', section('.data'), 'key', '0', '0', '0', '0', 'value', 'hex', '0', '1', '0', '0')
  t.same(cat(), ['42 256\n', '42 256\n'])
  change('lookup', 'name', section('.data'), 'key', '0', '0', '0', '0')
  change('-j', 'dump', 'name', section('.bss'))
}
