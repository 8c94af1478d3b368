// Helpers over a made-up environment: what they do with their registers, memory and the objects behind addresses.
import t from 'tap'
import { EFAULT, EINVAL, EOVERFLOW } from '../../../src/util/errno.ts'
import { Bench } from '../../support/helper-env.ts'
import { ascii, neg, OBJECT } from '../../support/helper-values.ts'

t.test('seq_printf: arguments from memory', async t => {
  const bench = new Bench({ machine: { symbolize: () => null }, kernel: new Map([[OBJECT, Buffer.from('systemd\0garbage')]]) })
  const print = (fmt: string, size: number, data: bigint | number, bytes: number): bigint =>
    bench.call('seq_printf', 0, fmt, size, data, bytes)
  t.equal(print('%d %s|', 7, bench.words(-5n, OBJECT), 16), 0n)
  t.equal(bench.printed, '-5 systemd|')
  t.equal(print('%d', 3, bench.words(1), 7), neg(EINVAL))
  t.equal(print('%d', 3, 0, 8), neg(EINVAL))
  t.equal(print('%d', 3, bench.words(...Array(13).fill(1)), 104), neg(EINVAL))
  t.equal(print('%d', 2, bench.words(1), 8), neg(EINVAL), 'no NUL in the format')
  t.equal(print('%d', 3, 0, 0), neg(EINVAL), 'too few arguments')
  t.equal(bench.printed, '-5 systemd|')
  t.equal(print('%s%s%s', 7, bench.words(0, OBJECT + 8n, OBJECT + 100n), 24), 0n, 'pointers to nothing are empty')
  t.equal(bench.printed, '-5 systemd|')
  t.equal(print('%s', 3, bench.words(OBJECT + 3n), 8), 0n)
  t.equal(bench.printed, '-5 systemd|temd')
  t.equal(print('%pI4', 5, bench.words(OBJECT), 8), 0n)
  t.equal(bench.printed, '-5 systemd|temd115.121.115.116')
})

t.test('seq_printf: a format whose bytes change is another one', async t => {
  const bench = new Bench()
  const fmt = bench.place('first ')
  bench.call('seq_printf', 0, fmt, 7, 0, 0)
  bench.call('seq_printf', 0, fmt, 7, 0, 0)
  const at = Number(fmt & 0xffff_ffffn)
  bench.space.u8.set(Buffer.from('other '), at)
  bench.call('seq_printf', 0, fmt, 7, 0, 0)
  bench.space.u8[at + 3] = 0
  bench.call('seq_printf', 0, fmt, 7, 0, 0)
  t.equal(bench.printed, 'first first other oth')
  t.equal(bench.call('seq_printf', 0, fmt, 3, 0, 0), neg(EINVAL), 'the NUL lies behind the size')
})

t.test('seq_write and overflow', async t => {
  const bench = new Bench({ kernel: new Map([[OBJECT, Buffer.from('0123456789abcdef')]]) })
  t.equal(bench.call('seq_write', 0, Uint8Array.of(0, 1, 255), 3), 0n)
  t.equal(bench.call('seq_write', 0, OBJECT, 16), 0n, 'an object of the kernel')
  t.equal(bench.printed, '\0\x01\udcff0123456789abcdef')
  t.equal(bench.call('seq_write', 0, 0, 0), 0n)
  bench.seq.count = bench.seq.size - 4
  t.equal(bench.call('seq_write', 0, 'abc', 3), 0n)
  t.equal(bench.seq.overflowed, false)
  t.equal(bench.call('seq_write', 0, 'a', 1), neg(EOVERFLOW))
  t.equal(bench.seq.overflowed, true)
  t.equal(bench.call('seq_write', 0, 'a', 1), neg(EOVERFLOW))
  t.equal(bench.call('seq_printf', 0, '', 1, 0, 0), neg(EOVERFLOW))
})

t.test('snprintf and the log', async t => {
  const bench = new Bench()
  const out = bench.place(new Uint8Array(16))
  t.equal(bench.call('snprintf', out, 16, '%d-%s', bench.words(7, 'seven'), 16), 8n)
  t.equal(bench.text(out, 16), '7-seven')
  t.equal(bench.call('snprintf', out, 4, '%d-%s', bench.words(7, 'seven'), 16), 8n, 'the length that it would have')
  t.equal(ascii(bench.bytes(out, 6)), '7-s\0ve', 'nothing behind the size is touched')
  t.equal(bench.call('trace_printk', 'a %d %x %s\n', 12, 5, 255, 'text'), 12n)
  t.equal(bench.call('trace_vprintk', '%d', 3, bench.words(9), 8), 1n)
  t.equal(bench.call('trace_vprintk', '%d', 3, 0, 0), neg(EINVAL))
  t.equal(bench.call('trace_printk', '%1100d\u00fc', 9, 5), 1102n, 'bytes, as many as there would be')
  t.same(bench.traced, ['a 5 ff text\n', '9', ' '.repeat(1023)])
})

t.test('probe_read_kernel over pages and fields of an object', async t => {
  const bytes = Uint8Array.from({ length: 9000 }, (_, i) => i % 251 || 1)
  const bench = new Bench({ kernel: new Map([[OBJECT, bytes]]) })
  const out = bench.place(new Uint8Array(9000))
  t.equal(bench.call('probe_read_kernel', out, 9000, OBJECT), 0n)
  t.same(bench.bytes(out, 9000), bytes)
  t.equal(bench.call('probe_read_kernel', out, 100, OBJECT + 4050n), 0n)
  t.same(bench.bytes(out, 100), bytes.slice(4050, 4150))
  t.equal(bench.call('probe_read_kernel', out, 16, OBJECT + 8990n), neg(EFAULT))
  t.same(bench.bytes(out, 16), new Uint8Array(16), 'zeros after a failure')
  t.equal(bench.call('probe_read_kernel_str', out, 20, OBJECT + 8990n), neg(EFAULT), 'no NUL before the end')
  t.equal(bench.call('probe_read_kernel_str', out, 5, OBJECT + 4094n), 5n)
  t.same(bench.bytes(out, 5), Uint8Array.of(...bytes.slice(4094, 4098), 0))
  bytes[8999] = 0
  const other = new Bench({ kernel: new Map([[OBJECT, bytes]]) })
  const text = other.place(new Uint8Array(9001))
  t.equal(other.call('probe_read_kernel_str', text, 9001, OBJECT + 1n), 8999n, 'a text of several pages')
  t.same(other.bytes(text, 8999), bytes.slice(1))
  t.throws(() => other.call('seq_write', 0, OBJECT, 9001), { errno: EFAULT, message: /shall read 9001 bytes/ })
  t.throws(() => other.call('strncmp', OBJECT, 2 ** 31, 'a'), { message: /shall read 2147483648 bytes/ })
  t.ok(other.space.u8.length < 1 << 20, 'no memory is taken for what is not there')
  t.throws(() => bench.call('probe_read_kernel', OBJECT, 8, OBJECT), {
    errno: EFAULT,
    message: /shall write 8 bytes at 0xffff888012345000/,
  })
})

t.test("user memory is the reader's, or that of a task", async t => {
  const memory = Buffer.from('user text\0 and more')
  const asked: [number, bigint, number][] = []
  const bench = new Bench({
    reader: { pid: 11, tgid: 10, uid: 5, gid: 6 },
    machine: {
      readUser(pid, address, size) {
        asked.push([pid, address, size])
        const off = Number(address - 0x7000_0000n)
        return off >= 0 && off < memory.length ? memory.subarray(off, off + size) : null
      },
    },
    objects: { taskAt: lo => (lo === 7 ? { tid: 21, tgid: 20 } : null) },
  })
  const out = bench.place(new Uint8Array(16))
  t.equal(bench.call('probe_read_user', out, 4, 0x7000_0000n), 0n)
  t.equal(bench.text(out, 16), 'user')
  t.same(asked.pop(), [10, 0x7000_0000n, 4])
  t.equal(bench.call('probe_read', out, 4, 0x7000_0005n), 0n)
  t.equal(bench.text(out, 16), 'text')
  t.equal(bench.call('probe_read_user_str', out, 16, 0x7000_0000n), 10n)
  t.equal(bench.text(out, 16), 'user text')
  t.equal(bench.call('probe_read_user_str', out, 5, 0x7000_0000n), 5n)
  t.equal(bench.text(out, 16), 'user')
  t.equal(bench.call('probe_read_user', out, 16, 0x7100_0000n), neg(EFAULT))
  t.equal(bench.call('copy_from_user_task', out, 4, 0x7000_0000n, 7, 0), 0n)
  t.same(asked.pop(), [20, 0x7000_0000n, 4])
  t.equal(bench.call('copy_from_user_task', out, 4, 0x7000_0000n, 8, 0), neg(EFAULT), 'no such task')
  t.equal(bench.call('copy_from_user_task', out, 4, 0x7000_0000n, 7, 1), neg(EINVAL))
  asked.length = 0
  t.equal(bench.call('probe_read_user', out, 8, OBJECT), neg(EFAULT))
  t.same(asked, [], 'nobody is asked for addresses of the kernel')
})
