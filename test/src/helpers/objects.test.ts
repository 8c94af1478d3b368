// Helpers that ask for the reader, the time and kernel objects, and all helpers with whatever registers hold.
import fc from 'fast-check'
import t from 'tap'
import { KFUNCS } from '../../../src/helpers/kfunc-protos.ts'
import { HELPERS, type HelperName } from '../../../src/helpers/protos.ts'
import { EFAULT, EINVAL, ENAMETOOLONG, ENOENT, EOPNOTSUPP, EPERM, ErrnoError } from '../../../src/util/errno.ts'
import type { HelperCode } from '../../../src/vm/engine.ts'
import { LAYOUT } from '../../../src/vm/memory.ts'
import { Bench, type Granted } from '../../support/helper-env.ts'
import { ARRAY, ascii, mapIn, neg, OBJECT, RINGBUF } from '../../support/helper-values.ts'

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
