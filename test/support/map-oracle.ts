// The same operations on maps of the kernel (test/bpf/map_ops.c, which says what a line means) and on ours.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BaseMap } from '../../src/maps/base.ts'
import { createMap } from '../../src/maps/create.ts'
import { ErrnoError } from '../../src/util/errno.ts'
import { AddressSpace } from '../../src/vm/memory.ts'
import { run, scratch } from './daemon.ts'
import { ROOT } from './paths.ts'

/** Possible CPUs of this machine. */
export const CPUS = Number(readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim().split('-').at(-1)) + 1

let program: string | undefined

/** test/bpf/map_ops.c, compiled once for each test file. */
function mapOps(): string {
  if (program !== undefined) return program
  const work = scratch()
  process.on('exit', () => run('rm', ['-rf', work]))
  program = join(work, 'map_ops')
  const built = run('cc', ['-O1', '-Wall', '-Werror', '-o', program, join(ROOT, 'test/bpf/map_ops.c'), '-lbpf'])
  if (built.status !== 0) throw new Error(built.stderr)
  return program
}

/** The answers of the kernel. */
export function kernelMaps(lines: readonly string[]): string[] {
  const { stdout, status } = run(mapOps(), [], { input: `${lines.join('\n')}\n` })
  if (status !== 0) throw new Error(`map_ops: ${status}`)
  return stdout.trimEnd().split('\n')
}

/** The answers of src/maps. */
export function ourMaps(lines: readonly string[], cpus: number = CPUS): string[] {
  const space = new AddressSpace()
  const scratch = space.alloc(8)
  const maps: BaseMap[] = []
  const references = new Map<number, number>()
  const hooks = {
    get: (id: number) => {
      references.set(id, (references.get(id) ?? 0) + 1)
      return maps[id - 1] ?? null
    },
    put: (id: number) => void references.set(id, references.get(id)! - 1),
    pointer: () => 65536,
  }
  const operation = (op: string, args: readonly string[]): string => {
    if (op === 'create' || op === 'try') {
      const [type, keySize, valueSize, maxEntries, flags, extra, btf, inner] = args.map(Number)
      const attr = {
        name: 'test',
        type: type!,
        keySize: keySize!,
        valueSize: valueSize!,
        maxEntries: maxEntries!,
        flags: flags!,
        mapExtra: BigInt(extra!),
        ...(inner! >= 0 ? { inner: maps[inner!]!.attr } : {}),
        ...(btf ? { btf: { btf: valueBtf(valueSize!), keyTypeId: 1, valueTypeId: 3 } } : {}),
      }
      try {
        maps.push(createMap(attr, { id: maps.length + 1, space, cpus, maps: hooks }))
      } catch (err) {
        if (err instanceof ErrnoError) return `${-err.errno}`
        throw err
      }
      if (op === 'create') return `${maps.length - 1}`
      maps.pop()!.destroy()
      return '0'
    }
    const map = maps[Number(args[0])]!
    const ofMaps = map.attr.type === 12 || map.attr.type === 13
    const value = (bytes: Uint8Array | number): string =>
      typeof bytes === 'number' ? `${bytes}` : ofMaps ? `@${new DataView(bytes.buffer).getUint32(0, true) - 1}` : hex(bytes)
    const key = fromHex(args[1] ?? '-')
    if (op === 'lookup') return value(map.userLookup(key))
    if (op === 'touch') {
      space.u8.set(key, scratch)
      return map.lookup(scratch) === 0 ? '0' : '1'
    }
    if (op === 'pop') return value(map.userLookupAndDelete(key))
    if (op === 'update') return `${map.userUpdate(key, fromHex(args[2]!), Number(args[3]))}`
    if (op === 'delete') return `${map.userDelete(key)}`
    if (op === 'memlock') return `${map.memlock}`
    if (op === 'close') return `${map.destroy() ?? 0}`
    if (op === 'freeze') {
      map.frozen = true
      return '0'
    }
    const next = map.userNextKey(args[1] === '-' ? null : key)
    return typeof next === 'number' ? `${next}` : hex(next)
  }
  return lines.map(line => {
    const [op, ...args] = line.split(' ')
    return operation(op!, args)
  })
}

/** int, unsigned char, an array of `size` of them. */
const valueBtf = (size: number) => ({
  types: [
    { kind: 'void' },
    { kind: 'int', name: 'int', size: 4, encoding: 1, offBits: 0, bits: 32 },
    { kind: 'int', name: 'unsigned char', size: 1, encoding: 0, offBits: 0, bits: 8 },
    { kind: 'array', type: 2, indexType: 1, count: size },
  ] as const,
})

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex') || '-'

/** Bytes of hex text; `-` is none, `@N` the id of map N. */
function fromHex(text: string): Uint8Array {
  if (text === '-') return new Uint8Array(0)
  if (!text.startsWith('@')) return new Uint8Array(Buffer.from(text, 'hex'))
  const id = new Uint8Array(4)
  new DataView(id.buffer).setUint32(0, Number(text.slice(1)) + 1, true)
  return id
}

/** Numbers that are the same in every run with this seed (xorshift32). */
export function random(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/** `n` as `size` bytes in hex, little-endian. */
export function number(n: number, size: number): string {
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size && n > 0; i++, n = Math.floor(n / 256)) bytes[i] = n % 256
  return hex(bytes)
}
