// Damaged objects: each gives a typed error or a result, and nothing else. FUZZ_OBJECTS and FUZZ_SEED override the number of
// damaged objects and the start; issue 3 asks for 100,000.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { parseElf } from '../../../src/elf/parse.ts'
import { parseObject } from '../../../src/object/parse.ts'
import { resolveObject } from '../../../src/object/resolve.ts'
import { globalsOf, setGlobals } from '../../../src/object/set.ts'
import { BpfError } from '../../../src/util/error.ts'
import { btfOf, bytesOf, CLANGS, compile } from '../../support/objects.ts'

const OBJECTS = Number(process.env.FUZZ_OBJECTS ?? 4000)
const seed = process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) }

interface Seed {
  readonly name: string
  readonly bytes: Uint8Array
  /** The parts that are read: most of a file is debug information, which nobody looks at. */
  readonly regions: readonly { readonly at: number; readonly size: number }[]
}

function seedOf(path: string): Seed {
  const { bytes, name } = bytesOf(path)
  const { sections } = parseElf(bytes)
  const read = sections.filter(({ name, data }) => data.length > 0 && !/debug|llvm/.test(name))
  const headers = { at: Number(new DataView(bytes.buffer).getBigUint64(40, true)), size: sections.length * 64 }
  const regions = read.map(({ data }) => ({ at: data.byteOffset - bytes.byteOffset, size: data.length }))
  return { name, bytes, regions: [{ at: 0, size: 64 }, headers, ...regions, ...regions] }
}

const NUMBERS = [0, 1, 2, 3, 7, 8, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff]
const change = fc.record({
  region: fc.nat(1000),
  /** Where in the region, in 1/65536 of it. */
  where: fc.nat(0xffff),
  kind: fc.constantFrom('bit', 'byte', 'u16', 'u32', 'u32', 'u64', 'copy', 'near'),
  number: fc.oneof(fc.constantFrom(...NUMBERS), fc.nat(64), fc.nat(0xffffffff)),
})
const damage = fc.record({
  seed: fc.nat(1000),
  changes: fc.array(change, { minLength: 1, maxLength: 6 }),
  /** Cut to this part of its length, in 1/65536. */
  cut: fc.oneof({ weight: 15, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(0xffff) }),
})
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never

function apply(bytes: Uint8Array, regions: Seed['regions'], { region, where, kind, number }: Change): void {
  const { at, size } = regions[region % regions.length]!
  const view = new DataView(bytes.buffer)
  const off = Math.floor((where / 65536) * size)
  const aligned = Math.min(at + (kind === 'bit' || kind === 'byte' ? off : off & ~3), bytes.length - 8)
  switch (kind) {
    case 'bit':
      bytes[aligned]! ^= 1 << (number & 7)
      return
    case 'byte':
      bytes[aligned] = number
      return
    case 'u16':
      return view.setUint16(aligned, number, true)
    case 'u32':
      return view.setUint32(aligned, number, true)
    case 'u64':
      return view.setBigUint64(aligned, BigInt(number), true)
    case 'near':
      return view.setUint32(aligned, view.getUint32(aligned, true) + (number % 17) - 8, true)
    case 'copy':
      bytes.copyWithin(aligned, at + (number % size), at + (number % size) + 24)
  }
}

function damaged(seeds: readonly Seed[], { seed, changes, cut }: Damage): { name: string; bytes: Uint8Array } {
  const { name, bytes: whole, regions } = seeds[seed % seeds.length]!
  const bytes = new Uint8Array(whole)
  for (const one of changes) apply(bytes, regions, one)
  return { name, bytes: cut === null ? bytes : bytes.subarray(0, Math.floor((cut / 65536) * bytes.length)) }
}

/** The typed error, or null; anything else is thrown on. */
function orTyped(run: () => void): BpfError | null {
  try {
    run()
    return null
  } catch (err) {
    if (err instanceof BpfError) return err
    throw err
  }
}

t.test(`${OBJECTS} damaged objects`, t => {
  t.setTimeout(60_000 + OBJECTS * 3)
  const sources = ['maps.bpf.c', 'subprogs.bpf.c', 'externs.bpf.c', 'core_fields.bpf.c', 'core_types.bpf.c']
  const seeds = sources.map((source, i) => seedOf(compile(source, { clang: CLANGS[i % CLANGS.length]! })))
  const targetBtf = btfOf(compile('core_target.c'))
  const options = {
    targetBtf,
    kconfig: () =>
      'CONFIG_HZ=250\nCONFIG_BPF=y\nCONFIG_BPF_SYSCALL=m\nCONFIG_SMP=y\nCONFIG_CC_VERSION_TEXT="x"\nCONFIG_PHYSICAL_START=0x1000\n',
    ksyms: (name: string) => (name.startsWith('no_') ? null : 0xffffffff81000000n),
    kfuncNames: new Set(['bpf_task_from_pid', 'bpf_task_release']),
  }
  const errors = new Map<string, number>()
  let parsed = 0
  let resolved = 0
  let slowest = 0
  fc.assert(
    fc.property(damage, damage => {
      const { name, bytes } = damaged(seeds, damage)
      const start = performance.now()
      const err = orTyped(() => {
        const spec = parseObject(bytes, name)
        parsed++
        const [global] = globalsOf(spec)
        if (global) orTyped(() => setGlobals(spec, { [global.name]: '1' }))
        const { progs } = resolveObject(spec, options)
        resolved++
        for (const { insns, subprogs } of progs) assert.equal(subprogs.at(-1)?.end, insns.length / 8)
      })
      slowest = Math.max(slowest, performance.now() - start)
      if (err) errors.set(err.code, (errors.get(err.code) ?? 0) + 1)
    }),
    { numRuns: OBJECTS, ...seed },
  )
  t.comment(
    `${parsed} parsed, ${resolved} resolved, slowest ${slowest.toFixed(0)} ms, heap ${process.memoryUsage().rss >> 20} MB`,
  )
  t.comment(
    [...errors]
      .sort((a, b) => b[1] - a[1])
      .map(([code, n]) => `${code} ${n}`)
      .join(', '),
  )
  t.ok(resolved > OBJECTS / 100, `${resolved} still resolve`)
  t.ok(errors.size > 20, `${errors.size} different errors`)
  t.end()
})
