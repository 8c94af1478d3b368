// Typed printing: what the kernel 6.18 was seen to print, and random values of the kernel's own types beside the kernel.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { BtfBuilder } from '../../../src/btf/build.ts'
import { parseBtf } from '../../../src/btf/parse.ts'
import { bareType, indexBtf, sizeOrNull } from '../../../src/btf/query.ts'
import { BTF_F, BTF_F_MAP_FILE, formatTyped } from '../../../src/btf/show.ts'
import type { Btf, BtfKind } from '../../../src/btf/types.ts'
import { encodeText } from '../../../src/util/bytes.ts'
import { run } from '../../support/daemon.ts'
import { Kernel, noKernelBpf } from '../../support/kernel.ts'
import { random } from '../../support/map-oracle.ts'

const { COMPACT, NONAME, PTR_RAW, ZERO } = BTF_F

/** The text as bytes, one a character; null as it is. */
function show(btf: Btf, type: number, bytes: readonly number[], flags: number, size = bytes.length): string | null {
  const data = Uint8Array.from(bytes)
  const read = (off: number, count: number): Uint8Array | null => (off + count <= size ? data.subarray(off, off + count) : null)
  const text = formatTyped(btf, type, { flags, read, hashPointer: address => address & 0xffff_ffffn })
  return text === null ? null : Buffer.from(encodeText(text)).toString('latin1')
}

const TYPES = new BtfBuilder()
  .declare(`
    typedef int pid_t;
    struct list_head { struct list_head *next; struct list_head *prev; };
    struct inside { int a; char c; };
    union both { int i; unsigned char b[4]; };
    enum colour { RED, GREEN = 5 };
    struct nested {
      char name[8]; unsigned char raw[3]; struct inside in; struct inside list[2]; int grid[2][2]; union both either;
      struct { int anonymous; union { short half; char byte; }; }; int none[0]; enum colour colours[2];
    };
    struct bits { int low : 3; unsigned int high : 5; enum colour colour : 4; unsigned char whole; };
  `)
  .build()
const zeros = (count: number): number[] => Array.from({ length: count }, () => 0)

/** Measured on 6.18: type, bytes, flags, text. */
const MEASURED: readonly [type: string, bytes: readonly number[], flags: number, text: string][] = [
  ['list_head', zeros(16), 0, '(struct list_head){\n}\n'],
  ['list_head', zeros(16), COMPACT | NONAME, '{}'],
  ['list_head', [1, ...zeros(15)], PTR_RAW, '(struct list_head){\n .next = (struct list_head *)0x0000000000000001,\n}\n'],
  [
    'list_head',
    [1, 2, ...zeros(14)],
    COMPACT | ZERO,
    '(struct list_head){.next = (struct list_head *)0x0000000000000201,.prev = (struct list_head *)0x0000000000000000,}',
  ],
  ['pid_t', [0, 0, 0, 0], 0, '(pid_t)0\n'],
  ['pid_t', [255, 255, 255, 255], COMPACT, '(pid_t)-1'],
  ['colour', [5, 0, 0, 0], 0, '(enum colour)GREEN\n'],
  ['colour', [77, 0, 0, 0], NONAME, '77\n'],
  // Elements of arrays have no opening braces.
  ['nested', zeros(76), BTF_F_MAP_FILE, '{[],[],{0,0,},[0,0,},0,0,},],[0,0,],0,0,],],{0,[],},{0,{0,0,},},[],[RED,RED,],}'],
  ['bits', zeros(4), BTF_F_MAP_FILE, '{0x0,0x0,0x0,0,}'],
]

t.test('what was measured', t => {
  const index = indexBtf(TYPES)
  const find = (name: string): number => index.named(name)[0]!
  for (const [name, bytes, flags, text] of MEASURED) t.equal(show(TYPES, find(name), bytes, flags), text, `${name} ${flags}`)
  t.equal(show(TYPES, find('list_head'), zeros(16), 0, 8), null, 'a part cannot be read')
  t.equal(show(TYPES, find('list_head'), zeros(16), 0, 0), null)
  t.end()
})

t.test('a type without end', t => {
  const many = new BtfBuilder().declare('struct none { }; struct many { struct none list[1000000000]; };').build()
  t.throws(() => show(many, indexBtf(many).find('struct', 'many'), [0], ZERO, 1), { message: /at most 1048576 parts/ })
  t.end()
})

/** Others stop the kernel: it does not check that a type is void, nor that variables of its own BTF cannot be resolved. */
const SHOWN: readonly BtfKind[] = ['int', 'ptr', 'array', 'struct', 'union', 'enum', 'enum64']
const PROGRAM = `
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct item { __u64 flags; __u32 type; __u32 unused; __u8 bytes[240]; };
SEC("iter/bpf_map_elem")
int show(struct bpf_iter__bpf_map_elem *ctx)
{
	static const char end[] = "\\n#%ld\\n";
	struct item *item = ctx->value;
	struct btf_ptr ptr = {};
	long ret;

	if (!item)
		return 0;
	ptr.type_id = item->type;
	ptr.ptr = item->bytes;
	ret = bpf_seq_printf_btf(ctx->meta->seq, &ptr, sizeof(ptr), item->flags);
	bpf_seq_printf(ctx->meta->seq, end, sizeof(end), &ret, sizeof(ret));
	return 0;
}
`
const COUNT = 400
const ROOM = 240

t.test("random values of the kernel's types", { skip: noKernelBpf() }, t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const btf = parseBtf(readFileSync('/sys/kernel/btf/vmlinux'))
  const next = random(20261124)
  const items = Array.from({ length: COUNT }, () => {
    let type = 0
    while (!SHOWN.includes(bareType(btf, type).kind) || (sizeOrNull(btf, type) ?? ROOM + 1) > ROOM)
      type = 1 + next(btf.types.length - 1)
    const bytes = Array.from({ length: ROOM }, () => [0, 0, 0, next(256), next(6), 32 + next(95), 255][next(7)]!)
    return {
      type,
      flags: PTR_RAW | [0, COMPACT, NONAME, ZERO, COMPACT | NONAME | ZERO][next(5)]!,
      bytes: next(5) === 0 ? zeros(ROOM) : bytes,
    }
  })
  const map = kernel.map('items', `type array key 4 value ${16 + ROOM} entries ${COUNT} name items`, [])
  const words = (n: number, size: number): number[] => Array.from({ length: size }, (_, i) => Math.floor(n / 256 ** i) % 256)
  const lines = items.map(
    ({ type, flags, bytes }, i) =>
      `map update pinned ${map} key ${words(i, 4).join(' ')} value ${[...words(flags, 8), ...words(type, 4), 0, 0, 0, 0, ...bytes].join(' ')}`,
  )
  writeFileSync(join(kernel.work, 'updates'), `${lines.join('\n')}\n`)
  t.equal(run('sh', ['-c', `PATH=$PATH:/usr/sbin exec bpftool batch file ${kernel.work}/updates`]).status, 0)
  const theirs = kernel.read(kernel.pin(kernel.compileText(PROGRAM, 'show'), 'show', ['map', map])).split('\n#0\n')
  t.equal(theirs.length, COUNT + 1)
  for (const [i, { type, flags, bytes }] of items.entries())
    t.equal(show(btf, type, bytes, flags), theirs[i], `type ${type}, a ${btf.types[type]!.kind}, with flags ${flags}`)
  t.end()
})
