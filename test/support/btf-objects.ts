// BTF to test with: of objects that three compilers make, and put together word by word.
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseElf } from '../../src/elf/parse.ts'
import { compileAll } from './clang.ts'
import { run, scratch } from './daemon.ts'
import { ROOT } from './paths.ts'

export const VMLINUX = '/sys/kernel/btf/vmlinux'
/** Why the kernel's BTF cannot be looked at; false when it can. */
export const noVmlinux = (): string | false => (existsSync(VMLINUX) ? false : `no ${VMLINUX}`)

export const CLANGS = ['clang', 'clang-16', 'clang-19'] as const

export interface TypeObject {
  readonly name: string
  readonly path: string
  readonly btf: Uint8Array
  readonly ext: Uint8Array
}

/** test/bpf/btf_types.bpf.c by each compiler, in a scratch folder. */
export async function typeObjects(): Promise<TypeObject[]> {
  const dir = scratch()
  const jobs = CLANGS.map(clang => ({
    clang,
    source: join(ROOT, 'test/bpf/btf_types.bpf.c'),
    object: join(dir, `types-${clang}.bpf.o`),
    include: [],
  }))
  await compileAll(jobs)
  return jobs.map(({ clang, object }) => {
    const bytes = new Uint8Array(readFileSync(object))
    return { name: clang, path: object, btf: section(bytes, '.BTF'), ext: section(bytes, '.BTF.ext') }
  })
}

/** The bytes of a section of an object. */
export function section(object: Uint8Array, name: string): Uint8Array {
  const found = parseElf(object).sections.find(section => section.name === name)
  if (!found) throw new Error(`no section ${name}`)
  return found.data
}

/** What bpftool prints of a file. @throws Error with its message when it refuses */
export function bpftoolDump(path: string, format: 'raw' | 'c'): string {
  const { status, stdout, stderr } = run('sh', ['-c', `PATH=$PATH:/usr/sbin bpftool btf dump file '${path}' format ${format}`])
  if (status !== 0) throw new Error(`bpftool: ${stderr}`)
  return stdout
}

/** A folder in which `vmlinux.h` has that text. */
export function headerFolder(): string {
  const dir = join(scratch(), 'include')
  mkdirSync(dir)
  return dir
}

/**
 * Bytes of a BTF: types as words, in which a text stands for its place among the strings. `header` replaces words of the header.
 */
export function rawBtf(
  words: readonly (number | string)[],
  { header = {} }: { header?: Readonly<Record<number, number>> } = {},
): Uint8Array {
  const strings = [...new Set(['', ...words.filter(word => typeof word === 'string')])]
  const text = new TextEncoder().encode(`${strings.join('\0')}\0`)
  const place = (name: string): number => strings.slice(0, strings.indexOf(name)).reduce((off, s) => off + s.length + 1, 0)
  const bytes = new Uint8Array(24 + 4 * words.length + text.length)
  const view = new DataView(bytes.buffer)
  const size = 4 * words.length
  const head = [0x0001_eb9f, 24, 0, size, size, text.length]
  head.forEach((word, i) => {
    view.setUint32(4 * i, header[i] ?? word, true)
  })
  words.forEach((word, i) => {
    view.setUint32(24 + 4 * i, typeof word === 'string' ? place(word) : word, true)
  })
  bytes.set(text, 24 + size)
  return bytes
}

/** The info word of a type. */
export const info = (kind: number, vlen = 0, flag = false): number => ((flag ? 0x8000_0000 : 0) | (kind << 24) | vlen) >>> 0
