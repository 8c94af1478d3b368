// Every byte at each place of a format where the kernel looks at its class.
import t from 'tap'
import { decodeText } from '../../../src/util/bytes.ts'
import type { Arg } from '../../cases/bprintf.ts'
import { run } from '../../support/daemon.ts'
import { Kernel, noKernelBpf } from '../../support/kernel.ts'
import { wePrint } from '../../support/kernel-printf.ts'

interface Place {
  /** The format; `?` is the byte. */
  readonly fmt: string
  readonly arg: Arg
  /** Ranges of the bytes that are refused, in hexadecimal; measured on 6.18. */
  readonly refused: string
}

const hello: Arg = { str: 'hello' }
/** Classes of lib/ctype.c: neither printable nor white space, and what may not follow a conversion. */
const CONTROL = '01-08 0e-1f 7f'
const NOT_END = `${CONTROL} 25 30-39 41-5a 61-7a 80-9f c0-d6 d8-f6 f8-ff`

const PLACES: readonly Place[] = [
  { fmt: '[?]', arg: 7n, refused: `${CONTROL} 25` },
  { fmt: '%s?', arg: hello, refused: NOT_END },
  { fmt: '%pks?', arg: hello, refused: NOT_END },
  { fmt: '%p?', arg: 0n, refused: `${CONTROL} 25 30-39 41 43-4a 4c-52 54-5a 61-72 74-77 79-7a 80-9f c0-d6 d8-f6 f8-ff` },
  { fmt: '%px?', arg: 0x1234n, refused: `${CONTROL} 25` },
  { fmt: '%pS?', arg: 0x1234n, refused: `${CONTROL} 25` },
  { fmt: '%pB?', arg: 0x1234n, refused: `${CONTROL} 25` },
  { fmt: '%pI4?', arg: 0n, refused: `${CONTROL} 25` },
  { fmt: '%c?', arg: 65n, refused: `${CONTROL} 25` },
  { fmt: '%?', arg: 0n, refused: '01-24 26-57 59-62 65-68 6a-6f 71-72 74 76-77 79-ff' },
  { fmt: '%l?', arg: 7n, refused: '01-57 59-63 65-68 6a-74 76-77 79-ff' },
]

const BYTES = Array.from({ length: 255 }, (_, i) => i + 1)

const withByte = (fmt: string, byte: number): string =>
  decodeText(Buffer.from(fmt.replace('?', String.fromCharCode(byte)), 'latin1'))

/** Ours for every byte: text, a newline and `ret=N`. */
const ours = ({ fmt, arg }: Place): string[] => BYTES.map(byte => wePrint({ fmt: withByte(fmt, byte), args: [arg, 7n] }))

/** Bytes as ranges: `01-08 7f`. */
function ranges(bytes: readonly number[]): string {
  const hex = (byte: number): string => byte.toString(16).padStart(2, '0')
  const starts = bytes.filter(byte => !bytes.includes(byte - 1))
  const ends = bytes.filter(byte => !bytes.includes(byte + 1))
  return starts.map((start, i) => (start === ends[i] ? hex(start) : `${hex(start)}-${hex(ends[i]!)}`)).join(' ')
}

const parse = (list: string): number[] =>
  list.split(' ').flatMap(part => {
    const [from, to] = part.split('-').map(byte => Number.parseInt(byte, 16))
    return BYTES.filter(byte => byte >= from! && byte <= (to ?? from!))
  })

for (const place of PLACES)
  t.test(`refused in ${place.fmt}`, async t => {
    const printed = ours(place)
    const refused = BYTES.filter((_, i) => printed[i] === '\nret=-22')
    t.equal(ranges(refused), ranges(parse(place.refused).sort((a, b) => a - b)))
    t.equal(printed.filter(text => text.endsWith('\nret=0')).length, 255 - refused.length)
  })

t.test('as the kernel prints', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  for (const place of PLACES) {
    const bytes = [...Buffer.from(place.fmt.replace('?', '\0').padEnd(7, '\0'))]
    const defines: Record<string, number> = { AT: place.fmt.indexOf('?'), POINTER: place.arg === hello ? 1 : 0, VALUE: 0 }
    if (typeof place.arg === 'bigint') defines.VALUE = Number(place.arg)
    bytes.forEach((byte, i) => {
      defines[`F${i}`] = byte
    })
    const path = kernel.pin(kernel.compile('bprintf_bytes.bpf.c', defines), `bytes${PLACES.indexOf(place)}`)
    const printed = run('cat', [path]).stdout.split('\n--8<--\n').slice(0, -1)
    const mine = ours(place)
    t.equal(printed.length, 255)
    t.same(
      BYTES.filter((_, i) => printed[i] !== mine[i]).map(byte => [byte, printed[byte - 1], mine[byte - 1]]),
      [],
      place.fmt,
    )
  }
})
