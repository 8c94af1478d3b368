// Poison counts only where the program can come to it, as the verifier sees it.
import t from 'tap'
import { parseObject } from '../../../src/object/parse.ts'
import { resolveObject } from '../../../src/object/resolve.ts'
import { BpfError } from '../../../src/util/error.ts'
import { noKernelBpf } from '../../support/kernel.ts'
import { btfOf, bytesOf, CLANGS, compile, compileText, libbpfLines } from '../../support/objects.ts'

const head = `#include "mini.h"
char LICENSE[] SEC("license") = "GPL";
struct fields { unsigned plain; int missing; int also_missing; } CORE;
enum plain { PLAIN_ONE, PLAIN_GONE };
struct absent { int x; };
#define THERE bpf_core_field_exists(struct fields, missing)
volatile int sink;
volatile int unknown;
const volatile int off_switch = 0;
const volatile int on_switch = 1;
const volatile struct { long a; unsigned char pad[3]; unsigned char off; } nested_switch = { 1 };
static __attribute__((noinline)) int guarded_sub(struct fields *s, int on) { return on ? s->missing : 0; }
static __attribute__((noinline)) int gives(int x) { return x & 1; }
__attribute__((noinline)) int global_sub(unsigned long s, int on) { return on ? ((struct fields *)s)->missing : 0; }
__attribute__((weak, noinline)) int always_zero(int x) { return 0; }
static int guarded_callback(unsigned i, void *ctx) { if (THERE) sink = ((struct fields *)ctx)->missing; return 0; }
static int bare_callback(unsigned i, void *ctx) { sink = ((struct fields *)ctx)->missing; return 0; }
extern void no_kfunc(void *) __ksym __weak;
extern const int no_variable __ksym __weak;
extern int LINUX_NONE __kconfig __weak;
SEC("iter/task") int prog(struct bpf_iter__task *ctx) {
	struct fields *s = (void *)ctx->task;
	if (!s)
		return 0;
`

interface Case {
  readonly body: string
  /** The code of the error; absent: it loads. */
  readonly refused?: string
}

const CASES: Readonly<Record<string, Case>> = {
  'no guard': { body: 'sink = s->missing;', refused: 'CORE_NO_FIELD' },
  'a guard': { body: 'if (THERE) sink = s->missing;' },
  'an early return': { body: 'if (!THERE) return 0; sink = s->missing;' },
  'the other branch': { body: 'if (!THERE) sink = s->missing;', refused: 'CORE_NO_FIELD' },
  'a field that is there as guard': {
    body: 'if (bpf_core_field_exists(s->plain)) sink = s->missing;',
    refused: 'CORE_NO_FIELD',
  },
  'two guards': {
    body: 'int both = bpf_core_field_exists(s->plain) && THERE; sink = 1; if (both) sink = s->missing;',
  },
  'a guard in arithmetic': { body: 'int n = THERE * 4 + 3; n <<= 2; if ((n & 16) || n > 12) sink = s->missing;' },
  'a size as guard': { body: 'if (bpf_core_type_size(struct absent) > 0) sink = s->missing;' },
  'an unknown number as guard': { body: 'if (unknown == 77) sink = s->missing;', refused: 'CORE_NO_FIELD' },
  'a constant of .rodata, off': { body: 'if (off_switch) sink = s->missing;' },
  'a constant of .rodata, on': { body: 'if (on_switch) sink = s->missing;', refused: 'CORE_NO_FIELD' },
  'a byte in a struct of .rodata': { body: 'if (nested_switch.off) sink = s->missing;' },
  'a weak kconfig variable': { body: 'if (LINUX_NONE > 5) sink = s->missing;' },
  'an argument of a static function': { body: 'sink = guarded_sub(s, THERE);' },
  'an argument of a static function, on': { body: 'sink = guarded_sub(s, on_switch);', refused: 'CORE_NO_FIELD' },
  'the result of a static function': { body: 'if (gives(off_switch)) sink = s->missing;' },
  'an argument of a global function': {
    body: 'sink = global_sub((unsigned long)ctx->meta->seq_num, THERE);',
    refused: 'CORE_NO_FIELD',
  },
  'the result of a global function': { body: 'if (always_zero(3)) sink = s->missing;', refused: 'CORE_NO_FIELD' },
  'a guard in a callback': { body: 'long n = 0; bpf_loop(2, guarded_callback, &n, 0);' },
  'no guard in a callback': { body: 'long n = 0; bpf_loop(2, bare_callback, &n, 0);', refused: 'CORE_NO_FIELD' },
  'a callback whose address is not taken': { body: 'long n = 0; if (THERE) bpf_loop(2, bare_callback, &n, 0);' },
  'the stack': { body: 'volatile long on[2] = { THERE, 1 }; bpf_get_prandom_u32(); if (on[0]) sink = s->missing;' },
  'a helper that writes to the stack': {
    body: 'volatile long text[2] = {}; bpf_get_current_comm((void *)text, sizeof(text)); if (text[1]) sink = s->missing;',
    refused: 'CORE_NO_FIELD',
  },
  'a part of a number on the stack': { body: 'volatile long on = THERE; if (((volatile char *)&on)[3]) sink = s->missing;' },
  'a loop': {
    body: 'int on = THERE; for (int i = 0; i < 100; i++) { sink += i; bpf_get_prandom_u32(); if (on) sink = s->missing; }',
  },
  'behind a loop without end': {
    body: 'for (int i = 0; i < 50 && unknown != i; i++) sink++; sink = s->missing;',
    refused: 'CORE_NO_FIELD',
  },
  'an enumerator': { body: 'sink = bpf_core_enum_value(enum plain, PLAIN_GONE);', refused: 'CORE_NO_ENUMERATOR' },
  'an enumerator with a guard': {
    body: 'if (bpf_core_enum_value_exists(enum plain, PLAIN_GONE)) sink = bpf_core_enum_value(enum plain, PLAIN_GONE);',
  },
  'a weak kfunc': { body: 'if (no_kfunc) no_kfunc(s);' },
  'a weak variable': { body: 'if (&no_variable) sink = s->missing;' },
  'a weak variable, the other way': { body: 'if (!&no_variable) sink = s->missing;', refused: 'CORE_NO_FIELD' },
  'several, the first one counts': {
    body: 'sink = s->plain;\nsink = s->also_missing;\nsink = s->missing;',
    refused: 'CORE_NO_FIELD',
  },
}

const target = compile('core_target.c')
const options = { targetBtf: btfOf(target) }

function codeOf(object: string): string | undefined {
  const { bytes, name } = bytesOf(object)
  try {
    resolveObject(parseObject(bytes, name), options)
    return undefined
  } catch (err) {
    if (err instanceof BpfError) return err.code
    throw err
  }
}

const objects = Object.entries(CASES).flatMap(([name, { body, refused }], i) =>
  CLANGS.map(clang => {
    const object = compileText(`${head}${body}\n return 0; }\n`, `case${i}`, { clang, opt: i % 2 ? '-O1' : '-O2' })
    return { name: `${name}, ${clang}`, object, refused }
  }),
)

t.test('poison that can be reached is refused, other is not', t => {
  for (const { name, object, refused } of objects) t.equal(codeOf(object), refused, name)
  t.end()
})

t.test('the verifier agrees', { skip: noKernelBpf() }, t => {
  // One compiler for each. libbpf 1.1 does not know weak kfuncs.
  for (const [i, { name, object, refused }] of objects.entries())
    if (i % (CLANGS.length + 1) === 0 && !name.startsWith('a weak kfunc'))
      t.equal(libbpfLines(object, target)[0] === 'load 0', refused === undefined, name)
  t.end()
})
