// iterfs map prints what bpftool map prints: the same commands on maps of the kernel and on ours.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runMap } from '../../../mount/cli/commands/map.ts'
import { parseBtf } from '../../../src/btf/parse.ts'
import { bareType, indexBtf, typeAs } from '../../../src/btf/query.ts'
import type { Btf } from '../../../src/btf/types.ts'
import { run, scratch } from '../../support/daemon.ts'
import { Kernel, noKernelBpf } from '../../support/kernel.ts'
import { InProcessMaps } from '../../support/map-client.ts'
import { CPUS, random } from '../../support/map-oracle.ts'

const skip = noKernelBpf()

interface Printed {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

const bpftool = (args: readonly string[]): Printed => run('sh', ['-c', 'PATH=$PATH:/usr/sbin exec bpftool "$@"', 'sh', ...args])

function ours(client: InProcessMaps, [first, ...rest]: readonly string[]): Printed {
  const stdout: string[] = []
  const stderr: string[] = []
  const args = first === 'map' ? rest : [first!, ...rest.filter(word => word !== 'map')]
  const status = runMap(args, client, { stdout: text => stdout.push(text), stderr: text => stderr.push(text) })
  return { status, stdout: stdout.join(''), stderr: stderr.join('') }
}

/** Runs `args` on both sides: bpftool with the kernel's maps below `dir`. */
function both(t: Test, client: InProcessMaps, dir: string, line: string): void {
  const args = line.split(' ')
  const paths = (printed: Printed): Printed => ({
    ...printed,
    stdout: printed.stdout.replaceAll(dir, 'DIR'),
    stderr: printed.stderr.replaceAll(dir, 'DIR'),
  })
  const kernel = bpftool(args.map(word => word.replace(/^@/, `${dir}/`)))
  t.same(
    paths(
      ours(
        client,
        args.map(word => word.replace(/^@/, `${dir}/`)),
      ),
    ),
    paths(kernel),
    line,
  )
}

/** The same map on both sides, with the kernel's id. */
function create(client: InProcessMaps, dir: string, file: string, rest: string, name = file): void {
  const args = `map create ${dir}/${file} ${rest} name ${name}`.replaceAll('@', `${dir}/`).split(' ')
  const made = bpftool(args)
  if (made.status !== 0) throw new Error(`${args.join(' ')}: ${made.stderr}`)
  client.next = { id: idOf(`${dir}/${file}`) }
  const mine = ours(client, args)
  if (mine.status !== 0) throw new Error(mine.stderr)
}

const shown = (path: string): { id: number; btf_id?: number } => JSON.parse(bpftool(['-j', 'map', 'show', 'pinned', path]).stdout)
const idOf = (path: string): number => shown(path).id

const MAPS: Record<string, string> = {
  table: 'type hash key 4 value 8 entries 4 flags 64',
  wide: 'type hash key 20 value 30 entries 2 flags 64',
  odd: 'type hash key 8 value 17 entries 2 flags 65',
  row: 'type array key 4 value 4 entries 3',
  cpurow: 'type percpu_array key 4 value 4 entries 2',
  cputable: 'type percpu_hash key 4 value 20 entries 2 flags 64',
  fifo: 'type queue key 0 value 4 entries 3',
  lifo: 'type stack key 0 value 20 entries 3',
  bloom: 'type bloom_filter key 0 value 4 entries 3',
  trie: 'type lpm_trie key 8 value 2 entries 5 flags 1',
  recent: 'type lru_hash key 4 value 4 entries 500 flags 64',
  outer: 'type array_of_maps key 4 value 4 entries 3 inner_map pinned @row',
  houter: 'type hash_of_maps key 2 value 4 entries 3 flags 64 inner_map pinned @row',
  ring: 'type ringbuf key 0 value 0 entries 4096',
  progs: 'type prog_array key 4 value 4 entries 2',
}

const bytes = (from: number, count: number): string => Array.from({ length: count }, (_, i) => (from + i) % 256).join(' ')

const COMMANDS = `
map update pinned @table key 1 0 0 0 value ${bytes(1, 8)}
map update pinned @table key hex 02 0 00 0 value hex ff ${'0 '.repeat(6)}0
map update pinned @table key 0x7 010 255 300 value ${bytes(250, 8)}
map update pinned @table k 1 0 0 0 v ${bytes(9, 8)} ex
map update pinned @table key 1 0 0 0 value ${bytes(9, 8)} noexist
map update pinned @table key 9 0 0 0 value ${bytes(9, 8)} exist
map update pinned @table any value ${bytes(9, 8)} key 9 0 0 0
map update pinned @table key 8 0 0 0 value ${bytes(9, 8)}
-j map update pinned @table key 8 0 0 0 value ${bytes(9, 8)}
map update pinned @table key 8 0 0 0
map update pinned @table value ${bytes(0, 8)}
map update pinned @table key 8 0 0 0 value 1 2
map update pinned @table key 8 0 0 0 value ${bytes(0, 8)} any exist
map update pinned @table key 8 0 0 x
map update pinned @table key 8 0 0 08
map update pinned @table key 8 0 0 0 0
map update pinned @table key 8 0 0 0 key 8 0 0 0
-j map update pinned @table key 8 0 0 0 key 8 0 0 0
map dump pinned @table
-j map dump pinned @table
-p map dump pinned @table
map lookup pinned @table key 1 0 0 0
-j map lookup pinned @table key 1 0 0 0
-p map lookup pinned @table key 1 0 0 0
map lookup pinned @table key 5 0 0 0
-j map lookup pinned @table key 5 0 0 0
map lookup pinned @table
map lookup pinned @table foo
map lookup pinned @table key 1 0 0 0 value 1
map lookup pinned @table key 1 0 0 0 any
map getnext pinned @table
-j map getnext pinned @table
map getnext pinned @table key 1 0 0 0
-j map getnext pinned @table key 1 0 0 0
-p map getnext pinned @table key 1 0 0 0
map delete pinned @table key 2 0 0 0
map delete pinned @table key 2 0 0 0
-j map delete pinned @table key 7 8 255 44
map delete pinned @table
map dump pinned @table
map show pinned @table
-j map show pinned @table
-p map show pinned @table
map update pinned @wide key ${bytes(1, 20)} value ${bytes(100, 30)}
map dump pinned @wide
map lookup pinned @wide key ${bytes(1, 20)}
map lookup pinned @wide key ${bytes(2, 20)}
-p map dump pinned @wide
map update pinned @odd key ${bytes(1, 8)} value ${bytes(1, 17)}
map dump pinned @odd
map getnext pinned @wide key ${bytes(1, 20)}
map dump pinned @row
map delete pinned @row key 0 0 0 0
map lookup pinned @row key 3 0 0 0
map update pinned @row key 3 0 0 0 value 1 2 3 4
map update pinned @row key 1 0 0 0 value 1 2 3 4 noexist
map getnext pinned @row key 2 0 0 0
map getnext pinned @row key 9 0 0 0
map update pinned @cpurow key 0 0 0 0 value 1 2 3 4
map dump pinned @cpurow
-j map dump pinned @cpurow
-p map dump pinned @cpurow
map lookup pinned @cpurow key 0 0 0 0
map update pinned @cputable key 1 0 0 0 value ${bytes(1, 20)}
map dump pinned @cputable
-j map lookup pinned @cputable key 1 0 0 0
map push pinned @fifo value 1 2 3 4
map enqueue pinned @fifo value 5 6 7 8
map push pinned @fifo key 1 value 1 2 3 4
map push pinned @fifo
map peek pinned @fifo
-j map peek pinned @fifo
map pop pinned @fifo
-j map dequeue pinned @fifo
map pop pinned @fifo
-j map pop pinned @fifo
map peek pinned @fifo
map dump pinned @fifo
map getnext pinned @fifo
map push pinned @lifo value ${bytes(1, 20)}
map push pinned @lifo value ${bytes(2, 20)}
map pop pinned @lifo
map pop pinned @row
map push pinned @bloom value 1 2 3 4
map dump pinned @bloom
map update pinned @trie key 8 0 0 0 10 0 0 0 value 1 2
map update pinned @trie key 16 0 0 0 10 1 0 0 value 3 4
map update pinned @trie key 33 0 0 0 10 1 0 0 value 3 4
map dump pinned @trie
map lookup pinned @trie key 32 0 0 0 10 1 5 5
map update pinned @recent key 1 2 3 4 value 4 3 2 1
map dump pinned @recent
map update pinned @outer key 1 0 0 0 value pinned @row
map update pinned @outer key 1 0 0 0 value pinned @table
map update pinned @outer key 1 0 0 0 value id
map update pinned @outer key 1 0 0 0 value foo @row
map dump pinned @outer
-j map dump pinned @outer
map lookup pinned @outer key 1 0 0 0
map lookup pinned @outer key 0 0 0 0
map update pinned @houter key 1 0 value pinned @row
map dump pinned @houter
map dump pinned @ring
map lookup pinned @ring
map dump pinned @progs
map lookup pinned @progs key 0 0 0 0
map freeze pinned @table
map freeze pinned @table
map freeze
map freeze pinned @table foo
map freeze foo @table
map show pinned @table
-j map show pinned @table
map update pinned @table key 1 0 0 0 value ${bytes(1, 8)}
map delete pinned @table key 1 0 0 0
map pin pinned @row @again
map show pinned @again
map pin pinned @row
map show pinned /nosuch
-j map show pinned /nosuch
map show id 4294967290
map show foo bar
map show id
map show id 08
map show name aaaaaaaaaaaaaaaaaaaaa
map lookup name no_such_map_here key 1
map create
map create @new type hash key 4 value 4 name
map create @new type hash key 4 value 4 entries 1 nam
map create @new type nosuch key 4 value 4 entries 1 name new
map create @new type hash type hash value 4 entries 1 name new
map create @new type hash key 4x value 4 entries 1 name new
map create @new type hash key 4 key 4 entries 1 name new
map create @new type hash key 0 value 4 entries 1 name new
map create @new type lru_hash key 4 value 4 entries 1 name new flags 1
map create @new type hash key 4 value 4 entries 1 flags 0 foo new
`
  .trim()
  .split('\n')

const TWINS = [
  'map show name iterfs_twins',
  '-j map show name iterfs_twins',
  '-p map show name iterfs_twins',
  'map dump name iterfs_twins',
  '-j map dump name iterfs_twins',
  '-p map dump name iterfs_twins',
  'map lookup name iterfs_twins key 0 0 0 0',
  '-j map lookup name iterfs_twins key 0 0 0 0',
]

t.test('the same commands', { skip }, t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const client = new InProcessMaps(CPUS)
  for (const [name, rest] of Object.entries(MAPS)) create(client, kernel.dir, name, rest)
  for (const name of Object.keys(MAPS)) {
    both(t, client, kernel.dir, `map show pinned @${name}`)
    both(t, client, kernel.dir, `-j map list pinned @${name}`)
  }
  for (const line of COMMANDS) both(t, client, kernel.dir, line)
  // A name may stand for several maps; what others made on this machine is not called so.
  for (const file of ['twin1', 'twin2']) create(client, kernel.dir, file, 'type array key 4 value 4 entries 2', 'iterfs_twins')
  for (const line of TWINS) both(t, client, kernel.dir, line)
  t.end()
})

/** The types of a map that the object defines with BTF. */
function typesOf(btf: Btf, name: string): { keyTypeId: number; valueTypeId: number } | null {
  const variable = typeAs(btf, indexBtf(btf).find('var', name), 'var')
  const definition = variable && bareType(btf, variable.type)
  if (definition?.kind !== 'struct') return null
  const pointee = (member: string): number => {
    const pointer = typeAs(btf, definition.members.find(one => one.name === member)!.type, 'ptr')
    return pointer!.type
  }
  return { keyTypeId: pointee('key'), valueTypeId: pointee('value') }
}

t.test('values through BTF', { skip }, t => {
  const kernel = new Kernel()
  const work = scratch()
  t.teardown(() => {
    kernel.close()
    run('rm', ['-rf', work])
  })
  const object = kernel.compile('map_types.bpf.c')
  const loaded = bpftool(['prog', 'loadall', object, `${kernel.dir}/progs`, 'pinmaps', `${kernel.dir}/maps`])
  if (loaded.status !== 0) throw new Error(loaded.stderr)
  run('llvm-objcopy', ['--dump-section', `.BTF=${work}/btf`, object, `${work}/copy`])
  const btf = parseBtf(readFileSync(join(work, 'btf')))
  const client = new InProcessMaps(CPUS)
  const dir = `${kernel.dir}/maps`
  const next = random(42)
  for (const name of run('ls', [dir]).stdout.trim().split('\n')) {
    const { id, btf_id } = shown(`${dir}/${name}`)
    const info = JSON.parse(bpftool(['-j', 'map', 'show', 'pinned', `${dir}/${name}`]).stdout)
    const section: string = info.name.slice(info.name.indexOf('.'))
    const types = typesOf(btf, name) ?? { keyTypeId: 0, valueTypeId: indexBtf(btf).find('datasec', section) }
    client.next = { id, btfId: btf_id!, types: { btf, ...types } }
    const type = { array: 2, hash: 1, percpu_array: 6, percpu_hash: 5, lru_hash: 9, lpm_trie: 11 }[info.type as string]!
    const attr = {
      type,
      name: info.name,
      keySize: info.bytes_key,
      valueSize: info.bytes_value,
      maxEntries: info.max_entries,
      flags: info.flags,
    }
    client.create(attr, `${dir}/${name}`)
    for (let i = 0; i < 3; i++) {
      const some = (size: number): string => Array.from({ length: size }, () => [0, next(256), 32 + next(95)][next(3)]).join(' ')
      const key = name === 'trie' ? `${i + 8} 0 0 0 ${some(4)}` : type === 2 || type === 6 ? `${i} 0 0 0` : some(info.bytes_key)
      both(t, client, dir, `map update pinned @${name} key ${key} value ${some(info.bytes_value)}`)
      both(t, client, dir, `map lookup pinned @${name} key ${key}`)
    }
    for (const options of ['', '-j ', '-p ']) both(t, client, dir, `${options}map dump pinned @${name}`)
    both(t, client, dir, `map show pinned @${name}`)
    both(t, client, dir, `-j map show pinned @${name}`)
  }
  t.end()
})
