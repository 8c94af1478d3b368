// Typed memory as text beside what the kernel prints of the same bytes.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { BtfBuilder } from '../../../src/btf/build.ts'
import { parseBtf } from '../../../src/btf/parse.ts'
import { bareType, indexBtf, sizeOrNull } from '../../../src/btf/query.ts'
import { BTF_F, BTF_F_MAP_FILE, formatTyped } from '../../../src/btf/show.ts'
import type { Btf, BtfKind } from '../../../src/btf/types.ts'
import { encodeText } from '../../../src/util/bytes.ts'
import { VMLINUX } from '../../support/btf-objects.ts'
import { Kernel, noKernelBpf } from '../../support/kernel.ts'
import { Random } from '../../support/random.ts'

const btf = new BtfBuilder()
  .declare(`
    typedef int pid_t;
    typedef struct { unsigned int val; } kuid_t;
    enum color { RED, BLUE = 2 };
    struct list { struct list *next, *prev; };
    struct point { int x, y; };
    struct all {
      pid_t pid;
      enum color color;
      char name[8];
      unsigned char bytes[2];
      unsigned int low : 3, high : 5;
      union { int number; char letters[4]; };
      struct point points[2];
      kuid_t uid;
      struct list list;
      void **pointer;
      struct { short int s; } zero;
      _Bool flag;
    };
    struct never;
    typedef struct never never_t;
  `)
  .build()
const index = indexBtf(btf)

const show = (bytes: Uint8Array, type: string, flags: number): string | null =>
  formatTyped(btf, index.find('struct', type) || index.find('typedef', type) || index.find('enum', type), {
    flags,
    read: (off, size) => bytes.subarray(off, off + size),
    hashPointer: () => 0x1234n,
  })

const bytes = new Uint8Array(80)
const view = new DataView(bytes.buffer)
view.setInt32(0, -7, true)
view.setInt32(4, 2, true)
bytes.set(encodeText('ab\x01\0zz'), 8)
bytes.set([130, 65], 16)
bytes[18] = 0b10101_011
view.setInt32(20, 0x4241, true)
view.setInt32(24, 5, true)
view.setUint32(40, 1000, true)
view.setBigUint64(48, 0xffff_8881_0000_1000n, true)

/** What stands for the bracket and the name of a struct in an array. */
const INDENT = '  '

t.test('a struct of everything', t => {
  t.equal(
    show(bytes, 'all', 0),
    `(struct all){
 .pid = (pid_t)-7,
 .color = (enum color)BLUE,
 .name = (char[])[
  'a',
  'b',
  1,
 ],
 .bytes = (unsigned char[])[
  130,
  'A',
 ],
 .low = (unsigned int)0x3,
 .high = (unsigned int)0x15,
 (union){
  .number = (int)16961,
  .letters = (char[])[
   'A',
   'B',
  ],
 },
 .points = (struct point[])[
${INDENT}
   5,
  },
 ],
 .uid = (kuid_t){
  .val = (unsigned int)1000,
 },
 .list = (struct list){
  .next = (struct list *)0x0000000000001234,
 },
}
`,
  )
  t.end()
})

t.test('flags', t => {
  const list = bytes.subarray(48, 64)
  t.equal(show(list, 'list', BTF_F.COMPACT), '(struct list){.next = (struct list *)0x0000000000001234,}')
  t.equal(show(list, 'list', BTF_F.COMPACT | BTF_F.PTR_RAW), '(struct list){.next = (struct list *)0xffff888100001000,}')
  t.equal(show(list, 'list', BTF_F.COMPACT | BTF_F.NONAME | BTF_F.PTR_RAW), '{0xffff888100001000,}')
  t.equal(
    show(list, 'list', BTF_F.PTR_RAW | BTF_F.ZERO),
    '(struct list){\n .next = (struct list *)0xffff888100001000,\n .prev = (struct list *)0x0000000000000000,\n}\n',
  )
  t.equal(show(new Uint8Array(16), 'list', BTF_F.COMPACT), '(struct list){}')
  t.equal(show(new Uint8Array(4), 'pid_t', 0), '(pid_t)0\n')
  t.equal(show(new Uint8Array(4), 'color', BTF_F.COMPACT), '(enum color)RED')
  t.equal(show(Uint8Array.of(9, 0, 0, 0), 'color', BTF_F.COMPACT), '(enum color)9')
  t.equal(show(Uint8Array.of(1, 2, 0, 0), 'kuid_t', BTF_F.COMPACT), '(kuid_t){.val = (unsigned int)513,}')
  t.end()
})

t.test('elements of arrays have no opening braces', t => {
  const nested = new BtfBuilder()
    .declare(`
      struct inside { int a; char c; };
      union both { int i; unsigned char b[4]; };
      enum color { RED, BLUE = 2 };
      struct nested {
        char name[8]; unsigned char raw[3]; struct inside in; struct inside list[2]; int grid[2][2]; union both either;
        struct { int anonymous; union { short half; char byte; }; }; int none[0]; enum color colors[2];
      };
    `)
    .build()
  const options = { flags: BTF_F_MAP_FILE, read: (_off: number, size: number) => new Uint8Array(size), hashPointer: () => 0n }
  t.equal(
    formatTyped(nested, indexBtf(nested).find('struct', 'nested'), options),
    '{[],[],{0,0,},[0,0,},0,0,},],[0,0,],0,0,],],{0,[],},{0,{0,0,},},[],[RED,RED,],}',
    'as measured for the value of a map',
  )
  t.end()
})

t.test('what cannot be shown', t => {
  const within = (size: number) => ({
    flags: 0,
    read: (off: number, count: number) => (off + count <= size ? new Uint8Array(count) : null),
    hashPointer: () => 0n,
  })
  const list = index.find('struct', 'list')
  t.equal(formatTyped(btf, list, within(16)), '(struct list){\n}\n')
  t.equal(formatTyped(btf, list, within(8)), null, 'a part cannot be read')
  t.equal(formatTyped(btf, list, within(0)), null)
  const many = new BtfBuilder().declare('struct none { }; struct many { struct none list[1000000000]; };').build()
  t.throws(() => formatTyped(many, indexBtf(many).find('struct', 'many'), { ...within(1), flags: BTF_F.ZERO }), {
    message: /at most 1048576 parts/,
  })
  t.end()
})

/** Types of the kernel, bytes to show as them, and flags: one program shows them all, one for each symbol that it is run for. */
const SHOWN = 1000
const BYTES = 4096

/** 6.18 crashes when it shall show `const void` or a variable of its own BTF. */
const CRASHING: readonly BtfKind[] = ['void', 'var', 'datasec', 'decl_tag']

interface Shown {
  readonly bytes: Uint8Array
  readonly ids: readonly number[]
  readonly flags: readonly number[]
}

function choose(kernel: Btf, random: Random): Shown {
  const bytes = new Uint8Array(BYTES)
  for (let i = 0; i < BYTES; i++) if (random.once(3)) bytes[i] = random.pick([random.below(256), 1, 65, 2])
  const ids: number[] = []
  while (ids.length < SHOWN) {
    const id = 1 + random.below(kernel.types.length - 1)
    const size = sizeOrNull(kernel, id) ?? 0
    if (size <= 1000 && !CRASHING.includes(bareType(kernel, id).kind)) ids.push(id)
  }
  const flags = ids.map(() => BTF_F.PTR_RAW | random.pick([0, BTF_F.COMPACT, BTF_F.NONAME, 3, BTF_F.ZERO, 9, 10, 11]))
  return { bytes, ids, flags }
}

const program = ({ bytes, ids, flags }: Shown): string => `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
__u8 bytes[] = {${bytes.join()}};
__u32 ids[${SHOWN}] = {${ids.join()}};
__u32 flags[${SHOWN}] = {${flags.join()}};
SEC("iter/ksym") int dump(struct bpf_iter__ksym *ctx)
{
	__u64 n = ctx->meta->seq_num;
	struct btf_ptr ptr = {};
	if (n >= ${SHOWN})
		return 0;
	ptr.ptr = bytes;
	ptr.type_id = ids[n];
	int ret = bpf_seq_printf_btf(ctx->meta->seq, &ptr, sizeof(ptr), flags[n]);
	BPF_SEQ_PRINTF(ctx->meta->seq, " ret=%d\\n--8<--\\n", ret);
	return 0;
}
`

t.test('types of the kernel, as it prints them', { skip: noKernelBpf() }, t => {
  const types = parseBtf(new Uint8Array(readFileSync(VMLINUX)))
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const seed = Number(process.env.FUZZ_SEED ?? 1)
  const shown = choose(types, new Random(seed))
  const texts = kernel.read(kernel.pin(kernel.compileText(program(shown), 'typed'), 'typed')).split('\n--8<--\n')
  t.equal(texts.length, SHOWN + 1)
  for (const [i, id] of shown.ids.entries()) {
    const read = (off: number, size: number) => shown.bytes.subarray(off, off + size)
    const text = formatTyped(types, id, { flags: shown.flags[i]!, read, hashPointer: pointer => pointer })
    const ours = `${Buffer.from(encodeText(text ?? 'null')).toString('latin1')} ret=0`
    if (ours !== texts[i]) {
      t.equal(ours, texts[i], `seed ${seed}: type ${id} with flags ${shown.flags[i]}`)
    }
  }
  t.end()
})
