// Types declared in C, beside what clang makes of the same text.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { BtfBuilder } from '../../../src/btf/build.ts'
import { parseType } from '../../../src/btf/c-parse.ts'
import { typeText } from '../../../src/btf/declare.ts'
import { encodeBtf } from '../../../src/btf/encode.ts'
import { formatRaw } from '../../../src/btf/format-raw.ts'
import { parseBtf } from '../../../src/btf/parse.ts'
import { indexBtf, typeAs, typeOf } from '../../../src/btf/query.ts'
import type { Btf } from '../../../src/btf/types.ts'
import { section } from '../../support/btf-objects.ts'
import { compileAll } from '../../support/clang.ts'
import { scratch } from '../../support/daemon.ts'

const DECLARATIONS = `
typedef unsigned char u8;
typedef short unsigned int u16;
typedef unsigned int u32; // a comment
typedef unsigned long u64; /* another
  one */
typedef int (*callback_t)(void *, const char *, ...);
enum color { RED, GREEN = 5, BLUE, };
enum below { MINUS = -3, ZERO = 0x0 };
enum big { HUGE = 0x100000000 };
union value { u8 bytes[7]; u16 half; struct { u32 a; u64 b; } pair; };
struct later;
struct chain { struct chain *next, **back; struct later *later; struct never *never; };
struct all {
  u8 a;
  u64 b;
  char name[3], other;
  struct chain chain;
  union value value;
  union { u32 x; u64 y; };
  struct { u8 first; u16 second; } inner[2];
  enum color color;
  enum below below;
  enum big big;
  callback_t callback;
  int (*table[2])(int);
  void (*none)(void);
  u16 grid[2][3];
  const volatile int *const fixed;
  _Bool flag;
  unsigned long long int ll;
  long l;
  signed char sc;
  u32 f1 : 3, f2 : 30;
  u32 : 0;
  u8 f3 : 4;
  u64 f4 : 60;
  u8 f5 : 5;
  u8 f6 : 2;
  u16 after;
};
struct later { struct all all; u8 end; };
struct tail { u8 count; u16 rest[]; };
struct holds { struct later later; enum color colors[3]; };
`

/** `struct all`: its size, and each member with its place, width and type; those of structs without a name too. */
function layout(btf: Btf, id: number, base = 0): string[] {
  const type = typeAs(btf, id, 'struct', 'union')!
  return type.members.flatMap(({ name, type: member, offBits, bits }) => {
    const inner = typeOf(btf, member)
    const own = `${base + offBits}${bits ? `:${bits}` : ''} ${name} ${typeText(btf, member)}`
    return (inner.kind === 'struct' || inner.kind === 'union') && inner.name === ''
      ? [own, ...layout(btf, member, base + offBits)]
      : [own]
  })
}

t.test('laid out as clang does', async t => {
  const dir = scratch()
  const source = join(dir, 'declarations.c')
  writeFileSync(source, `${DECLARATIONS}\nstruct holds holds; struct tail tail; enum big big; callback_t callback;\n`)
  const object = join(dir, 'declarations.o')
  await compileAll([{ source, object, include: [], clang: 'clang-19' }])
  const theirs = parseBtf(section(new Uint8Array(readFileSync(object)), '.BTF'))
  const ours = parseBtf(encodeBtf(new BtfBuilder().declare(DECLARATIONS).build()))
  // Names of base types are the compiler's: long unsigned int in ours, unsigned long in clang's.
  const spell = (text: string): string =>
    text
      .replaceAll('long long unsigned int', 'unsigned long long')
      .replaceAll('long unsigned int', 'unsigned long')
      .replaceAll('long int', 'long')
  for (const name of ['chain', 'all', 'later', 'tail', 'holds']) {
    const [a, b] = [ours, theirs].map(btf => {
      const id = indexBtf(btf).find('struct', name)
      const { size } = typeAs(btf, id, 'struct')!
      return [`${name}: ${size}`, ...layout(btf, id)].map(spell)
    })
    t.same(a, b, name)
  }
  for (const name of ['color', 'below', 'big']) {
    const [a, b] = [ours, theirs].map(btf => {
      const index = indexBtf(btf)
      return typeAs(btf, index.find('enum', name) || index.find('enum64', name), 'enum', 'enum64')!
    })
    t.same([a!.kind, a!.size, a!.signed, a!.values], [b!.kind, b!.size, b!.signed, b!.values], name)
  }
})

t.test('types are made once', t => {
  const text = formatRaw(
    new BtfBuilder().declare('struct s { int *a; int *b; int c[2]; int d[2]; const int *e; const int *f; };').build(),
  )
  t.equal(text.match(/PTR/g)?.length, 2)
  t.equal(text.match(/ARRAY/g)?.length, 1)
  t.equal(text.match(/CONST/g)?.length, 1)
  t.end()
})

t.test('what is not C, or declared twice or never, is refused', t => {
  const build = (text: string) => () => new BtfBuilder().declare(text).build()
  for (const [text, message] of [
    ['struct s { int a }', 'want ";", got "}" after "struct s { int a"'],
    ['struct s { int a;', 'want a type, got ""'],
    ['typedef int t; typedef long t;', 'typedef t is declared twice'],
    ['struct s { unknown_t a; };', 'unknown_t is not declared'],
    ['struct s { enum unknown a; };', 'enum unknown is not declared'],
    ['long float f(void);', 'want a base type of C, got "long float"'],
    ['int x;', 'x: want a typedef, a struct, union or enum, or a function'],
    ['int;', 'want a declaration that declares something'],
    ['void (*f(int);', 'want ")", got "" after "( * f ( int ) ;"'],
  ] as const)
    t.throws(build(text), { name: 'SyntaxError', message }, text)
  t.throws(() => parseType('int x'), { name: 'SyntaxError' })
  t.end()
})
