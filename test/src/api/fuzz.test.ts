// Objects with damaged types: what the API shows of them, takes for them and writes about them ends in a value or a typed error, soon.
// FUZZ_API and FUZZ_SEED override the number of objects and the start.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { parseElf } from '../../../src/elf/parse.ts'
import { BpfError, type BtfValue, openObject, SyscallError, skeleton } from '../../../src/index.ts'
import { compileObjects, objectBytes } from '../../support/api.ts'

const RUNS = Number(process.env.FUZZ_API ?? 1000)
const seed = process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) }
/** Longest time for one object, in ms. */
const LIMIT_MS = 2000

const SOURCE = 'test/bpf/api.bpf.c'
await compileObjects(SOURCE)
const whole = objectBytes(SOURCE)
const btf = parseElf(whole).sections.find(({ name }) => name === '.BTF')!.data
const btfAt = btf.byteOffset - whole.byteOffset
/** The header is left as it is, and the strings. */
const [first, size] = [24, new DataView(btf.buffer, btf.byteOffset).getUint32(12, true)]

const change = fc.record({
  word: fc.nat(size / 4 - 1),
  number: fc.oneof(
    fc.nat(300),
    fc.constantFrom(0x7fffffff, 0x80000000, 0xffffffff, 0x0400_0002, 0x0300_0000),
    fc.nat(0xffffffff),
  ),
})

/** What a call gives; undefined when it throws a typed error. */
function orError<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch (err) {
    if (err instanceof BpfError || err instanceof SyscallError) return undefined
    throw err
  }
}

/** Looks at every part of a live object, and writes it back. */
function touch(object: Record<string, unknown>, depth = 0): void {
  for (const name of Object.keys(object).slice(0, 64)) {
    const value = orError(() => object[name])
    if (typeof value === 'object' && value !== null && depth < 6) touch(value as Record<string, unknown>, depth + 1)
    if (value !== undefined)
      orError(() => {
        object[name] = value
      })
  }
}

function firstOf<T>(all: Iterable<T>, count: number): T[] {
  const found: T[] = []
  for (const item of all) if (found.push(item) >= count) break
  return found
}

let [opened, loaded] = [0, 0]

t.test(`${RUNS} objects`, async t => {
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), changes => {
      const bytes = new Uint8Array(whole)
      const view = new DataView(bytes.buffer, btfAt + first)
      for (const { word, number } of changes) view.setUint32(word * 4, number, true)
      const start = performance.now()
      orError(() => skeleton(bytes, { file: 'damaged.o' }))
      const object = orError(() => openObject(bytes))
      if (!object) return
      opened++
      for (const section of Object.values(object.globals)) touch(section)
      if (orError(() => object.load())) {
        loaded++
        for (const section of Object.values(object.globals)) touch(section)
        for (const map of Object.values(object.maps)) {
          orError(() => map.raw.update(new Uint8Array(map.keySize), new Uint8Array(map.valueSize)))
          // A damaged array may have a hundred million elements: the first ones are looked at.
          for (const [key, value] of orError(() => firstOf(map, 8)) ?? []) {
            orError(() => map.update(key as never, value as BtfValue as never))
          }
        }
      }
      object.close()
      assert.ok(performance.now() - start < LIMIT_MS, `took ${performance.now() - start} ms`)
    }),
    { numRuns: RUNS, ...seed },
  )
  t.ok(opened > RUNS / 10 && loaded > RUNS / 100, `${opened} were opened, ${loaded} loaded`)
})
