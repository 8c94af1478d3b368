// Objects' BTF with bytes changed: it is refused with a typed error, or everything that is made of it comes to an end. FUZZ_BTF and FUZZ_SEED
// override the number and the start.
import fc from 'fast-check'
import t from 'tap'
import { encodeBtf } from '../../../src/btf/encode.ts'
import { parseBtfExt } from '../../../src/btf/ext.ts'
import { formatC } from '../../../src/btf/format-c.ts'
import { formatRaw } from '../../../src/btf/format-raw.ts'
import { parseBtf } from '../../../src/btf/parse.ts'
import { alignOf, indexBtf, memberOf, sizeOrNull } from '../../../src/btf/query.ts'
import { BpfError } from '../../../src/util/error.ts'
import { typeObjects } from '../../support/btf-objects.ts'

const RUNS = Number(process.env.FUZZ_BTF ?? 3000)
const seed = process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) }
const objects = await typeObjects()

/** What `make` gives, or null when it refuses with a typed error. */
function orRefused<T>(make: () => T): T | null {
  try {
    return make()
  } catch (err) {
    if (err instanceof BpfError) return null
    throw err
  }
}

const word = fc.oneof(fc.nat(300), fc.constantFrom(0, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff), fc.nat(0xffff_ffff))
const change = fc.record({ at: fc.nat(0xffff), word, bytes: fc.constantFrom(1, 2, 4) })
const damage = fc.record({
  object: fc.nat(objects.length - 1),
  changes: fc.array(change, { maxLength: 4 }),
  cut: fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(0xffff) }),
})

function damaged(
  bytes: Uint8Array,
  changes: readonly { at: number; word: number; bytes: number }[],
  cut: number | null,
): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const view = new DataView(copy.buffer)
  for (const { at, word, bytes } of changes) {
    const off = at % (copy.length - 4)
    if (bytes === 4) view.setUint32(off & ~3, word, true)
    else if (bytes === 2) view.setUint16(off, word & 0xffff, true)
    else view.setUint8(off, word & 0xff)
  }
  return cut === null ? copy : copy.subarray(0, cut % copy.length)
}

t.test('.BTF', t => {
  let taken = 0
  fc.assert(
    fc.property(damage, ({ object, changes, cut }) => {
      const bytes = damaged(objects[object]!.btf, changes, cut)
      const btf = orRefused(() => parseBtf(bytes))
      if (btf === null) return
      taken++
      formatRaw(btf)
      orRefused(() => formatC(btf))
      for (let id = 0; id < btf.types.length; id++) {
        sizeOrNull(btf, id)
        alignOf(btf, id)
        memberOf(btf, id, 'nothing has this name')
      }
      indexBtf(btf).find('struct', 'uses')
      const again = parseBtf(encodeBtf(btf))
      if (formatRaw(again) !== formatRaw(btf)) throw new Error('encoding changed it')
    }),
    { numRuns: RUNS, ...seed },
  )
  t.ok(taken > RUNS / 20, `${taken} of ${RUNS} were taken`)
  t.ok(taken < RUNS, 'and others refused')
  t.end()
})

t.test('.BTF.ext', t => {
  const parsed = objects.map(({ btf }) => parseBtf(btf))
  let taken = 0
  fc.assert(
    fc.property(damage, ({ object, changes, cut }) => {
      const bytes = damaged(objects[object]!.ext, changes, cut)
      if (orRefused(() => parseBtfExt(bytes, parsed[object]!)) !== null) taken++
    }),
    { numRuns: RUNS, ...seed },
  )
  t.ok(taken > RUNS / 20 && taken < RUNS, `${taken} of ${RUNS} were taken`)
  t.end()
})
