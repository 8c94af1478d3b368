// Objects against types and a kernel of our own: values, places and errors.
import t from 'tap'
import { nameOf } from '../../../src/btf/query.ts'
import { parseObject } from '../../../src/object/parse.ts'
import { type ResolveOptions, resolveObject } from '../../../src/object/resolve.ts'
import type { ResolvedObject } from '../../../src/object/spec.ts'
import { btfOf, bytesOf, CLANGS, compile, compileText, type Flags } from '../../support/objects.ts'

const targetBtf = btfOf(compile('core_target.c'))
const head = `#include "mini.h"
char LICENSE[] SEC("license") = "GPL";
struct inner { short x; int nope; } CORE;
struct fields { unsigned plain; int missing; int twice_hidden; struct inner in; struct inner array[9]; int matrix[2][2]; } CORE;
struct fields___long { long negative; } CORE;
struct fields___char { char *plain; struct { int q; } in; } CORE;
struct gone___v2 { int x; } CORE;
struct bits { unsigned c : 20; } CORE;
volatile long sink;
`
const iter = (body: string): string =>
  `SEC("iter/task") int prog(struct bpf_iter__task *ctx)\n{\n\tstruct fields *s = (void *)ctx->task;\n\tif (!s)\n\t\treturn 0;\n\t${body}\n\treturn 0;\n}\n`

function load(text: string, options: Partial<ResolveOptions> = {}, flags: Flags = {}): ResolvedObject {
  const { bytes, name } = bytesOf(compileText(head + text, 'place', flags))
  return resolveObject(parseObject(bytes, name), { targetBtf, ...options })
}

/** Body of a program, the code of the error, its message. */
const MISSING: Readonly<Record<string, readonly [string, string, RegExp]>> = {
  'a field': [
    'sink = s->missing;',
    'CORE_NO_FIELD',
    /^program prog, \S*place\.bpf\.c:15 \(sink = s->missing;\): struct fields has no field missing here \(iterfs serves: pad0, plain, negative, .*twice_hidden/,
  ],
  'a field of a field': [
    'sink = s->in.nope;',
    'CORE_NO_FIELD',
    /struct inner has no field nope here \(iterfs serves: more, x, deep\)$/,
  ],
  'a field of another type': [
    'sink = (long)((struct fields___char *)s)->plain;',
    'CORE_OTHER_TYPE',
    /field plain of struct fields is u32 here, the program wants char \*$/,
  ],
  'a struct that is none': ['sink = ((struct fields___char *)s)->in.q;', 'CORE_NO_FIELD', /struct inner has no field q here/],
  'an element': ['sink = s->array[8].x;', 'CORE_NO_ELEMENT', /struct inner\[4\] has no element 8 here$/],
  'a type': ['sink = ((struct gone___v2 *)s)->x;', 'CORE_NO_TYPE', /there is no struct gone here$/],
  'a number that would lose its sign': [
    'sink = ((struct fields___long *)s)->negative;',
    'CORE_ACCESS_SIZE',
    /field negative of fields has 4 bytes here and 8 in the program; its sign/,
  ],
}

for (const [name, [body, code, message]] of Object.entries(MISSING))
  t.test(`${name} that is not there`, t => {
    for (const clang of CLANGS) t.throws(() => load(iter(body), {}, { clang }), { name: 'BpfError', code, message })
    t.end()
  })

t.test('fields that a program can read', t => {
  const { progs } = load(
    iter(
      'sink = s->plain + s->twice_hidden + s->in.x + s->array[2].x + s->matrix[1][1];\n\tif (bpf_core_field_exists(s->missing)) sink = s->missing;',
    ),
  )
  t.same(progs[0]!.fields.map(({ struct, field }) => `${struct}.${field}`).sort(), [
    'bpf_iter__task.task',
    'fields.array',
    'fields.in',
    'fields.matrix',
    'fields.plain',
    'fields.twice_hidden',
    'inner.x',
  ])
  t.end()
})

t.test('lines of the C source, of subprograms too', t => {
  const { progs, btf } = load(
    `static __attribute__((noinline)) int sub(int x)\n{\n\treturn x * 3 + sink;\n}\n${iter('sink = sub(s->plain);')}`,
  )
  const { lines, subprogs, insns } = progs[0]!
  t.same(
    subprogs.map(({ name, global }) => [name, global]),
    [
      ['prog', true],
      ['sub', false],
    ],
  )
  t.equal(subprogs[1]!.end, insns.length / 8)
  t.same(
    subprogs.map(({ typeId }) => nameOf(btf!.types[typeId]!)),
    ['prog', 'sub'],
    'func info',
  )
  const of = (insn: number) => lines.findLast(line => line.insn <= insn)!
  t.match(of(0), { file: /place\.bpf\.c$/, line: 16 })
  t.match(of(subprogs[1]!.start), { line: /^1[01]$/ })
  t.match(of(subprogs[1]!.end - 2), { text: '\treturn x * 3 + sink;', line: 12 })
  for (const [i, line] of lines.entries()) if (i > 0) t.ok(line.insn > lines[i - 1]!.insn)
  t.end()
})

t.test('programs that are not loaded, and ones of other types', t => {
  const { progs, skipped } =
    load(`SEC("?iter/task") int later(struct bpf_iter__task *ctx) { return ((struct fields *)ctx->task)->missing; }
SEC("kprobe/x") int broken(struct fields *s) { return s->missing; }
SEC("kprobe/y") int sound(struct fields *s) { return s->plain; }
${iter('sink = s->plain;')}`)
  t.same(
    progs.map(({ name, target }) => [name, target]),
    [
      ['sound', null],
      ['prog', 'task'],
    ],
  )
  t.match(skipped, [
    { name: 'later', section: '?iter/task', reason: /not loaded/ },
    { name: 'broken', section: 'kprobe/x', reason: /has no field missing/ },
  ])
  t.end()
})

t.test('kfuncs and kernel symbols', t => {
  const text = (body: string): string => `struct task_struct;
extern struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;
extern struct task_struct *bpf_task_release___v3(struct task_struct *p) __ksym __weak;
extern const void schedule __ksym;
extern const void jiffies __ksym __weak;
${iter(body)}`
  const options = {
    kfuncNames: new Set(['bpf_task_acquire', 'bpf_task_release']),
    ksyms: (name: string) => (name === 'schedule' ? 0xffffffff12345678n : null),
  }
  const { progs } = load(
    text(
      'bpf_task_acquire((void *)s); bpf_task_release___v3((void *)s); bpf_task_acquire((void *)s); sink = (long)&schedule + (long)&jiffies;',
    ),
    options,
  )
  const { insns, kfuncs } = progs[0]!
  t.same(kfuncs, ['bpf_task_acquire', 'bpf_task_release'])
  const view = new DataView(insns.buffer)
  const calls: number[] = []
  let address = 0n
  for (let at = 0; at < insns.length; at += 8) {
    if (insns[at] === 0x85) calls.push(view.getInt32(at + 4, true))
    if (insns[at] === 0x18 && insns[at + 1]! >> 4 === 0 && view.getUint32(at + 4, true) !== 0)
      address = BigInt(view.getUint32(at + 4, true)) | (BigInt(view.getUint32(at + 12, true)) << 32n)
  }
  t.same(calls, [0, 1, 0], 'numbers of the names')
  t.equal(address, 0xffffffff12345678n)
  t.throws(() => load(text('bpf_task_acquire((void *)s);'), { ...options, kfuncNames: new Set<string>() }), {
    code: 'EXTERN_STRONG',
    message: /bpf_task_acquire: there is no such kfunc here; declare it __weak/,
    errno: 22,
  })
  t.throws(() => load(text('sink = (long)&schedule;'), { ...options, ksyms: () => null }), {
    code: 'EXTERN_STRONG',
    message: /schedule: the kernel has no such symbol/,
  })
  t.throws(() => load(text('bpf_task_release___v3((void *)s);'), { kfuncNames: new Set(['bpf_task_acquire']) }), {
    code: 'NO_KFUNC',
    message: /place\.bpf\.c:\d+ .*there is no kfunc bpf_task_release___v3 here/,
  })
  t.end()
})

/** Declaration, configuration, bytes of the variable or an error's message. */
const KCONFIG: readonly (readonly [string, string, string | RegExp])[] = [
  ['bool CONFIG_X', 'CONFIG_X=y', '01'],
  ['bool CONFIG_X', 'CONFIG_X=n', '00'],
  ['bool CONFIG_X', 'CONFIG_X=m', /CONFIG_X: its value m is a tristate, the variable is of type bool/],
  ['bool CONFIG_X', 'CONFIG_X=1', /its value 1 is a number/],
  ['bool CONFIG_X', 'CONFIG_X="y"', /is a string/],
  ['enum libbpf_tristate CONFIG_X', 'CONFIG_X=y', '01000000'],
  ['enum libbpf_tristate CONFIG_X', 'CONFIG_X=m', '02000000'],
  ['enum libbpf_tristate CONFIG_X', 'CONFIG_X=n', '00000000'],
  ['char CONFIG_X', 'CONFIG_X=m', '6d'],
  ['char CONFIG_X', 'CONFIG_X=65', '41'],
  ['char CONFIG_X', 'CONFIG_X=300', /does not fit into 1 bytes/],
  ['int CONFIG_X', 'CONFIG_X=250', 'fa000000'],
  ['int CONFIG_X', 'CONFIG_X=-5', 'fbffffff'],
  ['int CONFIG_X', 'CONFIG_X=0x7f', '7f000000'],
  ['int CONFIG_X', 'CONFIG_X=010', '08000000'],
  ['int CONFIG_X', 'CONFIG_X=0x80000000', /does not fit into 4 bytes/],
  ['unsigned CONFIG_X', 'CONFIG_X=0x80000000', '00000080'],
  ['unsigned CONFIG_X', 'CONFIG_X=-1', /does not fit/],
  ['int CONFIG_X', 'CONFIG_X=y', /is a bool, the variable is of type int/],
  ['int CONFIG_X', 'CONFIG_X=maybe', /its value maybe is not one of configurations/],
  ['unsigned long long CONFIG_X', 'CONFIG_X=0xffffffff81000000', '00000081ffffffff'],
  ['short CONFIG_X', 'CONFIG_X=-32768', '0080'],
  ['char CONFIG_X[6]', 'CONFIG_X="abc"', '616263000000'],
  ['char CONFIG_X[6]', 'CONFIG_X="abcdefgh"', '616263646500'],
  ['char CONFIG_X[6]', 'CONFIG_X="open', /quotation mark/],
  ['char CONFIG_X[6]', 'CONFIG_X=y', /is a bool, the variable is an array of char/],
  ['int CONFIG_X', '# CONFIG_X is not set', /CONFIG_X: not set in the kernel configuration; declare it __weak/],
  ['int CONFIG_X', 'CONFIG_X_MORE=1\nCONFIG_X=2\nCONFIG_X=3', '02000000'],
  ['int LINUX_KERNEL_VERSION', '', '2c120600'],
  ['bool LINUX_HAS_BPF_COOKIE', '', '01'],
  ['bool LINUX_HAS_SYSCALL_WRAPPER', '', '01'],
  ['int LINUX_OTHER', '', /LINUX_OTHER: want CONFIG_\*, LINUX_KERNEL_VERSION/],
  ['int OTHER', '', /OTHER: want CONFIG_/],
]

for (const [declaration, kconfig, want] of KCONFIG)
  t.test(`extern ${declaration} where ${kconfig || 'there is none'}`, t => {
    const name = /\w+(?=\[|$)/.exec(declaration)![0]
    const use = declaration.endsWith(']') ? `${name}[2]` : name
    const run = (): ResolvedObject =>
      load(`extern ${declaration} __kconfig;\n${iter(`sink = ${use};`)}`, { kconfig: () => kconfig, kernelVersion: 0x06122c })
    if (typeof want === 'string') {
      const map = run().maps.find(({ name }) => name === '.kconfig')!
      t.equal(Buffer.from(map.initial!).toString('hex'), want)
      t.match(map, { kernelName: 'place.kconfig', readonly: true, maxEntries: 1 })
    } else t.throws(run, { name: 'BpfError', message: want })
    t.end()
  })

t.test('a configuration is read once, and only for CONFIG_ variables', t => {
  let count = 0
  const kconfig = () => {
    count++
    return 'CONFIG_A=y\nCONFIG_B=y\n'
  }
  load(`extern int LINUX_KERNEL_VERSION __kconfig;\n${iter('sink = LINUX_KERNEL_VERSION;')}`, { kconfig })
  t.equal(count, 0)
  load(`extern bool CONFIG_A __kconfig;\nextern bool CONFIG_B __kconfig;\n${iter('sink = CONFIG_A + CONFIG_B;')}`, { kconfig })
  t.equal(count, 1)
  t.throws(() => load(`extern bool CONFIG_A __kconfig;\n${iter('sink = CONFIG_A;')}`, { kconfig: () => null }), {
    message: /CONFIG_A: no kernel configuration can be read/,
  })
  t.end()
})

t.test('weak variables that are not set are 0', t => {
  const { maps } = load(
    `extern int CONFIG_A __kconfig __weak;\nextern int LINUX_B __kconfig __weak;\n${iter('sink = CONFIG_A + LINUX_B;')}`,
    {
      kconfig: () => null,
    },
  )
  t.equal(Buffer.from(maps.find(({ name }) => name === '.kconfig')!.initial!).toString('hex'), '00'.repeat(8))
  t.end()
})

t.test('variables set before load reach constants that programs branch on', t => {
  const text = `const volatile int want_missing = 0;\n${iter('if (want_missing) sink = s->missing;')}`
  t.equal(load(text).progs.length, 1)
  t.throws(() => load(text, { set: { want_missing: '1' } }), { code: 'CORE_NO_FIELD' })
  t.end()
})

t.test('a bitfield that no load can hold', t => {
  const type = targetBtf.types.findIndex(type => type.kind === 'int' && type.name === 'unsigned long')
  const options = (offBits: number) => {
    const packed = {
      kind: 'struct' as const,
      name: 'packed',
      size: 16,
      bitfields: true,
      members: [{ name: 'c', type, offBits, bits: 60 }],
    }
    return { targetBtf: { types: [...targetBtf.types, packed] } }
  }
  const text = `struct packed { unsigned long c : 60; } CORE;\n${iter('sink = BPF_CORE_READ_BITFIELD((struct packed *)s, c);')}`
  t.equal(load(text, options(64 + 4)).progs.length, 1)
  t.throws(() => load(text, options(5)), { code: 'CORE_BITFIELD', message: /struct packed.*cannot be read with one load/ })
  t.end()
})

t.test('two types of one name that differ', t => {
  const type = targetBtf.types.findIndex(type => type.kind === 'int' && type.name === 'short')
  const members = [{ name: 'x', type, offBits: 0, bits: 0 }]
  const inner = { kind: 'struct' as const, name: 'inner', size: 2, bitfields: false, members }
  const options = { targetBtf: { types: [...targetBtf.types, inner] } }
  t.throws(() => load(iter('sink = ((struct inner *)s)->x;'), options), {
    code: 'CORE_AMBIGUOUS',
    message: /struct inner, access 0:0: ambiguous: type \d+ \(struct inner\) and type \d+ \(struct inner\) both fit/,
  })
  t.equal(load(iter('sink = s->in.x;'), options).progs.length, 1, 'a member has one type')
  t.end()
})
