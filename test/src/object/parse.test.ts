// What parseObject() finds in objects, and what it refuses.
import t from 'tap'
import { parseObject } from '../../../src/object/parse.ts'
import type { ObjectSpec } from '../../../src/object/spec.ts'
import { buildElf } from '../../support/elf-build.ts'
import { bytesOf, compile, compileText } from '../../support/objects.ts'

const parse = (path: string): ObjectSpec => {
  const { bytes, name } = bytesOf(path)
  return parseObject(bytes, name)
}
const head = '#include "mini.h"\nchar LICENSE[] SEC("license") = "GPL";\n'
const parseText = (text: string, name?: string): ObjectSpec => parse(compileText(head + text, name))

t.test('programs and subprograms by section and place', t => {
  const { funcs } = parse(compile('subprogs.bpf.c'))
  const entries = funcs.filter(({ entry }) => entry !== null)
  t.same(
    entries.map(({ name, section, entry }) => [name, section, entry]),
    [
      ['one', 'iter/task', { target: 'task', sleepable: false, autoload: true }],
      ['two', 'iter/task_file', { target: 'task_file', sleepable: false, autoload: true }],
      ['three', 'iter.s/task', { target: 'task', sleepable: true, autoload: true }],
    ],
  )
  const text = funcs.filter(({ section }) => section === '.text')
  t.ok(text.every(({ entry }) => entry === null))
  t.same(
    text.filter(({ global }) => global).map(({ name }) => name),
    ['shared', 'weak_one'],
    'static functions and hidden ones are not global',
  )
  for (const [i, func] of text.entries()) if (i > 0) t.ok(func.start >= text[i - 1]!.start + text[i - 1]!.insns.length / 8)
  t.ok(text.every(({ lines }) => lines.length > 0))
  t.end()
})

t.test('names of objects and of maps of variables', t => {
  const { bytes } = bytesOf(compile('maps.bpf.c'))
  const names = (file: string): string[] =>
    parseObject(bytes, file)
      .maps.filter(({ initial }) => initial)
      .map(({ kernelName }) => kernelName)
      .sort()
  t.equal(parseObject(bytes, 'dir/some.thing.o').name, 'some')
  t.equal(parseObject(bytes, 'a_name_of_more_than_15.o').name, 'a_name_of_more_')
  t.same(names('my_object_name.bpf.o'), ['.data.custom', '.rodata.custom', 'my_objec.bss', 'my_objec.data', 'my_objec.rodata'])
  t.same(names('x.o').slice(2), ['x.bss', 'x.data', 'x.rodata'])
  t.same(names('a-b+c.o').slice(4), ['a_b_c.rodata'], 'only characters that the kernel takes')
  t.end()
})

t.test('licenses', t => {
  const licensed = (license: string): ObjectSpec =>
    parse(
      compileText(`#include "mini.h"
char LICENSE[] SEC("license") = "${license}";
SEC("iter/task") int p(void *ctx) { return 0; }
`),
    )
  for (const license of ['GPL', 'GPL v2', 'GPL and additional rights', 'Dual BSD/GPL', 'Dual MIT/GPL', 'Dual MPL/GPL'])
    t.match(licensed(license), { license, gpl: true })
  for (const license of ['GPLv2', 'gpl', 'MIT', 'Proprietary']) t.match(licensed(license), { license, gpl: false })
  t.match(parse(compileText('#include "mini.h"\nSEC("iter/task") int p(void *ctx) { return 0; }\n')), { license: '', gpl: false })
  t.end()
})

t.test('initial slots of maps', t => {
  const { maps } = parse(compile('maps.bpf.c'))
  const map = (name: string) => maps.find(map => map.name === name)!
  t.same(
    [...map('outer_array').slots],
    [
      [1, 'inner_one'],
      [3, 'inner_two'],
    ],
  )
  t.match(map('outer_array').inner, { type: 2, keySize: 4, valueSize: 8, maxEntries: 2 })
  t.match(map('outer_hash').inner, { name: 'outer_hash.inner', type: 1, maxEntries: 1 })
  t.same([...map('programs').slots], [[1, 'first']])
  t.equal(map('rounded_up').maxEntries, 8192, 'ring buffers are a power of two of pages')
  t.end()
})

t.test('pinning, numa_node, map_extra', t => {
  const { maps } = parseText(`struct { __uint(type, 30); __uint(max_entries, 5); __uint(value_size, 4); __uint(map_extra, 3);
 __uint(numa_node, 1); __uint(pinning, LIBBPF_PIN_BY_NAME); } filter SEC(".maps");
SEC("iter/task") int p(void *ctx) { int x = 0; return bpf_map_peek_elem(&filter, &x) == 5; }`)
  t.match(maps[0], { name: 'filter', type: 30, numaNode: 1, mapExtra: 3n, pinByName: true })
  t.end()
})

/** The text of a program, the code of the error and its message. */
const REFUSED: Readonly<Record<string, readonly [string, string, RegExp]>> = {
  'a legacy map': [
    'struct { int a, b, c, d; } old SEC("maps") = { 1, 2, 3, 4 };',
    'LEGACY_MAPS',
    /section \d+ \(maps\): legacy .* SEC\("\.maps"\)/,
  ],
  struct_ops: ['struct s { int x; }; struct s ops SEC(".struct_ops") = { 1 };', 'STRUCT_OPS', /\.struct_ops.*only iterators/],
  'struct_ops of a link': [
    'struct s { int x; }; struct s ops SEC(".struct_ops.link") = { 1 };',
    'STRUCT_OPS',
    /struct_ops\.link/,
  ],
  'a static program': [
    'static SEC("iter/task") __attribute__((used)) int p(void *ctx) { return 0; }',
    'FUNC_STATIC',
    /program p is static/,
  ],
  'a static map': [
    'static struct { __uint(type, 2); } m SEC(".maps"); SEC("iter/task") int p(void *ctx) { int k = 0; return bpf_map_lookup_elem(&m, &k) != 0; }',
    'MAP_VAR',
    /map m: want a global variable, it is static/,
  ],
  'a map without a type': ['struct { __uint(max_entries, 1); } m SEC(".maps");', 'MAP_NO_TYPE', /map m: want a type/],
  'a map with an unknown field': [
    'struct { __uint(type, 2); __uint(colour, 1); } m SEC(".maps");',
    'MAP_UNKNOWN',
    /unknown field colour/,
  ],
  'a map with two key sizes': [
    'struct { __uint(type, 2); __uint(key_size, 8); __type(key, int); } m SEC(".maps");',
    'MAP_CONFLICT',
    /two values of key: 8 and 4/,
  ],
  'a map with a number that is none': [
    'struct { __type(type, int); } m SEC(".maps");',
    'MAP_FIELD',
    /type: want __uint\(\), got int/,
  ],
  'a map with a key of no size': [
    'struct gone; struct { __uint(type, 2); __type(key, struct gone); } m SEC(".maps");',
    'MAP_FIELD',
    /key: want a type with a size, got fwd gone/,
  ],
  'a map pinned somehow': [
    'struct { __uint(type, 2); __uint(pinning, 7); } m SEC(".maps");',
    'MAP_FIELD',
    /LIBBPF_PIN_BY_NAME, got 7/,
  ],
  'values of a map that has none': [
    'struct i { __uint(type, 2); }; struct { __uint(type, 2); __array(values, struct i); } m SEC(".maps");',
    'MAP_FIELD',
    /values: want a map of maps or an array of programs/,
  ],
  'maps in maps in maps': [
    'struct i { __uint(type, 2); }; struct j { __uint(type, 12); __array(values, struct i); }; struct { __uint(type, 12); __array(values, struct j); } m SEC(".maps");',
    'MAP_FIELD',
    /map m\.inner: values: want one level/,
  ],
  'a slot that is no map': [
    'struct i { __uint(type, 2); }; int x; struct { __uint(type, 12); __array(values, struct i); } m SEC(".maps") = { .values = { (void *)&x } };',
    'MAP_SLOT',
    /x is not a map/,
  ],
  'a slot that is no program': [
    '__attribute__((noinline)) int sub(void *c) { return 1; } struct { __uint(type, 3); __array(values, int(void *)); } m SEC(".maps") = { .values = { (void *)&sub } };',
    'MAP_SLOT',
    /sub is not a program/,
  ],
  'an extern that is not declared as one': [
    'extern int foreign; SEC("iter/task") int p(void *ctx) { return foreign; }',
    'EXTERN_SECTION',
    /foreign: want it in \.kconfig or \.ksyms, got no section/,
  ],
  'a kconfig variable of a type that has no values': [
    'struct s { int x; }; extern struct s CONFIG_X __kconfig; SEC("iter/task") int p(void *ctx) { return CONFIG_X.x; }',
    'EXTERN_TYPE',
    /CONFIG_X: .*got s$/,
  ],
}

for (const [name, [text, code, message]] of Object.entries(REFUSED))
  t.test(`${name} is refused`, t => {
    t.throws(() => parseText(`${text}\n`), { name: 'BpfError', code, message, errno: code === 'LEGACY_MAPS' ? 95 : 22 })
    t.end()
  })

t.test('maps and externs need BTF', t => {
  const maps = { name: '.maps', type: 1, data: new Uint8Array(8) }
  t.throws(() => parseObject(buildElf([maps], []), 'x.o'), { code: 'NO_BTF', message: /compile with -g/ })
  const elf = buildElf(
    [{ name: 'iter/task', type: 1, flags: 4, data: new Uint8Array(8) }],
    [{ name: 'x', info: 0x10, section: 0 }],
  )
  t.throws(() => parseObject(elf, 'x.o'), { code: 'NO_BTF', message: /declares x and other externs/ })
  t.end()
})

t.test('other sections and other programs are no reason to refuse', t => {
  const { funcs, maps } = parseText(`SEC("kprobe/do_exit") int probe(void *ctx) { return 0; }
SEC("?iter/task") int later(void *ctx) { return 0; }
SEC("iter") int bare(void *ctx) { return 0; }
int note SEC(".note") = 1;`)
  t.same(
    funcs.map(({ name, entry }) => [name, entry]),
    [
      ['probe', { target: null, sleepable: false, autoload: true }],
      ['later', { target: 'task', sleepable: false, autoload: false }],
      ['bare', { target: null, sleepable: false, autoload: true }],
    ],
  )
  t.same(maps, [])
  t.end()
})
