// Objects of test/bpf/object, compiled by every clang that is here, and what libbpf makes of them.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import t from 'tap'
import { parseBtf } from '../../src/btf/parse.ts'
import type { Btf } from '../../src/btf/types.ts'
import { parseElf } from '../../src/elf/parse.ts'
import type { ResolvedObject } from '../../src/object/spec.ts'
import { run } from './daemon.ts'
import { ROOT } from './paths.ts'

const SOURCES = join(ROOT, 'test/bpf/object')
const work = mkdtempSync(join(tmpdir(), 'iterfs-objects-'))
t.teardown(() => rmSync(work, { recursive: true, force: true }))

/** How an object is compiled. */
export interface Flags {
  readonly clang?: string
  readonly opt?: '-O1' | '-O2' | '-Os'
  readonly cpu?: 'v1' | 'v2' | 'v3' | 'v4'
}

/** Compilers that are installed: Debian's clang (14) and the ones beside it. */
export const CLANGS: readonly string[] = ['clang', 'clang-16', 'clang-19'].filter(
  clang => run('sh', ['-c', `command -v ${clang}`]).status === 0,
)

/** Every way of compiling that the compilers here have. */
export const MATRIX: readonly Required<Flags>[] = CLANGS.flatMap(clang =>
  (['-O1', '-O2', '-Os'] as const).flatMap(opt =>
    (clang === 'clang-19' ? (['v1', 'v2', 'v3', 'v4'] as const) : (['v1', 'v2', 'v3'] as const)).map(cpu => ({
      clang,
      opt,
      cpu,
    })),
  ),
)

/** A few of them that have every compiler, level and instruction set once. */
export const SOME: readonly Required<Flags>[] = MATRIX.filter(
  ({ clang, opt, cpu }) =>
    ({ clang: ['-O2 v2', '-O1 v3'], 'clang-16': ['-Os v1', '-O2 v3'], 'clang-19': ['-O2 v4', '-O1 v1', '-Os v3'] })[
      clang
    ]?.includes(`${opt} ${cpu}`) ?? false,
)

let count = 0

/** Compiles test/bpf/object/NAME; the path of the object. */
export function compile(name: string, flags: Flags = {}): string {
  return build(join(SOURCES, name), flags)
}

/** Compiles a program given as text; `name` becomes that of the file. */
export function compileText(text: string, name = 'text', flags: Flags = {}): string {
  const source = join(work, `${name}.bpf.c`)
  writeFileSync(source, text)
  return build(source, flags)
}

function build(source: string, { clang = 'clang', opt = '-O2', cpu = 'v2' }: Flags): string {
  const object = join(work, `${basename(source, '.c')}.${count++}.o`)
  const args = [
    '-target',
    'bpf',
    opt,
    `-mcpu=${cpu}`,
    '-g',
    '-Wall',
    '-fno-crash-diagnostics',
    '-I',
    SOURCES,
    '-c',
    source,
    '-o',
    object,
  ]
  const { status, stderr } = run(clang, args)
  if (status !== 0) throw new Error(`${clang} ${args.join(' ')}: ${status} ${stderr}`)
  return object
}

/** Compiled bytes and a name as of their file. */
export function bytesOf(path: string): { readonly bytes: Uint8Array; readonly name: string } {
  return { bytes: new Uint8Array(readFileSync(path)), name: basename(path) }
}

/** The BTF in an object file. */
export function btfOf(path: string): Btf {
  const section = parseElf(bytesOf(path).bytes).sections.find(({ name }) => name === '.BTF')
  return parseBtf(section!.data)
}

/** What test/bpf/insns.c prints of an object: libbpf's maps and instructions. */
export function libbpfLines(object: string, btf?: string): string[] {
  const program = join(work, 'insns')
  if (run('test', ['-x', program]).status !== 0) {
    const { status, stderr } = run('cc', ['-O1', '-o', program, join(ROOT, 'test/bpf/insns.c'), '-lbpf'])
    if (status !== 0) throw new Error(`cc insns.c: ${stderr}`)
  }
  const { status, stdout, stderr } = run(program, btf === undefined ? [object] : [object, btf])
  if (status !== 0) throw new Error(`insns ${object}: ${status} ${stderr}`)
  return stdout.trim().split('\n')
}

/** Helper ids of calls of kfuncs that are not there. */
const POISON_KFUNC = 2002000000

/** The same of a resolved object. `lines` are libbpf's, for the addresses that are BTF ids there. */
export function ourLines(object: ResolvedObject, lines: readonly string[]): string[] {
  const maps = object.maps.flatMap(map => [
    `map ${map.kernelName} ${map.type} ${map.keySize} ${map.valueSize} ${map.maxEntries} ${map.flags} ${map.mapExtra} ${map.keyTypeId} ${map.valueTypeId}`,
    ...(map.initial ? [`value ${Buffer.from(map.initial).toString('hex')}`] : []),
  ])
  const progs = object.progs.flatMap(({ name, section, insns, kfuncs }) => {
    const head = `prog ${name} ${section}`
    const bytes = Buffer.from(insns)
    const ids: string[] = []
    for (let i = lines.indexOf(head) + 1; lines[i]?.startsWith('btfid'); i++) {
      const at = Number(lines[i]!.slice(6)) * 8
      bytes.fill(0, at + 4, at + 8).fill(0, at + 12, at + 16)
      ids.push(lines[i]!)
    }
    for (let at = 0; at < bytes.length; at += 8)
      if (bytes[at] === 0x85 && bytes.readInt32LE(at + 4) >= POISON_KFUNC) bytes.fill(0, at + 4, at + 8)
    return [head, ...ids, ...kfuncs.map(kfunc => `kfunc ${kfunc}`), `insns ${bytes.toString('hex')}`]
  })
  return [...maps, ...progs]
}
