// Kfuncs over a made-up environment. Numbers are those that the kernel gave (6.18).
import t from 'tap'
import type { KernelObjects } from '../../../src/helpers/env.ts'
import { createMap } from '../../../src/maps/create.ts'
import { E2BIG, EFAULT, EINVAL, ENOENT, ENOMEM } from '../../../src/util/errno.ts'
import { LAYOUT } from '../../../src/vm/memory.ts'
import { Bench, type CallArg } from '../../support/helper-env.ts'

const neg = (errno: number): bigint => BigInt(-errno)
const OBJECT = 0xffff_8880_0000_0000n

const kfunc = (bench: Bench, name: string, ...args: readonly CallArg[]): bigint => bench.run(bench.helpers.kfunc(name), args)

t.test('bpf_iter_num', async t => {
  const bench = new Bench()
  const it = bench.place(new Uint8Array(8))
  const numbers = (start: number, end: number): [bigint, number[]] => {
    const errno = kfunc(bench, 'bpf_iter_num_new', it, start, end)
    const found: number[] = []
    for (
      let at = kfunc(bench, 'bpf_iter_num_next', it);
      at !== 0n && found.length < 4;
      at = kfunc(bench, 'bpf_iter_num_next', it)
    )
      found.push(new DataView(bench.bytes(at, 4).buffer).getInt32(0, true))
    kfunc(bench, 'bpf_iter_num_destroy', it)
    t.same(bench.bytes(it, 8), new Uint8Array(8))
    return [errno, found]
  }
  t.same(numbers(0, 3), [0n, [0, 1, 2]])
  t.same(numbers(3, 3), [0n, []])
  t.same(numbers(4, 3), [neg(EINVAL), []])
  t.same(numbers(-2, 2), [0n, [-2, -1, 0, 1]])
  t.same(numbers(0, 8388608), [0n, [0, 1, 2, 3]])
  t.same(numbers(0, 8388609), [neg(E2BIG), []])
  t.same(numbers(-5000000, 5000000), [neg(E2BIG), []])
  t.same(numbers(-2147483648, -2147483645), [0n, [-2147483648, -2147483647, -2147483646]])
  t.same(numbers(2147483645, 2147483647), [0n, [2147483645, 2147483646]])
})

t.test('bpf_iter_bits', async t => {
  const words = new Uint8Array(BigUint64Array.of(5n, 0n, 1n << 63n).buffer)
  const bench = new Bench({ kernel: new Map([[OBJECT, words]]) })
  const it = bench.place(new Uint8Array(16))
  const bits = (address: CallArg, count: number): [bigint, number[]] => {
    const errno = kfunc(bench, 'bpf_iter_bits_new', it, address, count)
    const found: number[] = []
    for (let at = kfunc(bench, 'bpf_iter_bits_next', it); at !== 0n; at = kfunc(bench, 'bpf_iter_bits_next', it))
      found.push(new DataView(bench.bytes(at, 4).buffer).getInt32(0, true))
    t.equal(kfunc(bench, 'bpf_iter_bits_next', it), 0n, 'the end is the end')
    kfunc(bench, 'bpf_iter_bits_destroy', it)
    return [errno, found]
  }
  t.same(bits(words, 3), [0n, [0, 2, 191]])
  t.same(bits(OBJECT, 3), [0n, [0, 2, 191]])
  t.same(bits(words, 1), [0n, [0, 2]])
  t.same(bits(words, 0), [neg(EINVAL), []])
  t.same(bits(0, 1), [neg(EINVAL), []])
  t.same(bits(words, 512), [neg(E2BIG), []])
  t.same(bits(1, 1), [neg(EFAULT), []])
  t.same(bits(-1n, 2), [neg(EFAULT), []])
})

/** Objects whose addresses are their numbers. */
function objectsOf(bench: () => Bench): Partial<KernelObjects> {
  const ret = (value: number | bigint): void => bench().space.view.setBigUint64(LAYOUT.RET, BigInt(value), true)
  return {
    taskAt: lo => (lo === 0 ? null : { tid: lo, tgid: lo < 20 ? 10 : lo }),
    retTask: tid => ret(tid === 12 ? 0 : tid),
    taskIds: which => (which === 'processes' ? [10, 20] : which === 'threads' ? [10, 11, 12, 13, 20] : [10, 11, 12, 13]),
    cgroupIds: (lo, _, order) => (lo === 1 ? { pre: [1n, 2n, 3n], post: [3n, 2n, 1n], up: [1n] }[order] : null),
    cgroupTasks: (_lo, _hi, threads) => (threads ? [10, 11, 12, 13] : [10]),
    retCgroup: id => ret(id < 100n ? id : 0n),
    vmaStarts: ({ tid }, from) => (tid === 20 ? null : [0x1000n, 0x5000n].filter(start => start + 0x1000n > from)),
    retVma: (_, start) => ret(start),
    retRelated: (_relation, lo, _hi, level) => ret(level <= 1 ? lo + level : 0),
    taskInCgroup: ({ tid }, lo) => tid === lo,
  }
}

t.test('iterators of tasks, cgroups and VMAs', async t => {
  const bench: Bench = new Bench({ objects: objectsOf(() => bench) })
  const it = bench.place(new Uint8Array(24))
  const walk = (name: string, ...args: readonly CallArg[]): [bigint, number[]] => {
    const errno = kfunc(bench, `${name}_new`, it, ...args)
    const found: number[] = []
    for (let at = kfunc(bench, `${name}_next`, it); at !== 0n; at = kfunc(bench, `${name}_next`, it)) found.push(Number(at))
    kfunc(bench, `${name}_destroy`, it)
    t.equal(kfunc(bench, `${name}_next`, it), 0n)
    return [errno, found]
  }
  t.same(walk('bpf_iter_task', 0, 0), [0n, [10, 20]])
  t.same(walk('bpf_iter_task', 0, 1), [0n, [10, 11, 13, 20]], 'a thread that ended meanwhile is passed over')
  t.same(walk('bpf_iter_task', 11, 2), [0n, [11, 13]], 'the threads from this one on')
  t.same(walk('bpf_iter_task', 0, 2), [neg(EINVAL), []])
  t.same(walk('bpf_iter_task', 11, 3), [neg(EINVAL), []])
  t.same(walk('bpf_iter_css', 1, 2), [0n, [1, 2, 3]])
  t.same(walk('bpf_iter_css', 1, 3), [0n, [3, 2, 1]])
  t.same(walk('bpf_iter_css', 1, 4), [0n, [1]])
  t.same(walk('bpf_iter_css', 1, 1), [neg(EINVAL), []])
  t.same(walk('bpf_iter_css', 9, 2), [0n, []])
  t.same(walk('bpf_iter_css_task', 1, 0), [0n, [10, 11, 13]])
  t.same(walk('bpf_iter_css_task', 1, 1), [0n, [10]])
  t.same(walk('bpf_iter_css_task', 1, 2), [neg(EINVAL), []])
  t.same(walk('bpf_iter_task_vma', 10, 0), [0n, [0x1000, 0x5000]])
  t.same(walk('bpf_iter_task_vma', 10, 0x2000), [0n, [0x5000]])
  t.same(walk('bpf_iter_task_vma', 10, -1n), [0n, []])
  t.same(walk('bpf_iter_task_vma', 20, 0), [neg(ENOENT), []])
  t.same(walk('bpf_iter_task_vma', 0, 0), [neg(ENOENT), []])
})

t.test('iterators that are left open end with the run', async t => {
  const bench: Bench = new Bench({ objects: objectsOf(() => bench) })
  const its = Array.from({ length: 1025 }, () => bench.place(new Uint8Array(24)))
  const opened = its.map(it => kfunc(bench, 'bpf_iter_task_new', it, 0, 0))
  t.equal(opened.filter(errno => errno === 0n).length, 1024)
  t.equal(opened.at(-1), neg(ENOMEM))
  t.equal(kfunc(bench, 'bpf_iter_task_next', its[0]!), 10n)
  bench.helpers.endRun()
  t.equal(kfunc(bench, 'bpf_iter_task_next', its[0]!), 0n)
  t.equal(kfunc(bench, 'bpf_iter_task_new', its[1024]!, 0, 0), 0n)
})

t.test('find_vma', async t => {
  const bench: Bench = new Bench({ objects: objectsOf(() => bench) })
  const seen: bigint[][] = []
  const see = (args: bigint[]): number => seen.push(args.slice(0, 3)) * 0
  t.equal(bench.call('find_vma', 10, 0x5008, see, 7, 0), 0n)
  t.same(seen, [[10n, 0x5000n, 7n]])
  t.equal(bench.call('find_vma', 10, 0x2000, see, 0, 0), neg(ENOENT))
  t.equal(bench.call('find_vma', 10, 0x5008, see, 0, 1), neg(EINVAL))
  t.equal(bench.call('find_vma', 20, 0x5008, see, 0, 0), neg(ENOENT))
  t.equal(bench.call('find_vma', 0, 0x5008, see, 0, 0), neg(ENOENT))
  t.equal(seen.length, 1)
})

t.test('references to tasks and cgroups', async t => {
  const bench: Bench = new Bench({
    objects: objectsOf(() => bench),
    machine: { tidInNamespaceOf: (of, id) => (of === 5 && id === 1 ? 11 : 0) },
    reader: { pid: 5, tgid: 5, uid: 0, gid: 0 },
  })
  t.equal(BigInt.asUintN(64, kfunc(bench, 'bpf_task_acquire', OBJECT)), OBJECT)
  t.equal(kfunc(bench, 'bpf_task_release', OBJECT), 0n)
  t.same(
    [10, 12, 0, -1].map(pid => kfunc(bench, 'bpf_task_from_pid', pid)),
    [10n, 0n, 0n, 0n],
  )
  t.same(
    [1, 2, 0, -1].map(pid => kfunc(bench, 'bpf_task_from_vpid', pid)),
    [11n, 0n, 0n, 0n],
  )
  t.same(
    [1, 999].map(id => kfunc(bench, 'bpf_cgroup_from_id', id)),
    [1n, 0n],
  )
  t.same(
    [0, 1, 2, -1].map(level => kfunc(bench, 'bpf_cgroup_ancestor', 7, level)),
    [7n, 8n, 0n, 0n],
  )
  t.same(
    [10, 11, 0].map(task => kfunc(bench, 'bpf_task_under_cgroup', task, 10)),
    [1n, 0n, 0n],
  )
  t.equal(kfunc(bench, 'bpf_rdonly_cast', 0x1234n, 5), 0x1234n)
  t.equal(kfunc(bench, 'bpf_res_spin_lock', 0), 0n)
  t.equal(kfunc(bench, 'bpf_get_kmem_cache', OBJECT), 0n)
})

t.test('bpf_map_sum_elem_count', async t => {
  const bench = new Bench()
  const attr = { name: 'm', keySize: 4, valueSize: 8, maxEntries: 4, flags: 0, mapExtra: 0n }
  const map = (type: number): bigint => bench.addMap(createMap({ ...attr, type }, { id: 1, space: bench.space, cpus: 2 }))
  const [hash, array] = [map(1), map(2)]
  t.equal(kfunc(bench, 'bpf_map_sum_elem_count', hash), 0n)
  for (const key of [1, 2, 3]) bench.call('map_update_elem', hash, Uint8Array.of(key, 0, 0, 0), new Uint8Array(8), 0)
  t.equal(kfunc(bench, 'bpf_map_sum_elem_count', hash), 3n)
  t.equal(kfunc(bench, 'bpf_map_sum_elem_count', array), 0n, 'arrays are not counted')
  t.equal(kfunc(bench, 'bpf_map_sum_elem_count', 0), 0n)
})

t.test('strings of user memory', async t => {
  const memory = Buffer.from(`${'x'.repeat(10)}\0`)
  const bench = new Bench({
    reader: { pid: 5, tgid: 6, uid: 0, gid: 0 },
    machine: {
      readUser(pid, address, size) {
        const off = Number(address - 0x1ff8n)
        return pid === 6 && off >= 0 && off + Math.min(size, 1) <= memory.length
          ? Buffer.concat([memory.subarray(off), Buffer.alloc(4096)]).subarray(0, size)
          : null
      },
    },
    objects: { taskAt: lo => (lo === 1 ? { tid: 6, tgid: 6 } : null) },
  })
  const out = bench.place(new Uint8Array(16).fill(255))
  const left = (): string => Buffer.from(bench.bytes(out, 16)).toString('latin1')
  t.equal(kfunc(bench, 'bpf_copy_from_user_str', out, 16, 0x1ff8, 0), 11n, 'over the end of a page')
  t.equal(left(), `${'x'.repeat(10)}\0${'\xff'.repeat(5)}`)
  t.equal(kfunc(bench, 'bpf_copy_from_user_str', out, 16, 0x1ff8, 1), 11n)
  t.equal(left(), `${'x'.repeat(10)}${'\0'.repeat(6)}`)
  t.equal(kfunc(bench, 'bpf_copy_from_user_str', out, 4, 0x1ff8, 0), 4n)
  t.equal(left(), `xxx\0${'x'.repeat(6)}${'\0'.repeat(6)}`)
  t.equal(kfunc(bench, 'bpf_copy_from_user_str', out, 4, 0x1ff8, 2), neg(EINVAL))
  t.equal(kfunc(bench, 'bpf_copy_from_user_str', out, 0, 0x1ff8, 0), 0n)
  t.equal(kfunc(bench, 'bpf_copy_from_user_str', out, 16, 0x9000, 1), neg(EFAULT))
  t.equal(left(), '\0'.repeat(16))
  t.equal(kfunc(bench, 'bpf_copy_from_user_task_str', out, 16, 0x1ff8, 1, 0), 11n)
  t.equal(kfunc(bench, 'bpf_copy_from_user_task_str', out, 16, 0x1ff8, 2, 0), neg(EFAULT))
})

t.test('bpf_stream_vprintk goes to the log', async t => {
  const bench = new Bench()
  const print = (stream: number, size: number): bigint =>
    kfunc(bench, 'bpf_stream_vprintk_impl', stream, 'n=%d', bench.words(7), size, 0)
  t.same(
    [print(1, 8), print(2, 8), print(3, 8), print(0, 8), print(1, 7), print(1, 0)],
    [0n, 0n, neg(ENOENT), neg(ENOENT), neg(EINVAL), neg(EINVAL)],
  )
  t.same(bench.traced, ['n=7', 'n=7'])
})
