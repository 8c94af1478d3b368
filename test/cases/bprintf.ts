// Formats and arguments, for the kernel's bpf_seq_printf and for ours. An integer stands for itself, { str } for a pointer to kernel
// text, { mem } for a pointer to bytes.

export type Arg = bigint | { readonly str: string } | { readonly mem: readonly number[] }

export interface FormatCase {
  readonly fmt: string
  readonly args: readonly Arg[]
}

const INTS = [
  0n,
  1n,
  -1n,
  42n,
  -42n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x1_0000_0000n,
  0x7fffffffffffffffn,
  -0x8000000000000000n,
  0xfffffffffffffffen,
  9007199254740993n,
]
const FLAGS = ['', '0', '-', '+', ' ', '+0', '- 0', '00', '+ ']
const WIDTHS = ['', '1', '5', '20']

const one = (fmt: string, ...args: Arg[]): FormatCase => ({ fmt, args })

/** Every flag and width with a few integers, then every integer plainly. */
const integers: FormatCase[] = ['d', 'i', 'u', 'x', 'X', 'ld', 'lu', 'lx', 'lld', 'llu', 'llx', 'llX'].flatMap(letter => [
  ...FLAGS.flatMap(flag => WIDTHS.map(width => one(`[%${flag}${width}${letter}]`, -42n))),
  ...INTS.map(value => one(`%${letter}`, value)),
])

const hello: Arg = { str: 'hello' }
const long: Arg = { str: 'x'.repeat(344) }
const ip: Arg = { mem: [192, 0, 2, 33, 0, 1, 0xab, 0xcd, 0, 0, 0, 0, 255, 1, 2, 3] }

const strings: FormatCase[] = [
  ...['%s', '%10s', '%-10s|', '%2s', '%010s', '%+s', '%s,%s', '%s%s', '%s_', '%s\n', '%pks', '%10pks', '%-10pks|', '%pks,'].map(
    fmt => one(fmt, hello, hello),
  ),
  ...['%s', '%5s|', '%pks'].flatMap(fmt => [one(fmt, 0n), one(fmt, 1n), one(fmt, -1n)]),
  one('%s', { str: '' }),
  one('%s', { str: '\u00fc\u20ac' }),
  one('%s|%s', long, long),
  one('%s|%d', { str: 'y'.repeat(511) }, 5n),
  one('%s|%d', { str: 'y'.repeat(508) }, 5n),
  one('%s|%d', { str: 'y'.repeat(507) }, 5n),
  one('%s|%ld', { str: 'y'.repeat(503) }, 5n),
  one('%s|%ld', { str: 'y'.repeat(504) }, 5n),
  one('%s|%c', { str: 'y'.repeat(510) }, 65n),
  one('%s|%c', { str: 'y'.repeat(511) }, 65n),
  one('%s|%s', { str: 'y'.repeat(511) }, hello),
  one('%s|%pI4', { str: 'y'.repeat(490) }, ip),
]

const characters: FormatCase[] = ['%c', '%5c|', '%-5c|', '%05c|', '%cx', '%c%c'].flatMap(fmt => [
  one(fmt, 65n, 66n),
  one(fmt, 0x141n, 0x42n),
  one(fmt, 0n, 0n),
  one(fmt, 0xffn, 1n),
])

const pointers: FormatCase[] = [
  ...['%px', '%20px|', '%-20px|', '%020px', '%5px', '%pxx', '%px,', '%+px'].flatMap(fmt => [
    one(fmt, 0n),
    one(fmt, 0xffff888100c0ffeen),
    one(fmt, -1n),
    one(fmt, 0x1234n),
  ]),
  ...['%p', '%p%%', '%20p|', '%-20p|', '%pK', '%020p'].flatMap(fmt => [one(fmt, 0n), one(fmt, -1n), one(fmt, -4095n)]),
  ...['%pS', '%ps', '%pB', '%20ps|', '%-20ps|', '%psx', '%pSb', '%20pB|'].flatMap(fmt => [one(fmt, 0n), one(fmt, 0x1234n)]),
  ...['%pI4', '%pi4', '%pI6', '%pi6', '%20pI4|', '%pI4h', '%pI6c', '%pI4,', '%pI4%pI6'].flatMap(fmt => [
    one(fmt, ip, ip),
    one(fmt, 0n, 0n),
  ]),
]

/** Formats that are refused, or that look as if they should be. */
const odd: FormatCase[] = [
  ...[
    '',
    '%',
    '100%',
    '%%',
    '%%%%',
    'a%%b',
    '%5%',
    '%-%',
    '%l',
    '%ll',
    '%lll',
    '%lld%',
    '%h',
    '%hd',
    '%hhd',
    '%zu',
    '%jd',
    '%tu',
    '%Ld',
    '%llld',
    '%o',
    '%b',
    '%e',
    '%f',
    '%g',
    '%a',
    '%n',
    '%C',
    '%D',
    '%S',
    '%U',
    '%y',
  ],
  ...[
    '%#x',
    "%'d",
    '%*d',
    '%.2d',
    '%.s',
    '%5.3s',
    '%ls',
    '%lc',
    '%sx',
    '%s1',
    '%p1',
    '%px1',
    '%p%',
    '%pI',
    '%pi',
    '%pI5',
    '%pA',
    '%pa',
    '%pd',
    '%pD',
    '%pM',
    '%pm',
    '%pU',
    '%pV',
    '%ph',
    '%pE',
    '%pR',
    '%pf',
    '%pF',
    '%pg',
    '%pX',
    '%pk',
    '%pku',
    '%puv',
    '%pksx',
    '%pusx',
  ],
  ...[
    '\x01',
    '\x1b[1m',
    '\x7f',
    '\t\n\v\f\r',
    '\u00fc %d',
    '%d %d %d',
    '%d%d%d%d%d%d%d%d%d%d%d%d',
    '% d',
    '%-5d|',
    '%0-5d|',
    '%1000d',
    '%d %',
    '% ',
    '%0',
    '%5',
    '%\n',
  ],
].map(fmt => one(fmt, 7n, 8n))

const tooMany: FormatCase[] = [
  one('%d'),
  one('%d %d', 1n),
  one('plain', 1n, 2n),
  one('%d', ...Array<bigint>(12).fill(3n)),
  one('%d', ...Array<bigint>(13).fill(3n)),
]

export const FORMAT_CASES: readonly FormatCase[] = [...integers, ...strings, ...characters, ...pointers, ...odd, ...tooMany]
