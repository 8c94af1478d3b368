// Helpers of maps, loops, ring buffers, dynptrs and local storage, over a made-up environment.
import t from 'tap'
import { RingbufMap } from '../../../src/maps/ringbuf.ts'
import { E2BIG, EINVAL, ENOENT } from '../../../src/util/errno.ts'
import { Bench } from '../../support/helper-env.ts'
import {
  ARRAY,
  ascii,
  HASH,
  INTS,
  int,
  mapIn,
  neg,
  OBJECT,
  PERCPU_ARRAY,
  QUEUE,
  RINGBUF,
  TASK_STORAGE,
  word,
} from '../../support/helper-values.ts'

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
