// Variables set before load.
import t from 'tap'
import { parseObject } from '../../../src/object/parse.ts'
import { globalsOf, setGlobals } from '../../../src/object/set.ts'
import { bytesOf, CLANGS, compileText } from '../../support/objects.ts'

const SOURCE = `#include "mini.h"
enum colour { RED = 1, GREEN = -2, BLUE = 70000 };
#if __clang_major__ >= 15
enum wide { WIDE = 0x123456789abULL };
enum wide w;
#endif
typedef unsigned int u32;
struct inner { short a; u32 list[3]; };
int i32 = -1;
const volatile u32 ro_u32 = 7;
static volatile signed char s8 = 3;
unsigned char u8;
short s16;
unsigned short u16;
long long s64;
volatile unsigned long long u64;
__int128 i128;
bool flag;
char letter = 'x';
enum colour colour = RED;
double real;
int *pointer;
char comm[8] = "before";
const volatile char name[4] = "abc";
int ports[4] = { 1, 2, 3, 4 };
unsigned char raw[3];
int grid[2][3];
bool flags[3];
enum colour colours[2];
struct {
	int limit;
	unsigned low : 3, mid : 7;
	int neg : 5;
	struct inner in[2];
	union {
		long as_long;
		unsigned char as_bytes[8];
	};
	char text[6];
} cfg = { .limit = 1 };
int custom SEC(".data.mine") = 5;
extern int CONFIG_HZ __kconfig;
char LICENSE[] SEC("license") = "GPL";
SEC("iter/task") int p(void *ctx) { return s8 + CONFIG_HZ; }
`
const paths = CLANGS.map(clang => compileText(SOURCE, 'globals', { clang }))
const spec = ((path: string) => {
  const { bytes, name } = bytesOf(path)
  return parseObject(bytes, name)
})(paths.at(-1)!)

/** The bytes of a variable, in hex, with these values set. */
function bytesAfter(name: string, set: Readonly<Record<string, string>>): string {
  const { maps } = setGlobals(spec, set)
  const { map, off, size } = globalsOf(spec).find(global => global.name === name)!
  return Buffer.from(maps[map]!.initial!.subarray(off, off + size)).toString('hex')
}

/** Variable, path, text, bytes. */
const SET: readonly (readonly [string, string, string, string])[] = [
  ['i32', 'i32', '42', '2a000000'],
  ['i32', 'i32', '-2', 'feffffff'],
  ['i32', 'i32', '0x7fffffff', 'ffffff7f'],
  ['i32', 'i32', '-0x80000000', '00000080'],
  ['i32', 'i32', "'A'", '41000000'],
  ['i32', 'i32', '+5', '05000000'],
  ['ro_u32', 'ro_u32', '4294967295', 'ffffffff'],
  ['s8', 's8', '-128', '80'],
  ['u8', 'u8', '255', 'ff'],
  ['s16', 's16', '-32768', '0080'],
  ['u16', 'u16', '65535', 'ffff'],
  ['s64', 's64', '-9223372036854775808', '0000000000000080'],
  ['u64', 'u64', '18446744073709551615', 'ffffffffffffffff'],
  ['i128', 'i128', '-1', 'ff'.repeat(16)],
  ['i128', 'i128', '0x0102030405060708090a0b0c0d0e0f10', '100f0e0d0c0b0a090807060504030201'],
  ['flag', 'flag', 'true', '01'],
  ['flag', 'flag', '1', '01'],
  ['flag', 'flag', 'false', '00'],
  ['letter', 'letter', 'q', '71'],
  ['letter', 'letter', '7', '07'],
  ['letter', 'letter', "'7'", '37'],
  ['letter', 'letter', "'\\n'", '0a'],
  ['colour', 'colour', 'BLUE', '70110100'],
  ['colour', 'colour', 'GREEN', 'feffffff'],
  ['colour', 'colour', '9', '09000000'],
  ['comm', 'comm', 'bash', '6261736800000000'],
  ['comm', 'comm', '"a b"', '6120620000000000'],
  ['comm', 'comm', '"a\\tb\\0c"', '6109620063000000'],
  ['comm', 'comm', '', '0000000000000000'],
  ['comm', 'comm', '\u00e9\udcff', 'c3a9ff0000000000'],
  ['comm', 'comm', '1234567', '3132333435363700'],
  ['comm', 'comm[1]', 'X', '6258666f72650000'],
  ['name', 'name', 'z', '7a000000'],
  ['ports', 'ports', '80,443', '50000000bb0100000000000000000000'],
  ['ports', 'ports', '1, -1 ,0x10,3', '01000000ffffffff1000000003000000'],
  ['ports', 'ports[2]', '80', '01000000020000005000000004000000'],
  ['raw', 'raw', '1,2,255', '0102ff'],
  ['grid', 'grid[1]', '7,8,9', `${'00'.repeat(12)}070000000800000009000000`],
  ['grid', 'grid[0][2]', '5', `${'00'.repeat(8)}05000000${'00'.repeat(12)}`],
  ['flags', 'flags', 'true,false,1', '010001'],
  ['colours', 'colours', 'RED,BLUE', '0100000070110100'],
  ['custom', 'custom', '6', '06000000'],
]

for (const [name, path, text, want] of SET)
  t.test(`${path}=${text}`, t => {
    t.equal(bytesAfter(name, { [path]: text }), want)
    t.end()
  })

t.test('members, bitfields, and what is in anonymous ones', t => {
  const at = (set: Readonly<Record<string, string>>): string => bytesAfter('cfg', set)
  const cfg = (limit: string, bits: string, rest: string): string => `${limit}${bits}${rest}`
  const zeros = '00'.repeat(globalsOf(spec).find(({ name }) => name === 'cfg')!.size - 8)
  t.equal(at({ 'cfg.limit': '258' }), cfg('02010000', '00000000', zeros))
  t.equal(at({ 'cfg.low': '5', 'cfg.mid': '127', 'cfg.neg': '-1' }), cfg('01000000', 'fd7f0000', zeros))
  t.equal(at({ 'cfg.mid': '1' }), cfg('01000000', '08000000', zeros))
  t.equal(at({ 'cfg.in[1].list[2]': '0xaabbccdd' }).slice(64, 88), '00000000ddccbbaa00000000')
  t.match(at({ 'cfg.as_bytes[7]': '1', 'cfg.text': 'hello' }), /00000000000001(00)*68656c6c6f00/)
  t.match(at({ 'cfg.as_long': '-1' }), /f{16}/)
  t.throws(() => at({ 'cfg.low': '8' }), { code: 'SET_VALUE', message: /cfg\.low: want .* from 0 to 7, got 8/ })
  t.throws(() => at({ 'cfg.neg': '16' }), { code: 'SET_VALUE', message: /from -16 to 15/ })
  t.end()
})

t.test('what was there is not changed', t => {
  const before = spec.maps.map(({ initial }) => initial && Buffer.from(initial).toString('hex'))
  setGlobals(spec, { i32: '9', comm: 'x' })
  t.same(
    spec.maps.map(({ initial }) => initial && Buffer.from(initial).toString('hex')),
    before,
  )
  t.end()
})

/** Path, text, code, message. */
const REFUSED: readonly (readonly [string, string, string, RegExp])[] = [
  ['nothing', '1', 'SET_UNKNOWN', /no variable nothing; the object has: .*cfg, colour, colours, comm, custom/],
  ['CONFIG_HZ', '1', 'SET_UNKNOWN', /no variable CONFIG_HZ/],
  ['i3', '1', 'SET_UNKNOWN', /no variable i3/],
  ['i32', '2147483648', 'SET_VALUE', /i32: want int from -2147483648 to 2147483647, got 2147483648/],
  ['i32', '', 'SET_VALUE', /got nothing/],
  ['i32', 'ten', 'SET_VALUE', /got ten/],
  ['i32', '010', 'SET_VALUE', /got 010/],
  ['i32', '1.5', 'SET_VALUE', /got 1\.5/],
  ['ro_u32', '-1', 'SET_VALUE', /from 0 to 4294967295, got -1/],
  ['s8', '128', 'SET_VALUE', /from -128 to 127/],
  ['flag', '2', 'SET_VALUE', /want true or false, got 2/],
  ['colour', 'PINK', 'SET_PATH', /no enumerator PINK; there are: RED, GREEN, BLUE/],
  ['real', '1', 'SET_PATH', /floating-point number \(double\)/],
  ['pointer', '0', 'SET_PATH', /of type int \*, which cannot be set/],
  ['comm', '12345678', 'SET_VALUE', /want 7 bytes or less, got 8/],
  ['comm', '"open', 'SET_VALUE', /quotation mark at the end/],
  ['ports', '1,2,3,4,5', 'SET_VALUE', /want 4 values or less, got 5/],
  ['ports', '1,x', 'SET_VALUE', /ports\[1\]: .*got x/],
  ['ports[4]', '1', 'SET_PATH', /ports has 4 elements/],
  ['ports.x', '1', 'SET_PATH', /ports has no x/],
  ['i32[0]', '1', 'SET_PATH', /i32: it is int, no array/],
  ['ports[', '1', 'SET_PATH', /want \.member or \[index\] behind ports/],
  ['cfg', '1', 'SET_PATH', /set its members one by one; there are: limit, low, mid, neg, in, as_long, as_bytes, text/],
  ['cfg.nope', '1', 'SET_PATH', /cfg has no nope; there are: limit/],
  ['cfg.in', '1', 'SET_PATH', /one by one; there are: cfg\.in\[0\]/],
  ['cfg.in[0]', '1', 'SET_PATH', /there are: a, list/],
  ['grid', '1', 'SET_PATH', /grid\[0\]/],
]

for (const [path, text, code, message] of REFUSED)
  t.test(`${path}=${text} is refused`, t => {
    t.throws(() => setGlobals(spec, { [path]: text }), { name: 'BpfError', code, message, errno: 22 })
    t.end()
  })

t.test('every compiler puts variables where they are found', t => {
  for (const path of paths) {
    const { bytes, name } = bytesOf(path)
    const object = parseObject(bytes, name)
    const read = (name: string): string => {
      const { map, off, size } = globalsOf(object).find(global => global.name === name)!
      return Buffer.from(object.maps[map]!.initial!.subarray(off, off + size)).toString('hex')
    }
    t.equal(read('i32'), 'ffffffff', path)
    t.equal(read('s8'), '03')
    t.equal(read('comm'), '6265666f72650000')
    t.equal(read('ro_u32'), '07000000')
    t.equal(read('ports'), '01000000020000000300000004000000')
  }
  t.end()
})

t.test('enumerators of 64 bits', t => {
  if (!globalsOf(spec).some(({ name }) => name === 'w')) return t.end()
  t.equal(bytesAfter('w', { w: 'WIDE' }), 'ab89674523010000')
  t.end()
})
