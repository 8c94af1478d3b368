// The 512 bytes that the arguments of one call share: what is cut, what finds no room, and what is found wrong first.
import t from 'tap'
import type { Arg, FormatCase } from '../../cases/bprintf.ts'
import { Kernel, noKernelBpf } from '../../support/kernel.ts'
import { caseName, kernelPrints, wePrint } from '../../support/kernel-printf.ts'

const IP: Arg = { mem: [192, 168, 200, 233, 0, 1, 0xab, 0xcd, 0, 0, 0, 0, 255, 1, 2, 3] }
const IP_TEXT = {
  '%pI4': '192.168.200.233',
  '%pi4': '192.168.200.233',
  '%pI6': 'c0a8:c8e9:0001:abcd:0000:0000:ff01:0203',
  '%pi6': 'c0a8c8e90001abcd00000000ff010203',
} as const

interface SpaceCase extends FormatCase {
  readonly want: string
}

const NO_ROOM = '\nret=-28'
const INVALID = '\nret=-22'

/** A text of `n` bytes, of which 512 with the NUL are taken, then one more argument. */
function casesOf(n: number): SpaceCase[] {
  const taken = Math.min(n, 511)
  const [text, front, room]: [Arg, string, number] = [{ str: 'y'.repeat(n) }, `${'y'.repeat(taken)}|`, 512 - taken - 1]
  const one = (fmt: string, arg: Arg, want: string | null): SpaceCase => ({
    fmt: `%s|${fmt}`,
    args: [text, arg],
    want: want === null ? NO_ROOM : `${front}${want}\nret=0`,
  })
  const aligned = 512 - ((taken + 1 + 3) & ~3)
  const failing = room === 0 ? NO_ROOM : INVALID
  const wrongBehind = (fmt: string, ...args: Arg[]): SpaceCase => ({ fmt: `%s${fmt}`, args: [text, ...args], want: failing })
  const cases = [
    one('%s', { str: 'hello world' }, room > 0 ? 'hello world'.slice(0, room - 1) : null),
    one('%pks', { str: 'hello' }, room > 0 ? 'hello'.slice(0, room - 1) : null),
    one('%s', 0n, room > 0 ? '' : null),
    one('%c', 65n, room > 0 ? 'A' : null),
    one('%d', -5n, aligned >= 4 ? '-5' : null),
    one('%llu', 5n, aligned >= 8 ? '5' : null),
    one('%px', 0x12n, aligned >= 8 ? '0000000000000012' : null),
    one('%pS', 0x12n, aligned >= 8 ? '0x12' : null),
    ...Object.entries(IP_TEXT).map(([fmt, ip]) =>
      one(fmt, IP, room >= (fmt.endsWith('4') ? 4 : 16) ? ip.slice(0, room - 1) : null),
    ),
    wrongBehind('%c%q', 1n, 1n),
    wrongBehind('%c\x01', 1n),
    wrongBehind('%c%c%c', 65n),
  ]
  // With no room at all the kernel prints what lies behind the 512 bytes for %pB.
  return room > 0 ? [...cases, one('%pB', 0x12n, '0x12'.slice(0, room - 1))] : cases
}

const CASES: readonly SpaceCase[] = [
  ...[470, 472, 473, 480, 490, 494, 495, 496, 498, 502, 503, 504, 505, 506, 507, 508, 509, 510, 511, 512, 600].flatMap(casesOf),
  { fmt: '%s%d', args: [{ str: 'y'.repeat(511) }], want: INVALID },
  { fmt: '%s%c%ld', args: [{ str: 'y'.repeat(502) }, 65n, 5n], want: `${'y'.repeat(502)}A5\nret=0` },
  { fmt: '%s%c%ld', args: [{ str: 'y'.repeat(503) }, 65n, 5n], want: NO_ROOM },
  { fmt: '%c%d%c%ld', args: [65n, 1n, 66n, 2n], want: 'A1B2\nret=0' },
]

/** Flags and widths of addresses, and of what else pads. */
const ADDRESSES: readonly SpaceCase[] = (
  [
    ['%-px|', 0x1234n, '1234            |'],
    ['%-0px|', 0x1234n, '1234            |'],
    ['%0-020px|', 0x1234n, '1234                |'],
    ['%-p|', 0n, '0               |'],
    ['%+px', 0x1234n, '0000000000001234'],
    ['% px', -1n, 'ffffffffffffffff'],
    ['%5px', 0x1234n, ' 1234'],
    ['%1px', 0x1234n, '1234'],
    ['%017px', 0x1234n, '00000000000001234'],
    ['%020ps|', 0x1234n, '              0x1234|'],
    ['%+20pS|', 0x1234n, '              0x1234|'],
    ['%-20pS|', 0x1234n, '0x1234              |'],
    ['%-20pB|', 0x1234n, '0x1234|'],
    ['%05p', -4095n, 'fffffffffffff001'],
    ['%20p|', 0n, '                   0|'],
    ['%pKx', 0n, '0000000000000000'],
  ] as const
).map(([fmt, arg, text]) => ({ fmt, args: [arg], want: `${text}\nret=0` }))

const ALL = [...CASES, ...ADDRESSES]
const short = (item: FormatCase): string => caseName(item).replace(/y{9,}/, ys => `y*${ys.length}`)

t.test('by the rules', async t => {
  for (const item of ALL) t.equal(wePrint(item), item.want, short(item))
})

t.test('as the kernel prints', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const printed = kernelPrints(kernel, ALL)
  t.equal(printed.length, ALL.length)
  ALL.forEach((item, i) => void t.equal(printed[i], item.want, short(item)))
})

t.test('behind a cut address nothing has room', async t => {
  // The kernel does not see that its 512 bytes are used up and prints what lies behind them.
  const front: Arg = { str: 'y'.repeat(500) }
  t.equal(wePrint({ fmt: '%s%pI4', args: [front, IP] }), `${'y'.repeat(500)}192.168.20\nret=0`)
  t.equal(wePrint({ fmt: '%s%pI4%d', args: [front, IP, 1n] }), NO_ROOM)
  t.equal(wePrint({ fmt: '%s%pB%d', args: [{ str: 'y'.repeat(509) }, 0x12n, 1n] }), NO_ROOM)
  t.equal(wePrint({ fmt: '%s%pB', args: [{ str: 'y'.repeat(511) }, 0x12n] }), NO_ROOM)
})
