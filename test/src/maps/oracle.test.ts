// Random operations on every map type: results, errno and order of keys are the kernel's.
import t, { type Test } from 'tap'
import { noKernelBpf } from '../../support/kernel.ts'
import { CPUS, kernelMaps, number, ourMaps, random } from '../../support/map-oracle.ts'

const skip = noKernelBpf()
const OPERATIONS = 3000

interface Case {
  readonly name: string
  /** TYPE KEY_SIZE VALUE_SIZE MAX_ENTRIES FLAGS EXTRA BTF INNER */
  readonly create: string
  /** Keys are numbers below this, or what `key` makes of them. */
  readonly keys: number
  readonly key?: (n: number) => string
  /** Bytes of a value as bpf(2) has it. */
  readonly valueBytes?: number
  readonly percpu?: boolean
}

const prefix = (n: number): string => {
  const length = (n * 7) % 33
  const bits = Math.imul(n, 0x9e3779b1) >>> 0
  return number(length, 4) + (length === 0 ? 0 : (bits & (-1 << (32 - length))) >>> 0).toString(16).padStart(8, '0')
}

const ZERO_SEED = 64
const CASES: readonly Case[] = [
  { name: 'hash', create: `1 4 8 64 ${ZERO_SEED} 0 0 -1`, keys: 80 },
  { name: 'hash of one bucket', create: `1 4 4 1 ${ZERO_SEED} 0 0 -1`, keys: 3 },
  { name: 'hash not preallocated', create: `1 8 16 50 ${ZERO_SEED | 1} 0 0 -1`, keys: 70 },
  { name: 'hash with keys of 7 bytes', create: `1 7 5 33 ${ZERO_SEED} 0 0 -1`, keys: 50 },
  { name: 'hash with keys of 12 bytes', create: `1 12 100 33 ${ZERO_SEED} 0 0 -1`, keys: 50 },
  { name: 'hash with keys of 13 bytes', create: `1 13 3 33 ${ZERO_SEED | 1} 0 0 -1`, keys: 50 },
  { name: 'hash with keys of 29 bytes', create: `1 29 3 600 ${ZERO_SEED} 0 0 -1`, keys: 700 },
  { name: 'hash with keys of 64 bytes', create: `1 64 8 600 ${ZERO_SEED} 0 0 -1`, keys: 700 },
  { name: 'percpu_hash', create: `5 4 6 40 ${ZERO_SEED} 0 0 -1`, keys: 50, percpu: true },
  { name: 'percpu_hash not preallocated', create: `5 4 8 40 ${ZERO_SEED | 1} 0 0 -1`, keys: 50, percpu: true },
  { name: 'lru_hash', create: `9 4 8 4096 ${ZERO_SEED} 0 0 -1`, keys: 60 },
  { name: 'lru_hash with lists of each CPU', create: `9 4 8 4095 ${ZERO_SEED | 2} 0 0 -1`, keys: 60 },
  { name: 'lru_percpu_hash', create: `10 4 8 4096 ${ZERO_SEED} 0 0 -1`, keys: 60, percpu: true },
  { name: 'lru_hash that overflows', create: `9 4 8 16 ${ZERO_SEED} 0 0 -1`, keys: 40 },
  { name: 'lru_hash of 1', create: `9 4 8 1 ${ZERO_SEED} 0 0 -1`, keys: 4 },
  { name: 'lru_hash of 3', create: `9 4 8 3 ${ZERO_SEED} 0 0 -1`, keys: 6 },
  { name: 'lru_hash of 600', create: `9 4 8 600 ${ZERO_SEED} 0 0 -1`, keys: 1000 },
  { name: 'lru_hash with lists of each CPU that overflows', create: `9 4 8 41 ${ZERO_SEED | 2} 0 0 -1`, keys: 60 },
  { name: 'lru_percpu_hash that overflows', create: `10 4 8 50 ${ZERO_SEED} 0 0 -1`, keys: 90, percpu: true },
  {
    name: 'lru_percpu_hash with lists of each CPU that overflows',
    create: `10 4 8 9 ${ZERO_SEED | 2} 0 0 -1`,
    keys: 20,
    percpu: true,
  },
  { name: 'array', create: '2 4 12 20 0 0 0 -1', keys: 24 },
  { name: 'array for mmap', create: '2 4 12 20 1024 0 0 -1', keys: 24 },
  { name: 'percpu_array', create: '6 4 12 20 0 0 0 -1', keys: 24, percpu: true },
  { name: 'lpm_trie', create: '11 8 8 40 1 0 0 -1', keys: 60, key: prefix },
  { name: 'queue', create: '22 0 8 10 0 0 0 -1', keys: 1, key: () => '-' },
  { name: 'stack', create: '23 0 5 10 0 0 0 -1', keys: 1, key: () => '-' },
  { name: 'bloom_filter', create: `30 0 8 40 ${ZERO_SEED} 0 0 -1`, keys: 200, key: n => number(n, 8) },
  {
    name: 'bloom_filter of 3 hashes, values of 5 bytes',
    create: `30 0 5 30 ${ZERO_SEED} 3 0 -1`,
    keys: 200,
    key: n => number(n, 5),
  },
  { name: 'ringbuf', create: '27 0 0 4096 0 0 0 -1', keys: 1, key: () => '-' },
  { name: 'prog_array', create: '3 4 4 8 0 0 0 -1', keys: 10 },
  { name: 'task_storage', create: '29 4 8 0 1 0 1 -1', keys: 1, key: () => 'ffffffff' },
  { name: 'sk_storage', create: '24 4 8 0 1 0 1 -1', keys: 1, key: () => 'ffffffff' },
  { name: 'inode_storage', create: '28 4 8 0 1 0 1 -1', keys: 1, key: () => 'ffffffff' },
  { name: 'cgrp_storage', create: '32 4 8 0 1 0 1 -1', keys: 1, key: () => 'ffffffff' },
  { name: 'sockmap', create: '15 4 4 8 0 0 0 -1', keys: 10 },
  { name: 'sockhash', create: '18 8 8 8 0 0 0 -1', keys: 10 },
]

function operations({ create, keys, key, percpu }: Case, seed: number): string[] {
  const next = random(seed)
  const [type, keySize, valueSize] = create.split(' ').map(Number)
  const lru = type === 9 || type === 10
  const step = percpu ? Math.ceil(valueSize! / 8) * 8 : valueSize!
  const someKey = (): string => (key ?? (n => number(n * 0x01010101, keySize!)))(next(keys))
  const someValue = (): string => {
    if (type === 30) return someKey()
    let text = ''
    for (let i = 0; i < step * (percpu ? CPUS : 1); i++) text += number(next(256), 1)
    return text || '-'
  }
  // Values of prog_array and sockets are descriptors that are not open; a bloom filter's is looked up as its key.
  const value =
    type === 3 || type === 15 || type === 18
      ? () => (next(2) ? 'ffffffff' : 'e7030000') + (valueSize === 8 ? '00000000' : '')
      : someValue
  const flags = [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 8]
  const lines = [`create ${create}`]
  for (let i = 0; i < OPERATIONS; i++) {
    const what = next(100)
    if (what < 45) lines.push(`update 0 ${type === 30 ? '-' : someKey()} ${value()} ${flags[next(flags.length)]}`)
    else if (what < 65) lines.push(`${lru && next(2) ? 'touch' : 'lookup'} 0 ${someKey()}`)
    else if (what < 78) lines.push(`delete 0 ${type === 30 ? '-' : someKey()}`)
    else if (what < 90) lines.push(`next 0 ${next(3) === 0 || type === 30 ? '-' : someKey()} ${keySize}`)
    else if (what < 95 && type !== 30) lines.push(`pop 0 ${someKey()}`)
    else lines.push('memlock 0')
  }
  return lines
}

t.test('random operations', { skip }, t => {
  for (const [i, one] of CASES.entries()) {
    const lines = operations(one, 12345 + i)
    compare(t, one.name, lines)
  }
  t.end()
})

function compare(t: Test, name: string, lines: readonly string[]): void {
  const kernel = kernelMaps(lines)
  const ours = ourMaps(lines)
  const at = lines.findIndex((_, i) => kernel[i] !== ours[i])
  if (at < 0) t.pass(`${name}: ${lines.length} operations`)
  else
    t.fail(`${name}: operation ${at}: ${lines[at]}`, {
      kernel: kernel[at],
      ours: ours[at],
      before: lines.slice(Math.max(0, at - 4), at),
    })
}

t.test('maps of maps', { skip }, t => {
  const inner = [
    'create 2 4 8 4 0 0 0 -1',
    'create 2 4 8 4 0 0 0 -1',
    'create 2 4 8 5 0 0 0 -1',
    'create 1 4 8 4 64 0 0 -1',
    'create 1 4 8 9 64 0 0 -1',
  ]
  for (const [name, outer] of [
    ['array_of_maps', '12 4 4 6 0 0 0 0'],
    ['array_of_maps of hashes', '12 4 4 6 0 0 0 3'],
    ['hash_of_maps', `13 4 4 6 ${ZERO_SEED} 0 0 0`],
    ['hash_of_maps not preallocated', `13 8 4 6 ${ZERO_SEED | 1} 0 0 3`],
  ] as const) {
    const next = random(99)
    const keySize = Number(outer.split(' ')[1])
    const lines = [...inner, `create ${outer}`]
    for (let i = 0; i < 600; i++) {
      const key = number(next(8), keySize)
      const what = next(100)
      if (what < 50) lines.push(`update 5 ${key} ${next(8) ? `@${next(5)}` : 'e7030000'} ${[0, 0, 1, 2, 4][next(5)]}`)
      else if (what < 70) lines.push(`lookup 5 ${key}`)
      else if (what < 80) lines.push(`delete 5 ${key}`)
      else if (what < 95) lines.push(`next 5 ${next(3) ? key : '-'} ${keySize}`)
      else lines.push(what < 98 ? 'memlock 5' : `pop 5 ${key}`)
    }
    compare(t, name, lines)
  }
  t.end()
})

t.test('a frozen map', { skip }, t => {
  compare(t, 'hash', [
    `create 1 4 4 4 ${ZERO_SEED} 0 0 -1`,
    'update 0 01000000 01000000 0',
    'freeze 0',
    'update 0 01000000 02000000 0',
    'delete 0 01000000',
    'pop 0 01000000',
    'lookup 0 01000000',
  ])
  compare(t, 'queue', [
    'create 22 0 4 4 0 0 0 -1',
    'update 0 - 01000000 0',
    'freeze 0',
    'update 0 - 01000000 0',
    'pop 0 -',
    'lookup 0 -',
  ])
  t.end()
})

t.test('attributes of BPF_MAP_CREATE', { skip }, t => {
  // Every combination, with sizes around each limit; a map that is made is closed again.
  const keys = [0, 1, 4, 5, 8, 260, 261, 512, 513]
  const values = [
    0,
    1,
    4,
    8,
    32768,
    32769,
    65408,
    65409,
    (1 << 22) - 304,
    (1 << 22) - 303,
    (1 << 22) - 280,
    (1 << 22) - 279,
    (1 << 22) - 56,
    (1 << 22) - 49,
    1 << 22,
    (1 << 22) + 1,
  ]
  const entries = [0, 1, 3, 4096]
  const flags = [0, 1, 2, 4, 8, 16, 24, 32, 64, 65, 66, 128, 256, 384, 512, 513, 1024, 2048, 4096, 1 << 13, 1 << 17]
  const types = [1, 2, 3, 5, 6, 9, 10, 11, 12, 13, 15, 18, 22, 23, 24, 27, 28, 29, 30, 32]
  const next = random(7)
  const combinations: string[] = []
  for (const type of types)
    for (const key of keys)
      for (const value of values)
        for (const flag of flags) {
          const max =
            type === 24 || type === 28 || type === 29 || type === 32 ? [0, 0, 0, 1][next(4)] : entries[next(entries.length)]
          // Keep clear of what merely needs much memory.
          if (value > 70000 && max! > 4) continue
          if (next(3) === 0)
            combinations.push(
              `try ${type} ${key} ${value} ${max} ${flag} ${next(8) ? 0 : next(20)} ${type === 24 || (type > 27 && type !== 30) ? 1 : 0} ${type === 12 || type === 13 ? 0 : -1}`,
            )
        }
  const template = 'create 2 4 8 4 0 0 0 -1'
  const kernel = kernelMaps([template, ...combinations])
  const ours = ourMaps([template, ...combinations])
  const wrong = combinations.flatMap((line, i) =>
    kernel[i + 1] === ours[i + 1] ? [] : [`${line}: kernel ${kernel[i + 1]}, ours ${ours[i + 1]}`],
  )
  t.same(
    wrong.slice(0, 20),
    [],
    `${combinations.length} combinations, ${kernel.filter(answer => answer === '0').length} of them are made`,
  )
  t.equal(wrong.length, 0)
  t.end()
})
