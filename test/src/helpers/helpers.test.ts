// Helpers over a made-up environment: what they do with their registers, memory and the objects behind addresses.
import fc from 'fast-check'
import t from 'tap'
import type { BtfType } from '../../../src/btf/types.ts'
import { KFUNCS } from '../../../src/helpers/kfunc-protos.ts'
import { HELPERS, type HelperName } from '../../../src/helpers/protos.ts'
import { createMap } from '../../../src/maps/create.ts'
import type { BpfMap, MapAttr } from '../../../src/maps/map.ts'
import { RingbufMap } from '../../../src/maps/ringbuf.ts'
import { E2BIG, EFAULT, EINVAL, ENAMETOOLONG, ENOENT, EOPNOTSUPP, EOVERFLOW, EPERM, ErrnoError } from '../../../src/util/errno.ts'
import type { HelperCode } from '../../../src/vm/engine.ts'
import { LAYOUT } from '../../../src/vm/memory.ts'
import { Bench, type Granted } from '../../support/helper-env.ts'

const neg = (errno: number): bigint => BigInt(-errno)
const ascii = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const OBJECT = 0xffff_8880_1234_5000n

const MAP = { name: 'm', keySize: 4, valueSize: 8, maxEntries: 4, flags: 0, mapExtra: 0n }
/** A map of BPF_MAP_TYPE_`type` in the bench's memory, with its address. */
function mapIn(bench: Bench, type: number, attr: Partial<MapAttr> = {}): [BpfMap, bigint] {
  const map = createMap({ ...MAP, type, ...attr }, { id: 1, space: bench.space, cpus: 2 })
  return [map, bench.addMap(map)]
}
const [HASH, ARRAY, PERCPU_ARRAY, QUEUE, RINGBUF, TASK_STORAGE] = [1, 2, 6, 22, 27, 29]
const intType = (size: number): BtfType => ({ kind: 'int', name: `int${size}`, size, encoding: 1, offBits: 0, bits: size * 8 })
/** Types of the keys and values of local storage, which the kernel wants. */
const INTS: MapAttr['btf'] = { btf: { types: [{ kind: 'void' }, intType(4), intType(8)] }, keyTypeId: 1, valueTypeId: 2 }
const word = (value: bigint | number): Uint8Array => new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, BigInt(value))).buffer)
const int = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer)

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

t.test('maps', async t => {
  const bench = new Bench({ kernel: new Map([[OBJECT, int(7)]]) })
  const [map, m] = mapIn(bench, HASH)
  t.equal(bench.call('map_lookup_elem', m, int(7)), 0n)
  t.equal(bench.call('map_update_elem', m, int(7), word(70n), 0), 0n)
  const value = bench.call('map_lookup_elem', m, OBJECT)
  t.same(bench.bytes(value, 8), word(70n), 'the key may lie in an object of the kernel')
  t.equal(bench.call('map_update_elem', m, int(7), word(1n), 9), neg(EINVAL))
  t.equal(bench.call('map_update_elem', m, int(7), word(1n), 1n << 32n), neg(EINVAL), 'all 64 bits of flags count')
  t.equal(bench.call('map_delete_elem', m, int(7)), 0n)
  t.equal(bench.call('map_delete_elem', m, int(7)), neg(ENOENT))
  t.equal(map.nextKey(null), null)
  t.throws(() => bench.call('map_lookup_elem', 0x1234n, int(1)), { errno: EINVAL, message: /wants a map, r1 is 0x1234/ })

  const [, queue] = mapIn(bench, QUEUE, { keySize: 0 })
  const out = bench.place(new Uint8Array(8))
  t.equal(bench.call('map_push_elem', queue, word(5n), 0), 0n)
  t.equal(bench.call('map_push_elem', queue, word(6n), 0), 0n)
  t.equal(bench.call('map_peek_elem', queue, out), 0n)
  t.equal(bench.call('map_pop_elem', queue, out), 0n)
  t.same(bench.bytes(out, 8), word(5n))
  bench.call('map_pop_elem', queue, out)
  t.equal(bench.call('map_pop_elem', queue, out), neg(ENOENT))

  const [, percpu] = mapIn(bench, PERCPU_ARRAY)
  const [first, second] = [0, 1].map(cpu => bench.call('map_lookup_percpu_elem', percpu, int(0), cpu))
  t.not(first, second)
  t.equal(bench.call('map_lookup_elem', percpu, int(0)), first)
  t.equal(bench.call('map_lookup_percpu_elem', percpu, int(0), 2), 0n)
})

t.test('for_each_map_elem', async t => {
  const bench = new Bench()
  const [, m] = mapIn(bench, ARRAY)
  for (let i = 0; i < 4; i++) bench.call('map_update_elem', m, int(i), word(i * 10), 0)
  const seen: unknown[] = []
  const see = (stop: number) => (args: bigint[]) => {
    seen.push([args[0] === m, bench.bytes(args[1]!, 4)[0], bench.bytes(args[2]!, 8)[0], args[3], args[4]])
    return seen.length === stop ? 1 : 0
  }
  t.equal(bench.call('for_each_map_elem', m, see(99), 0x77n, 0), 4n)
  t.same(
    seen,
    [0, 1, 2, 3].map(i => [true, i, i * 10, 0x77n, 0n]),
  )
  seen.length = 0
  t.equal(bench.call('for_each_map_elem', m, see(2), 0, 0), 2n)
  t.equal(bench.call('for_each_map_elem', m, see(0), 0, 1), neg(EINVAL))
})

t.test('loop, and a loop in a loop', async t => {
  const bench = new Bench()
  const seen: bigint[] = []
  t.equal(
    bench.call('loop', 5, ([i, ctx]: bigint[]) => seen.push(i!, ctx!) * 0, 3, 0),
    5n,
  )
  t.same(seen, [0n, 3n, 1n, 3n, 2n, 3n, 3n, 3n, 4n, 3n])
  t.equal(
    bench.call('loop', 5, ([i]: bigint[]) => (i === 2n ? 1 : 0), 0, 0),
    3n,
  )
  t.equal(
    bench.call('loop', 0, () => 0, 0, 0),
    0n,
  )
  t.equal(
    bench.call('loop', 1, () => 0, 0, 1),
    neg(EINVAL),
  )
  t.equal(
    bench.call('loop', 8 * 1024 * 1024 + 1, () => 0, 0, 0),
    BigInt(-E2BIG >>> 0),
  )
  t.equal(
    bench.call('loop', 0x1_0000_0002n, () => 0, 0, 0),
    2n,
    'nr_loops is a u32',
  )
  let inner = 0
  const nested = (): number => Number(bench.call('loop', 2, () => inner++ * 0, 0, 0)) * 0
  t.equal(bench.call('loop', 3, nested, 0, 0), 3n)
  t.equal(inner, 6)
})

t.test('ring buffers', async t => {
  const bench = new Bench()
  const [map, m] = mapIn(bench, RINGBUF, { keySize: 0, valueSize: 0, maxEntries: 4096 })
  const query = (what: number): bigint => bench.call('ringbuf_query', m, what)
  t.equal(bench.call('ringbuf_output', m, 'hello', 5, 0), 0n)
  t.equal(bench.call('ringbuf_output', m, 'hello', 5, 4), neg(EINVAL))
  t.same([0, 1, 2, 3, 9].map(query), [16n, 4096n, 0n, 16n, 0n])
  const dynptr = bench.place(new Uint8Array(16))
  t.equal(bench.call('ringbuf_reserve_dynptr', m, 20, 0, dynptr), 0n)
  t.equal(bench.call('dynptr_write', dynptr, 0, 'abc', 3, 0), 0n)
  t.equal(bench.call('dynptr_data', dynptr, 0, 20) === 0n, false)
  bench.call('ringbuf_submit_dynptr', dynptr, 0)
  t.equal(bench.call('dynptr_data', dynptr, 0, 1), 0n, 'it is null then')
  for (const [size, flags, want] of [
    [5000, 0, EINVAL],
    [20, 1, EINVAL],
    [1 << 24, 0, E2BIG],
  ] as const) {
    t.equal(bench.call('ringbuf_reserve_dynptr', m, size, flags, dynptr), neg(want))
    t.equal(bench.call('ringbuf_discard_dynptr', dynptr, 0), 0n)
  }
  t.equal(bench.call('ringbuf_reserve', m, 16, 1), 0n)
  const kept = bench.call('ringbuf_reserve', m, 16, 0)
  bench.space.u8.set(Buffer.from('kept'), Number(kept & 0xffff_ffffn))
  bench.call('ringbuf_discard', bench.call('ringbuf_reserve', m, 16, 0), 0)
  bench.call('ringbuf_submit', kept, 0)
  t.ok(map instanceof RingbufMap)
  const records: string[] = []
  for (let record = (map as RingbufMap).consume(); record; record = (map as RingbufMap).consume()) records.push(ascii(record))
  t.same(records, ['hello', `abc${'\0'.repeat(17)}`, `kept${'\0'.repeat(12)}`])
  t.throws(() => bench.call('ringbuf_reserve', mapIn(bench, ARRAY)[1], 8, 0), { errno: EINVAL, message: /wants a ring buffer/ })
})

t.test('dynptrs', async t => {
  const bench = new Bench()
  const data = bench.place('abcdefghijklmnop'.padEnd(31, '\0'))
  const [d, e] = [bench.place(new Uint8Array(16)), bench.place(new Uint8Array(16))]
  const out = bench.place(new Uint8Array(8))
  const kfunc = (name: string, ...args: (number | bigint)[]): bigint => bench.run(bench.helpers.kfunc(name), args)
  t.equal(bench.call('dynptr_from_mem', data, 32, 0, d), 0n)
  t.equal(bench.call('dynptr_read', out, 4, d, 2, 0), 0n)
  t.equal(bench.text(out, 8), 'cdef')
  t.equal(bench.call('dynptr_read', out, 4, d, 29, 0), neg(E2BIG))
  t.equal(bench.call('dynptr_read', out, 4, d, 28, 0), 0n)
  t.equal(bench.call('dynptr_read', out, 4, d, 2, 1), neg(EINVAL))
  t.equal(bench.call('dynptr_write', d, 31, 'XY', 2, 0), neg(E2BIG))
  t.equal(bench.call('dynptr_write', d, 0, 'XY', 2, 1), neg(EINVAL))
  t.equal(bench.call('dynptr_write', d, 0, 'XY', 2, 0), 0n)
  t.equal(kfunc('bpf_dynptr_adjust', d, 4, 2), neg(EINVAL))
  t.equal(kfunc('bpf_dynptr_adjust', d, 2, 33), -34n)
  t.equal(kfunc('bpf_dynptr_adjust', d, 2, 20), 0n)
  t.equal(kfunc('bpf_dynptr_size', d), 18n)
  t.equal(kfunc('bpf_dynptr_clone', d, e), 0n)
  t.equal(kfunc('bpf_dynptr_memset', e, 0, 3, 0x5a), 0n)
  t.equal(kfunc('bpf_dynptr_memset', e, 16, 3, 0x5a), neg(E2BIG))
  t.equal(kfunc('bpf_dynptr_copy', d, 4, e, 0, 3), 0n)
  t.equal(kfunc('bpf_dynptr_copy', d, 4, e, 16, 3), neg(E2BIG))
  t.equal(bench.text(data, 16), 'XYZZZfZZZjklmnop')
  t.equal(bench.call('dynptr_data', d, 17, 1), data + 19n)
  t.equal(bench.call('dynptr_data', d, 18, 1), 0n)
  t.equal(kfunc('bpf_dynptr_slice', d, 4, 0, 4), data + 6n)
  t.equal(kfunc('bpf_dynptr_slice_rdwr', d, 4, 0, 15), 0n)
  t.equal(kfunc('bpf_dynptr_is_null', d), 0n)

  const n = bench.place(new Uint8Array(16).fill(255))
  t.equal(bench.call('dynptr_from_mem', data, 32, 1, n), neg(EINVAL))
  t.equal(kfunc('bpf_dynptr_is_null', n), 1n)
  t.equal(kfunc('bpf_dynptr_is_rdonly', n), 0n)
  t.equal(kfunc('bpf_dynptr_size', n), 4294967274n)
  t.equal(kfunc('bpf_dynptr_adjust', n, 0, 0), neg(EINVAL))
  t.equal(kfunc('bpf_dynptr_clone', n, e), neg(EINVAL))
  t.equal(kfunc('bpf_dynptr_memset', n, 0, 0, 1), 0n)
  t.equal(kfunc('bpf_dynptr_memset', n, 0, 1, 1), neg(E2BIG))
  t.equal(kfunc('bpf_dynptr_copy', n, 0, d, 0, 0), neg(EINVAL))
  t.equal(kfunc('bpf_dynptr_copy', d, 0, n, 0, 1), neg(EINVAL))
  t.equal(bench.call('dynptr_read', out, 0, n, 0, 0), neg(EINVAL))
  t.equal(bench.call('dynptr_write', n, 0, 'a', 1, 0), neg(EINVAL))
  t.equal(bench.call('dynptr_data', n, 0, 1), 0n)
  t.equal(bench.call('dynptr_from_mem', data, 1 << 24, 0, n), neg(E2BIG))
  t.equal(kfunc('bpf_probe_read_kernel_dynptr', d, 0, 4, 1n), -34n)
  t.equal(kfunc('bpf_probe_read_kernel_dynptr', d, 0, 2, bench.place('hi')), 0n)
  t.equal(kfunc('bpf_probe_read_kernel_str_dynptr', d, 0, 8, bench.place('hello')), 6n)
  t.equal(bench.text(data + 2n, 16), 'hello')
})

t.test('local storage', async t => {
  const bench = new Bench({ objects: { storageKey: lo => (lo === 7 ? 'task 7' : null) } })
  const [, m] = mapIn(bench, TASK_STORAGE, { maxEntries: 0, flags: 1, btf: INTS })
  const get = (...args: readonly (number | Uint8Array)[]): bigint => bench.call('task_storage_get', m, ...args)
  t.equal(get(7, 0, 0), 0n)
  t.equal(get(7, 0, 2), 0n)
  const value = get(7, word(7), 1)
  t.same(bench.bytes(value, 8), word(7))
  t.equal(get(7, word(9), 1), value, 'it is there already')
  t.equal(get(0, 0, 1), 0n)
  t.equal(get(8, 0, 1), 0n)
  t.equal(bench.call('task_storage_delete', m, 7), 0n)
  t.equal(bench.call('task_storage_delete', m, 7), neg(ENOENT))
  t.equal(bench.call('task_storage_delete', m, 0), neg(EINVAL))
})

const machine: Granted['machine'] = {
  comm: tid => (tid === 11 ? 'long-enough-cat' : ''),
  cgroupId: () => 42n,
  ancestorCgroupId: (_, level) => [1n, 42n][level] ?? 0n,
  pidNamespace: () => ({ dev: 4n, ino: 4026531836n, pid: 11, tgid: 10 }),
  clockNs: clock => ({ monotonic: 1n, boottime: 2n, tai: 2n ** 60n + 1n })[clock],
  jiffies: () => 0x1_0000_0001n,
  cpus: 2,
  cpu: () => 1,
}

t.test('who reads, and when', async t => {
  const bench = new Bench({ machine, reader: { pid: 11, tgid: 10, uid: 5, gid: 6 } })
  const out = bench.place(new Uint8Array(20).fill(255))
  t.equal(bench.call('get_current_pid_tgid'), (10n << 32n) | 11n)
  t.equal(bench.call('get_current_uid_gid'), (6n << 32n) | 5n)
  t.equal(bench.call('get_current_comm', out, 4), 0n)
  t.equal(ascii(bench.bytes(out, 5)), 'lon\0\xff')
  t.equal(bench.call('get_current_comm', out, 20), 0n)
  t.equal(ascii(bench.bytes(out, 20)), 'long-enough-cat\0\0\0\0\0')
  t.equal(bench.call('get_current_cgroup_id'), 42n)
  t.same(
    [0, 1, 2, -1].map(level => bench.call('get_current_ancestor_cgroup_id', level)),
    [1n, 42n, 0n, 0n],
  )
  t.equal(bench.call('get_ns_current_pid_tgid', 4, 4026531836, out, 8), 0n)
  t.same([...new Int32Array(bench.bytes(out, 8).buffer)], [11, 10])
  t.equal(bench.call('get_ns_current_pid_tgid', 4, 1, out, 8), neg(EINVAL))
  t.same(bench.bytes(out, 8), new Uint8Array(8))
  t.equal(bench.call('get_ns_current_pid_tgid', 4, 4026531836, out, 4), neg(EINVAL))
  t.same(
    ['ktime_get_ns', 'ktime_get_boot_ns', 'ktime_get_tai_ns', 'jiffies64'].map(name => bench.call(name as HelperName)),
    [1n, 2n, 2n ** 60n + 1n, 0x1_0000_0001n],
  )
  t.equal(bench.call('get_smp_processor_id'), 1n)
  t.equal(bench.call('get_numa_node_id'), 0n)
  const random = Array.from({ length: 600 }, () => bench.call('get_prandom_u32'))
  t.ok(random.every(n => n >= 0n && n < 1n << 32n))
  t.ok(new Set(random).size > 590)
  t.same(bench.call('timer_init', 0, 0, 1), neg(EPERM))
  t.same(bench.call('timer_init', 0, 0, 2), neg(EINVAL))
  t.same(bench.call('timer_start', 0, 0, 0), neg(EINVAL))
})

t.test('objects of the kernel', async t => {
  const ret = (bench: Bench, address: bigint): void => bench.space.view.setBigUint64(LAYOUT.RET, address, true)
  const kept: number[] = []
  const bench: Bench = new Bench({
    machine,
    reader: { pid: 11, tgid: 10, uid: 0, gid: 0 },
    objects: {
      retTask: tid => ret(bench, tid === 11 ? OBJECT : 0n),
      structAt: lo => ({ 1: 'tcp6_sock', 2: 'unix_sock', 3: 'tcp_sock' })[lo] ?? null,
      retRelated: (relation, lo) => ret(bench, relation === 'socket' && lo === 5 ? OBJECT + 64n : 0n),
      socketCookie: lo => (lo === 1 ? 2n ** 63n : 0n),
      retPerCpu: (lo, _, cpu) => ret(bench, OBJECT + BigInt(lo * 100 + cpu)),
      pathAt: lo => (lo === 5 ? '/dev/null' : null),
      keep: lo => void kept.push(lo),
    },
  })
  const address = (name: HelperName, ...args: readonly number[]): bigint => BigInt.asUintN(64, bench.call(name, ...args))
  t.equal(address('get_current_task'), OBJECT)
  t.equal(address('get_current_task_btf'), OBJECT)
  t.same(
    [1, 2, 3, 4].map(sock => address('skc_to_tcp_sock', sock)),
    [1n, 0n, 3n, 0n],
  )
  t.same(
    [1, 2, 3, 4].map(sock => address('skc_to_tcp6_sock', sock)),
    [1n, 0n, 0n, 0n],
  )
  t.same(
    [1, 2].map(sock => address('skc_to_unix_sock', sock)),
    [0n, 2n],
  )
  t.equal(address('skc_to_tcp_sock', 0), 0n)
  t.same(
    [5, 6].map(file => address('sock_from_file', file)),
    [OBJECT + 64n, 0n],
  )
  t.same(
    [1, 2, 0].map(sock => address('get_socket_cookie', sock)),
    [2n ** 63n, 0n, 0n],
  )
  t.equal(address('per_cpu_ptr', 1, 0), OBJECT + 100n)
  t.equal(address('per_cpu_ptr', 1, 2), 0n, 'there are two CPUs')
  t.equal(address('this_cpu_ptr', 1), OBJECT + 101n)
  const out = bench.place(new Uint8Array(16))
  t.equal(bench.call('d_path', 5, out, 16), 10n)
  t.equal(bench.text(out, 16), '/dev/null')
  t.equal(bench.call('d_path', 5, out, 10), 10n)
  t.equal(bench.call('d_path', 5, out, 9), neg(ENAMETOOLONG))
  t.equal(bench.call('d_path', 5, out, 0), 0n)
  const kptr = bench.words(0x1111)
  t.equal(bench.call('kptr_xchg', kptr, 0x2222n), 0x1111n)
  t.equal(bench.call('kptr_xchg', kptr, 0), 0x2222n)
  t.same(kept, [0x2222, 0])
  for (const at of [LAYOUT.ZERO, LAYOUT.SP, LAYOUT.FUEL, LAYOUT.TLB, LAYOUT.STACK - 8])
    t.throws(() => bench.call('kptr_xchg', bench.space.toAddress(at), 0), {
      errno: EFAULT,
      message: /where the program has no memory/,
    })
})

t.test('stacks of tasks', async t => {
  const symbols: Record<string, bigint> = { do_wait: 0xffff_ffff_8100_0000n, nf_hook: 0xffff_ffff_c000_0000n }
  const bench = new Bench({
    reader: { pid: 11, tgid: 10, uid: 0, gid: 0 },
    machine: {
      stack: tid => ({ 21: '[<0>] do_wait+0x1a/0x60\n[<0>] nf_hook+0x5/0x30 [nf_tables]\n[<0>] 0xffff\n', 22: '' })[tid] ?? null,
      symbolAddress: name => symbols[name] ?? 0n,
      symbolize: () => null,
    },
    objects: { taskAt: lo => (lo === 0 ? null : { tid: lo, tgid: lo }) },
  })
  const out = bench.place(new Uint8Array(32).fill(255))
  const words = (): string[] => [...new BigUint64Array(bench.bytes(out, 32).buffer)].map(n => n.toString(16))
  t.equal(bench.call('get_task_stack', 21, out, 32, 0), 24n)
  t.same(words(), ['ffffffff8100001a', 'ffffffffc0000005', 'ffff', '0'])
  t.equal(
    bench.call('seq_printf', 0, '%pB %pS %ps', 12, bench.words(0xffff_ffff_8100_001an, 0xffff_ffff_c000_0005n, 0xffffn), 24),
    0n,
  )
  t.equal(bench.printed, 'do_wait+0x1a/0x60 nf_hook+0x5/0x30 [nf_tables] 0xffff')
  t.equal(bench.call('get_task_stack', 21, out, 16, 1), 16n)
  t.same(words().slice(0, 2), ['ffffffffc0000005', 'ffff'])
  t.equal(bench.call('get_task_stack', 22, out, 32, 0), 0n)
  t.equal(bench.call('get_task_stack', 23, out, 32, 0), neg(EFAULT))
  t.same(words(), ['0', '0', '0', '0'])
  t.equal(bench.call('get_task_stack', 0, out, 32, 0), neg(EFAULT))
  t.equal(bench.call('get_task_stack', 21, out, 30, 0), neg(EINVAL))
  t.equal(bench.call('get_task_stack', 21, out, 32, 200), neg(EFAULT))
  t.equal(bench.call('get_task_stack', 21, out, 32, 1 << 8), neg(EOPNOTSUPP))
  t.equal(bench.call('get_task_stack', 21, out, 32, 1 << 11), neg(EINVAL))
  t.equal(bench.call('get_task_stack', 21, out, 32, 1 << 9), neg(EINVAL))
  t.equal(bench.call('get_task_stack', 21, out, 0, 0), 0n)
})

t.test('objects printed by their BTF', async t => {
  const bench = new Bench({ printTyped: (type, lo, _hi, flags) => (type === 9 ? -ENOENT : `(t${type} at ${lo}, ${flags})`) })
  const ptr = (type: number): Uint8Array => Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0, type, 0, 0, 0, 255, 255, 255, 255)
  t.equal(bench.call('seq_printf_btf', 0, ptr(3), 16, 5), 0n)
  t.equal(bench.printed, '(t3 at 5, 5)')
  t.equal(bench.call('seq_printf_btf', 0, ptr(3), 15, 0), neg(EINVAL))
  t.equal(bench.call('seq_printf_btf', 0, ptr(3), 16, 16), neg(EINVAL))
  t.equal(bench.call('seq_printf_btf', 0, ptr(0), 16, 0), neg(EINVAL))
  t.equal(bench.call('seq_printf_btf', 0, ptr(9), 16, 0), neg(ENOENT))
  t.equal(bench.call('seq_printf_btf', 0, new Uint8Array(16).fill(255), 16, 0), neg(ENOENT), 'ids are unsigned')
  const out = bench.place(new Uint8Array(16).fill(255))
  t.equal(bench.call('snprintf_btf', out, 8, ptr(3), 16, 5), 12n)
  t.equal(ascii(bench.bytes(out, 9)), '(t3 at \0\xff')
  t.equal(bench.call('snprintf_btf', out, 16, ptr(3), 16, 5), 12n)
  t.equal(bench.text(out, 16), '(t3 at 5, 5)')
})

t.test('whatever the registers hold: a number or a typed error', async () => {
  const bench: Bench = new Bench({
    machine: {
      ...machine,
      symbolize: () => null,
      readUser: () => null,
      stack: () => null,
      symbolAddress: () => 0n,
      tidInNamespaceOf: () => 0,
    },
    objects: {
      ...{ taskAt: () => null, pathAt: () => null, structAt: () => null, storageKey: () => null, socketCookie: () => 0n },
      ...{ retTask: () => {}, retCgroup: () => {}, retRelated: () => {}, retPerCpu: () => {}, retVma: () => {} },
      ...{
        taskInCgroup: () => false,
        keep: () => {},
        taskIds: () => [],
        cgroupTasks: () => null,
        cgroupIds: () => null,
        vmaStarts: () => null,
      },
    },
    printTyped: () => '',
    kernel: new Map([[OBJECT, new Uint8Array(64).fill(65)]]),
  })
  // Not a hash: its chains lie in the memory that a program without a verifier may overwrite.
  const [, array] = mapIn(bench, ARRAY)
  const [, ring] = mapIn(bench, RINGBUF, { keySize: 0, valueSize: 0, maxEntries: 4096 })
  const place = bench.place(new Uint8Array(64).fill(37))
  const offered = (Object.keys(HELPERS) as HelperName[]).filter(name => !('missing' in HELPERS[name]) && name !== 'tail_call')
  const codeOf = (name: string): HelperCode =>
    Object.hasOwn(KFUNCS, name) ? bench.helpers.kfunc(name) : bench.helpers.helper(HELPERS[name as HelperName].id)
  const register = fc.oneof(
    fc.constantFrom(0n, 1n, 8n, 16n, -1n, OBJECT, OBJECT + 60n, array, ring, place, place + 63n, bench.space.toAddress(0)),
    fc.constantFrom(bench.space.toAddress(bench.space.u8.length - 4), 0xffff_c900_ffff_fff0n, 0x7fff_ffff_0000n, 1n << 31n),
    fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
    fc.bigInt({ min: 0n, max: 70n }),
  )
  fc.assert(
    fc.property(
      fc.constantFrom(...offered, ...Object.keys(KFUNCS)),
      fc.array(register, { minLength: 5, maxLength: 5 }),
      (name, registers) => {
        bench.seq.count = 0
        try {
          return typeof bench.run(codeOf(name), registers) === 'bigint'
        } catch (err) {
          if (!(err instanceof ErrnoError)) throw err
          return true
        }
      },
    ),
    { numRuns: 20_000 },
  )
})
