// Calls of helpers and kfuncs whose results depend on nothing but their arguments.
import type { Arg, Call } from '../support/kernel-calls.ts'

const out = (size: number): Arg => ({ out: size })
const str = (text: string): Arg => ({ str: text })
const call = (fn: Call['fn'], ...args: readonly Arg[]): Call => ({ fn, args })

/** Addresses at which nothing can be read. */
const BAD: readonly bigint[] = [0n, 1n, 0x7fff_ffff_f000n, 0x1234_0000_0000_0000n, -1n, 0xffff_8000_0000_1001n]

const NUMBERS = [
  '42',
  '-42',
  '+42',
  ' 42',
  '\t\n-7x',
  '0x1f',
  '0X1F',
  '0xg',
  '0x',
  '010',
  '08',
  '0',
  '-0',
  '-',
  '',
  ' ',
  'abc',
  'ff',
  '0b1',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '-9223372036854775809',
  '18446744073709551615',
  '18446744073709551616',
  '1 2',
  '- 1',
  '--1',
  `${'0'.repeat(70)}1`,
  `${' '.repeat(70)}12`,
  '7\u00a0',
  '\u00a07',
]

const numbers: Call[] = ['strtol', 'strtoul'].flatMap(fn => [
  ...NUMBERS.flatMap(text => [0, 10, 16].map(base => call(fn as 'strtol', str(text), Buffer.byteLength(text) + 1, base, out(8)))),
  call(fn as 'strtol', str('777'), 4, 8, out(8)),
  call(fn as 'strtol', str('12345'), 2, 10, out(8)),
  ...[1, 2, 7, 9, 31, 32, 0x1_0000_000an].map(flags => call(fn as 'strtol', str('12'), 3, flags, out(8))),
])

const compared: Call[] = [
  ['abc', 'abc', 4],
  ['abc', 'abd', 4],
  ['abd', 'abc', 4],
  ['abc', 'abd', 2],
  ['abc', 'ab', 4],
  ['ab', 'abc', 3],
  ['', '', 1],
  ['a', '', 2],
  ['', 'a', 1],
  ['\u00ff', 'a', 3],
].map(([a, b, n]) => call('strncmp', str(a as string), n as number, str(b as string)))

const probes: Call[] = [
  ...(
    [
      'probe_read_kernel',
      'probe_read_kernel_str',
      'probe_read_user',
      'probe_read_user_str',
      'probe_read',
      'probe_read_str',
    ] as const
  ).flatMap(fn => [...BAD.map(address => call(fn, out(8), 8, address)), call(fn, out(8), 0, 0), call(fn, out(8), 0, -1n)]),
  call('probe_read_kernel', out(8), 4, str('hello')),
  call('probe_read', out(8), 4, str('hello')),
  ...[1, 2, 5, 6, 8].flatMap(n =>
    (['probe_read_kernel_str', 'probe_read_str'] as const).map(fn => call(fn, out(8), n, str('hello'))),
  ),
  call('probe_read_kernel_str', out(8), 1, str('')),
]

const printed: Call[] = [
  call('snprintf', out(8), 8, str('%d'), { mem: [7, 0, 0, 0, 0, 0, 0, 0] }, 8),
  call('snprintf', out(8), 3, str('hello'), 0, 0),
  call('snprintf', out(8), 1, str('hello'), 0, 0),
  call('snprintf', 0, 0, str('hello'), 0, 0),
  call('snprintf', out(8), 8, str(''), 0, 0),
  call('seq_write', 'seq', str('x'), 0),
  call('get_branch_snapshot', out(24), 24, 1),
]

const texts: Call[] = [
  ['hello, world', 'HELLO'],
  ['HELLO', 'hello, world'],
  ['same', 'same'],
  ['Same', 'sAME'],
  ['', ''],
  ['', 'a'],
  ['a', ''],
  ['hello, world', 'lo'],
  ['hello, world', 'ehl o,'],
  ['hello', 'world!'],
  ['aab', 'ab'],
  ['aaab', 'aab'],
  ['\u00c4', '\u00e4'],
  ['abc', 'c'],
].flatMap(([a, b]) =>
  (['bpf_strcmp', 'bpf_strcasecmp', 'bpf_strspn', 'bpf_strcspn', 'bpf_strstr'] as const)
    .map(fn => call(fn, str(a!), str(b!)))
    .concat([0, 1, 2, 3, 4, 5, 64].map(n => call('bpf_strnstr', str(a!), str(b!), n))),
)

const characters: Call[] = ['hello', '', 'h', '\u00e4x'].flatMap(text => [
  ...['h'.charCodeAt(0), 'l'.charCodeAt(0), 0, 1, 0xa4, 0x16c, -92n & 0xffff_ffffn].flatMap(c => [
    call('bpf_strchr', str(text), c),
    call('bpf_strchrnul', str(text), c),
    call('bpf_strrchr', str(text), c),
    ...[0, 3, 5, 6, 70000].map(n => call('bpf_strnchr', str(text), n, c)),
  ]),
  call('bpf_strlen', str(text)),
  ...[0, 3, 100, -1n].map(n => call('bpf_strnlen', str(text), n)),
])

/** Longer than what is looked at. */
const LONG = 65536
const [as, ab]: readonly Arg[] = [{ mem: Array(LONG + 8).fill(97) }, { mem: [...Array(LONG - 1).fill(97), 98, 0] }]

const long: Call[] = [
  ...(['bpf_strlen', 'bpf_strnlen'] as const).flatMap(fn =>
    [as!, ab!].map(text => call(fn, text, ...(fn === 'bpf_strnlen' ? [LONG] : []))),
  ),
  ...[as!, ab!].flatMap(text => [
    call('bpf_strnlen', text, LONG - 1),
    call('bpf_strnlen', text, LONG + 1),
    call('bpf_strchr', text, 98),
    call('bpf_strchr', text, 97),
    call('bpf_strchr', text, 0),
    call('bpf_strchrnul', text, 98),
    call('bpf_strnchr', text, LONG, 98),
    call('bpf_strnchr', text, LONG - 1, 98),
    call('bpf_strrchr', text, 97),
    call('bpf_strcmp', text, as!),
    call('bpf_strcmp', text, str('aa')),
    call('bpf_strspn', text, str('a')),
    call('bpf_strspn', str('ab'), text),
    call('bpf_strcspn', text, str('c')),
    call('bpf_strcspn', str('c'), text),
    call('bpf_strstr', text, str('b')),
    call('bpf_strstr', text, str('ab')),
    call('bpf_strstr', text, str('ac')),
    call('bpf_strstr', str('a'), text),
    call('bpf_strnstr', text, str('c'), LONG + 4),
    call('bpf_strnstr', text, str('c'), LONG - 1),
    call('bpf_strnstr', text, str('aac'), LONG - 1),
  ]),
]

const faults: Call[] = BAD.flatMap(address => [
  call('bpf_strlen', address),
  call('bpf_strnlen', address, 4),
  call('bpf_strnlen', address, 0),
  call('bpf_strchr', address, 1),
  call('bpf_strcmp', address, str('a')),
  call('bpf_strcmp', str('a'), address),
  call('bpf_strstr', str('a'), address),
  call('bpf_strstr', str(''), address),
  call('bpf_strspn', str('a'), address),
  call('bpf_strspn', str(''), address),
])

const others: Call[] = [call('get_current_ancestor_cgroup_id', -1)]

export const CALLS: readonly Call[] = [
  ...numbers,
  ...compared,
  ...probes,
  ...printed,
  ...texts,
  ...characters,
  ...faults,
  ...long,
  ...others,
]
