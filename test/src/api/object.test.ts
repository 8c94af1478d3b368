// Objects without a skeleton: variables in and out, loading, iterators as streams, errors.
import { finished } from 'node:stream/promises'
import t from 'tap'
import { BpfError, type BpfObject, openObject, SyscallError } from '../../../src/index.ts'
import { compileObjects, objectBytes } from '../../support/api.ts'
import { sleep } from '../../support/daemon.ts'

const SOURCE = 'test/bpf/api.bpf.c'
await compileObjects(SOURCE, 'programs/task.bpf.c')
const bytes = objectBytes(SOURCE)

interface Point {
  x: number
  y: number
  name: string
}
interface Everything {
  u8: number
  s8: number
  u16: number
  s16: number
  u32: number
  s32: number
  u64: bigint
  s64: bigint
  yes: boolean
  letter: number
  colour: number
  breadth: bigint
  low: number
  high: number
  wide: bigint
  points: Point[]
  words: string[]
  grid: number[][]
  version: { major: number; minor: number }
  address: bigint
  word: number
  bytes: number[]
  inner: { deep: number }
}
interface Types {
  readonly globals: {
    readonly '.bss': { target_pid: number; visited: bigint; all: Everything; copy: Everything }
    readonly '.data': { list: number[]; title: string }
    readonly '.rodata': { limit: number; greeting: string }
    readonly '.data.custom': { custom: number }
    readonly '.kconfig': { readonly LINUX_KERNEL_VERSION: number; readonly CONFIG_BPF: boolean }
  }
  readonly maps: object
  readonly progs: {
    dump_task: 'task'
    dump_all: 'task'
    again: 'task'
    too_much: 'task'
    endless: 'task'
    dump_maps: 'bpf_map'
    dump_counts: 'bpf_map_elem'
    on_request: 'task'
    no_iterator: null
  }
}
const open = (): BpfObject<Types> => openObject<Types>(bytes, { name: 'api.bpf.o' })

/** The code and the text of what a call throws. */
function thrown(call: () => unknown): string {
  try {
    call()
  } catch (err) {
    if (err instanceof BpfError || err instanceof SyscallError) return `${err.code}: ${err.message}`
    throw err
  }
  return 'nothing'
}

const VALUES: Everything = {
  ...{ u8: 255, s8: -128, u16: 65535, s16: -32768, u32: 4294967295, s32: -2147483648 },
  ...{ u64: 0xffff_ffff_ffff_ffffn, s64: -(1n << 63n), yes: true, letter: 0x41, colour: 5, breadth: 0x1_0000_0000n },
  ...{ low: 7, high: -16, wide: (1n << 40n) - 1n, address: 0xffff_8880_0000_0000n },
  points: [
    { x: 1, y: -2, name: 'first' },
    { x: 2147483647, y: 0, name: 'second7' },
  ],
  ...{ words: ['abc', ''], version: { major: 6, minor: 18 }, inner: { deep: -9 } },
  grid: [
    [1, 2, 3],
    [4, 5, 6],
  ],
  ...{ word: 0x04030201, bytes: [1, 2, 3, 4] },
}
const PRINTED = [
  '255 -128 65535 -32768 4294967295 -2147483648 18446744073709551615 -9223372036854775808',
  '1 A 5 100000000 7 -16 ffffffffff',
  '2147483647 second7 abc  6 6.18 4030201 -9',
]

t.test('what an object has', async t => {
  const object = open()
  t.same([object.name, object.license, object.isLoaded], ['api', 'Dual MIT/GPL', false])
  t.same(
    Object.values(object.progs).map(({ name, section, target, sleepable, autoload }) => [
      name,
      section,
      target,
      sleepable,
      autoload,
    ]),
    [
      ['dump_task', 'iter/task', 'task', false, true],
      ['again', 'iter/task', 'task', false, true],
      ['too_much', 'iter/task', 'task', false, true],
      ['endless', 'iter/task', 'task', false, true],
      ['dump_all', 'iter.s/task', 'task', true, true],
      ['dump_counts', 'iter/bpf_map_elem', 'bpf_map_elem', false, true],
      ['dump_maps', 'iter/bpf_map', 'bpf_map', false, true],
      ['on_request', '?iter/task', 'task', false, false],
      ['no_iterator', 'kprobe/nothing', null, false, true],
    ],
  )
  t.same(Object.keys(object.globals).sort(), ['.bss', '.data', '.data.custom', '.kconfig', '.rodata'])
  object.close()
})

t.test('variables of every type, in before load and out after the program has copied them', async t => {
  const object = open()
  object.bss.all = VALUES
  object.data.list[1] = 22
  object.data.title = 'changed'
  object.rodata.limit = 11
  object.rodata.greeting = 'gruess dich'
  object.load()
  const link = object.progs.dump_all.attachIter()
  t.same((await link.text()).split('\n'), [...PRINTED, '1 22 3 changed 11 gruess dich', '7 1 1', ''])
  t.same(object.bss.copy, VALUES)
  t.equal(object.globals['.data.custom'].custom, 8)

  object.bss.all.points[1] = { ...VALUES.points[1]!, name: 'other' }
  object.bss.all.points[1].x = 5
  object.bss.all.grid[1]![2] = 66
  object.bss.all.low = 1
  object.bss.all.inner.deep++
  object.bss.all.bytes[3] = 0xff
  t.same((await link.text()).split('\n').slice(1, 3), ['1 A 5 100000000 1 -16 ffffffffff', '5 other abc  66 6.18 ff030201 -8'])
  t.equal(object.bss.all.word, 0xff030201)
  object.close()
})

t.test('live objects are objects and arrays to the language', async t => {
  const { bss, data } = open()
  t.same(Object.keys(data), ['list', 'title'])
  t.same([...data.list], [1, 2, 3])
  t.equal(data.list.length, 3)
  t.ok(Array.isArray(data.list))
  t.same(
    data.list.map(n => 2 * n),
    [2, 4, 6],
  )
  data.list.reverse()
  t.equal(JSON.stringify(data), '{"list":[3,2,1],"title":"as written"}')
  t.ok('title' in data && !('titel' in data))
  t.equal(bss.all.points, bss.all.points, 'the same object each time')
  bss.all.points[0] = { x: 7, y: 8, name: 'n' }
  bss.all = { ...bss.all, points: [bss.all.points[0]!] } as Everything
  t.same(bss.all.points, [
    { x: 7, y: 8, name: 'n' },
    { x: 0, y: 0, name: '' },
  ])
})

t.test('values that do not fit name the variable, what is wanted and what came', async t => {
  const object = openObject(bytes)
  const { bss, data } = open()
  const rows: readonly [() => unknown, string][] = [
    [() => (bss.target_pid = 2 ** 31), 'value: target_pid: want int from -2147483648 to 2147483647, got 2147483648'],
    [() => (bss.target_pid = 1.5), 'value: target_pid: want int from -2147483648 to 2147483647, got 1.5'],
    [() => (bss.all.u8 = -1), 'value: all.u8: want unsigned char from 0 to 255, got -1'],
    [
      () => (bss.all.points[1]!.x = '1' as unknown as number),
      'value: all.points[1].x: want int from -2147483648 to 2147483647, got "1"',
    ],
    [() => (bss.all.low = 8), 'value: all.low: want unsigned int from 0 to 7, got 8'],
    [() => (bss.all.yes = 1 as unknown as boolean), 'value: all.yes: want true or false, got 1'],
    [() => (bss.all.words[0] = 'four'), 'value: all.words[0]: want a string of 3 bytes or less, got one of 4'],
    [() => (bss.all.words[0] = 'a\0b'), 'value: all.words[0]: want a string of 3 bytes or less, got one with a NUL'],
    [
      () => (bss.all.points[0] = 5 as unknown as Point),
      'value: all.points[0]: want an object with the members of struct point, got 5',
    ],
    [() => (bss.all.points[0] = { z: 1 } as unknown as Point), 'member: all.points[0]: no z; there are: x, y, name'],
    [() => (data.list = [1, 2, 3, 4]), 'value: list: want an array of 3 or less, got one of 4'],
    [() => (data.list[3] = 1), 'API_NO_MEMBER: list: no [3]; there are: [0] to [2]'],
    [() => data.list.push(1), 'API_NO_MEMBER: list: no [3]; there are: [0] to [2]'],
    [
      () => ((object.bss as { targetpid?: number }).targetpid = 1),
      'API_NO_VARIABLE: no variable targetpid in .bss; there are: target_pid, visited, copy, all',
    ],
    [() => ((bss.all.inner as { deeper?: number }).deeper = 1), 'API_NO_MEMBER: all.inner: no deeper; there are: deep'],
    [
      () => object.prog('dump'),
      'API_NO_PROG: object object has no program dump; there are: dump_task, again, too_much, endless, dump_all, dump_counts, dump_maps, on_request, no_iterator',
    ],
    [
      () => object.map('count'),
      'API_NO_MAP: object object has no map count; there are: counts, points, slots, percpu, queue, ring',
    ],
    [
      () => openObject(objectBytes('programs/task.bpf.c')).bss,
      'API_NO_SECTION: object object has no variables in .bss; it has some in: .rodata',
    ],
  ]
  for (const [call, text] of rows) t.equal(thrown(call), text)
  t.same([bss.target_pid, bss.all.u8, data.list], [0, 0, [1, 2, 3]], 'nothing was written')
})

t.test('what is for before load, and what is for after', async t => {
  const object = open()
  t.equal(
    thrown(() => object.progs.dump_task.attachIter()),
    'API_NOT_LOADED: attachIter of program dump_task: want load() of object api first',
  )
  t.match(
    thrown(() => object.kconfig.LINUX_KERNEL_VERSION),
    /^API_KCONFIG: LINUX_KERNEL_VERSION: /,
  )
  object.rodata.limit = 12
  object.load()
  t.ok(object.kconfig.LINUX_KERNEL_VERSION >= 3 << 16)
  t.equal(object.kconfig.CONFIG_BPF, true)
  t.equal(object.rodata.limit, 12)
  t.match(
    thrown(() => (object.rodata.limit = 13)),
    /^API_READONLY: limit: /,
  )
  t.match(
    thrown(() => ((object.kconfig as { CONFIG_BPF: boolean }).CONFIG_BPF = false)),
    /^API_KCONFIG: CONFIG_BPF: /,
  )
  t.match(
    thrown(() => object.load()),
    /^API_LOADED: load: /,
  )
  t.match(
    thrown(() => (object.progs.on_request.autoload = true)),
    /^API_LOADED: autoload of program on_request: /,
  )
  t.match(
    thrown(() => object.progs.on_request.attachIter()),
    /^API_AUTOLOAD: /,
  )
  t.equal(
    thrown(() => object.progs.no_iterator.attachIter()),
    'API_NOT_ITER: program no_iterator of section kprobe/nothing: want a section iter/TARGET to attach it',
  )
  object.close()
  object.close()
  t.equal(
    thrown(() => object.bss.target_pid),
    'API_CLOSED: target_pid: object api was closed',
  )
  t.match(
    thrown(() => object.load()),
    /^API_CLOSED: load: /,
  )
})

t.test('a program that is not loaded by itself', async t => {
  const object = open()
  object.progs.on_request.autoload = true
  object.progs.dump_task.autoload = false
  object.load()
  t.equal(await object.progs.on_request.attachIter().text(), 'on request\n')
  t.match(
    thrown(() => object.progs.dump_task.attachIter()),
    /^API_AUTOLOAD: /,
  )
  object.close()
})

t.test('several iterators and links at once', async t => {
  const object = open().load()
  const one = object.progs.dump_task.attachIter({ task: { pid: process.pid } })
  const single = object.progs.dump_task.attachIter({ task: { tid: process.pid } })
  t.match(one.info, { type: 'iter', target_name: 'task', task: { pid: process.pid, tid: 0 } })
  t.match(single.info, { task: { pid: 0, tid: process.pid } })
  t.not(one.info.id, single.info.id)
  t.equal(one.info.prog_id, single.info.prog_id)

  t.equal(await single.text(), `0 1 ${process.pid}\n`)
  // Two files of one link: each has numbers of its own, the variables are the object's.
  const files = [one.createIter({ highWaterMark: 1 }), one.createIter({ highWaterMark: 1 })]
  const readers = files.map(async file => {
    let text = ''
    for await (const part of file) text += String(part)
    return text
      .trim()
      .split('\n')
      .map(line => line.split(' '))
  })
  const [first, second] = (await Promise.all(readers)) as [string[][], string[][]]
  t.ok(first.length > 1, 'this process has threads')
  t.same(
    second.map(([seq]) => seq),
    first.map(([seq]) => seq),
  )
  const visited = [...first, ...second].map(([, visited]) => Number(visited)).sort((a, b) => a - b)
  t.same(
    visited,
    visited.map((_, i) => i + 2),
    'one counter for both',
  )
  t.equal(object.bss.visited, BigInt(visited.length + 1))
  object.bss.target_pid = 1
  t.equal(await one.text(), '', 'a filter that is set while it is loaded')
  object.close()
})

t.test('two objects of one file know nothing of each other', async t => {
  const [a, b] = [open().load(), open().load({ interpreter: true })]
  const [x, y] = [a, b].map(object => object.progs.dump_task.attachIter({ task: { tid: process.pid } }))
  t.equal(await x!.text(), `0 1 ${process.pid}\n`)
  t.equal(await x!.text(), `0 2 ${process.pid}\n`)
  t.equal(await y!.text(), `0 1 ${process.pid}\n`)
  a.close()
  t.equal(await y!.text(), `0 2 ${process.pid}\n`)
  b.close()
})

t.test('a stream reads no more than its consumer wants', async t => {
  const object = open().load()
  const stream = object.progs.dump_task.attachIter({ task: { pid: process.pid } }).createIter({ highWaterMark: 1 })
  t.equal(object.bss.visited, 0n, 'nothing at open')
  stream.read(0)
  await sleep(20)
  t.equal(object.bss.visited, 1n, 'one object for the first byte, and none before that was taken')
  stream.destroy()
  await finished(stream, { cleanup: true }).catch(() => {})
  object.close()
})

t.test('errors of reads have the errno of read(2)', async t => {
  const object = open().load()
  const failure = async (name: 'again' | 'too_much'): Promise<unknown> => {
    try {
      return await object.progs[name].attachIter({ task: { tid: process.pid } }).text()
    } catch (err) {
      return err
    }
  }
  t.match(await failure('again'), { name: 'SyscallError', code: 'EAGAIN', errno: 11, syscall: 'read' })
  t.match(await failure('too_much'), { name: 'SyscallError', code: 'E2BIG', errno: 7, syscall: 'read' })
  object.close()
})

t.test('parameters', async t => {
  const object = openObject(bytes, { name: 'api' }).load()
  const attach = (params: unknown, name = 'dump_task'): string => thrown(() => object.prog(name).attachIter(params as never))
  t.equal(attach({ tsak: 1 }), 'API_PARAM: program dump_task: want parameters task, map, cgroup, got tsak')
  t.equal(attach({ task: { pdi: 1 } }), 'API_PARAM: program dump_task: want task: { pid, tid }, got pdi')
  t.equal(attach({ task: 1 }), 'API_PARAM: program dump_task: want task: { pid, tid }, got 1')
  t.equal(attach({ task: { pid: -1 } }), 'API_PARAM: program dump_task: want a whole number as pid, got -1')
  t.equal(attach({ map: { map: {} } }), 'API_PARAM: program dump_task: want map: { map } of an object, got [object Object]')
  t.match(attach({ cgroup: { order: 'up' } }), /^API_PARAM: program dump_task: want order: self_only, /)
  t.match(attach({ task: { pid: 1, tid: 1 } }), /^EINVAL: want one of tid, pid and pid_fd, /)
  t.match(attach({}, 'dump_counts'), /^EBADF: bpf_map_elem: want a map, got none/)
  t.match(attach({ map: { map: object.map('queue') } }, 'dump_counts'), /^EINVAL: bpf_map_elem: want a hash or array/)
  object.close()
})

t.test('ends', async t => {
  const object = open().load()
  const link = object.progs.dump_task.attachIter({ task: { tid: process.pid } })
  const open1 = link.createIter()
  link.destroy()
  link[Symbol.dispose]()
  t.equal(
    thrown(() => link.createIter()),
    `EBADF: link ${link.info.id} was destroyed`,
  )
  t.equal(String((await open1.toArray())[0]), `0 1 ${process.pid}\n`, 'an open iterator outlives its link')

  const open2 = object.progs.dump_task.attachIter().createIter()
  object[Symbol.dispose]()
  await t.rejects(open2.toArray(), { code: 'EBADF' })
})

t.test('an object that does not load says why, and can be changed and loaded then', async t => {
  const object = openObject(bytes, { name: 'api' })
  object.map('slots').maxEntries = 0
  t.match(
    thrown(() => object.load()),
    /^BAD_ATTR: map slots: /,
  )
  t.notOk(object.isLoaded)
  object.map('slots').maxEntries = 2
  object.load()
  t.equal(object.map('slots').maxEntries, 2)
  t.match(await object.prog('dump_maps').attachIter().text(), /^slots 2$/m)
  object.close()

  t.match(
    thrown(() => openObject(bytes.subarray(0, 100))),
    /^[a-z_A-Z]+: /,
  )
  t.match(
    thrown(() => openObject(new Uint8Array())),
    /^[a-z_A-Z]+: /,
  )
})

t.test('hooks of load', async t => {
  const heard: string[] = []
  const object = open()
  object.progs.on_request.autoload = true
  object.load({
    progLimitMs: 1,
    trace: (prog, text) => heard.push(`${prog}: ${text}`),
    progFailed: (prog, err) => heard.push(`${prog} failed: ${err.name}`),
  })
  await object.progs.on_request.attachIter().text()
  await t.rejects(object.progs.endless.attachIter({ task: { tid: process.pid } }).text(), { code: 'ETIMEDOUT', errno: 110 })
  t.same(heard, ['on_request: traced 5', 'endless failed: ErrnoError'])
  object.close()
})
