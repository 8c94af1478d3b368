// What engines ask of their host: helpers, translation, fuel, frames, callbacks, tail calls. Each on both engines.
import t from 'tap'
import { EFAULT, ErrnoError } from '../../../src/util/errno.ts'
import { FUEL_SLICE, FUNC_HI } from '../../../src/vm/engine.ts'
import { LAYOUT, MEM_BASE, MEM_BASE_HI, TLB_ENTRY } from '../../../src/vm/memory.ts'
import { assemble } from '../../support/assemble.ts'
import { compileBytes, ENGINES, runBytes, TestHost } from '../../support/vm.ts'

const errnoIn = (run: () => unknown): number | string => {
  try {
    run()
    return 'nothing was thrown'
  } catch (err) {
    return err instanceof ErrnoError ? err.errno : String(err)
  }
}

const messageIn = (run: () => unknown): string => {
  try {
    run()
    return 'nothing was thrown'
  } catch (err) {
    return (err as Error).message
  }
}

/** A host with little fuel, and no more behind it. */
function starving(): TestHost {
  const host = new TestHost()
  host.maxSlices = 0
  host.space.view.setInt32(LAYOUT.FUEL, 500, true)
  return host
}

for (const [engine, compile] of ENGINES) {
  const r0Of = (code: string, host = new TestHost()): bigint => runBytes(compile, assemble(code), undefined, host).r0

  t.test(`helpers, ${engine}`, t => {
    const host = new TestHost()
    const seen: bigint[] = []
    host.add(1, 5, 'int', () => {
      for (let i = 0; i < 5; i++) seen.push(host.arg(i))
      return -7
    })
    t.equal(r0Of('r1 = -1; r2 = 2; r3 = 3; r4 = r10; r4 -= 8; r5 = 5; call #1; exit', host), BigInt.asUintN(64, -7n), 'int')
    t.same(seen, [0xffff_ffff_ffff_ffffn, 2n, 3n, MEM_BASE + BigInt(LAYOUT.STACK + 504), 5n], 'arguments')
    host.add(2, 0, 'int', () => 2 ** 53 - 1)
    t.equal(r0Of('call #2; exit', host), 0x1f_ffff_ffff_ffffn, 'a large int')
    host.add(3, 0, 'mem', () => 0)
    t.equal(r0Of('call #3; exit', host), 0n, 'mem NULL')
    host.add(4, 0, 'mem', () => 0x9000_0000)
    t.equal(r0Of('call #4; exit', host), 0xffff_c900_9000_0000n, 'mem above 2 GiB')
    host.add(5, 0, 'u64', () => host.ret(0xfedc_ba98_7654_3210n))
    t.equal(r0Of('call #5; exit', host), 0xfedc_ba98_7654_3210n, 'u64')
    host.add(6, 0, 'void', () => 99)
    t.equal(r0Of('r0 = 5; call #6; exit', host), 0n, 'void')
    t.equal(r0Of('r6 = 6; r1 = 1; call #6; r0 = r6; r0 += r1; exit', host), 7n, 'registers stay')
    t.match(
      messageIn(() => r0Of('call #77; exit', host)),
      /no helper 77/,
      'unknown',
    )
    t.equal(r0Of('r0 = 1; exit; call #77; exit', host), 1n, 'unknown, but never reached')
    host.add(7, 0, 'int', () => {
      throw new ErrnoError(71)
    })
    t.equal(
      errnoIn(() => r0Of('call #7; exit', host)),
      71,
      'what a helper throws',
    )
    t.end()
  })

  t.test(`kfuncs, ${engine}`, t => {
    const host = new TestHost()
    const kfuncs = [
      { name: 'a', argCount: 1, ret: 'int' as const, run: () => Number(host.arg(0)) * 2 },
      { name: 'b', argCount: 2, ret: 'int' as const, run: () => Number(host.arg(0) - host.arg(1)) },
    ]
    const exec = compileBytes(compile, assemble('r1 = 9; r2 = 4; call kfunc#1; r1 = r0; call kfunc#0; exit'), host, kfuncs)
    t.equal(exec.run(0, 0), 10)
    t.end()
  })

  t.test(`results and arguments of a run, ${engine}`, t => {
    const host = new TestHost()
    const exec = compileBytes(compile, assemble('r0 = r1; exit'), host)
    t.equal(exec.run(-5, -1), -5, 'the low half is signed')
    t.equal(host.r0, 0xffff_ffff_ffff_fffbn)
    t.equal(exec.run(5, MEM_BASE_HI), 5)
    t.equal(host.r0, MEM_BASE + 5n)
    t.end()
  })

  t.test(`loads outside the window, ${engine}`, t => {
    const host = new TestHost()
    const at = host.space.alloc(4096)
    host.space.view.setBigUint64(at + 8, 0x8182_8384_8586_8788n, true)
    const asked: string[] = []
    host.translate = (lo, hi, size) => {
      asked.push(`${(hi >>> 0).toString(16)}:${(lo >>> 0).toString(16)}+${size}`)
      return hi >>> 0 === 0xffff_8880 ? at + (lo & 4095) : LAYOUT.ZERO
    }
    const load = (type: string, off: number, base = '0xffff888012345000') =>
      r0Of(`r1 = ${base} ll; r0 = *(${type} *)(r1 ${off < 0 ? off : `+${off}`}); exit`, host)
    t.equal(load('u64', 8), 0x8182_8384_8586_8788n)
    t.equal(load('u32', 8), 0x8586_8788n)
    t.equal(load('s32', 12), 0xffff_ffff_8182_8384n)
    t.equal(load('u16', 10), 0x8586n)
    t.equal(load('s16', 8), 0xffff_ffff_ffff_8788n)
    t.equal(load('u8', 15), 0x81n)
    t.equal(load('s8', 15), 0xffff_ffff_ffff_ff81n)
    t.equal(load('u64', 8, '0'), 0n, 'null')
    t.equal(load('u64', -8, '0'), 0n, 'below null')
    t.same(asked.slice(-2), ['0:8+8', 'ffffffff:fffffff8+8'])
    host.translate = () => {
      throw new ErrnoError(5)
    }
    t.equal(
      errnoIn(() => load('u64', 8)),
      5,
      'what a source throws',
    )
    t.end()
  })

  t.test(`stores outside the window, ${engine}`, t => {
    for (const [what, code] of [
      ['null', 'r1 = 0; *(u64 *)(r1 +0) = 1; exit'],
      ['an object of the kernel', 'r1 = 0xffff888000000000 ll; r2 = 1; *(u8 *)(r1 +5) = r2; exit'],
      ['the zero page', 'r1 = 0xffffc90000000000 ll; *(u64 *)(r1 +64) = 1; exit'],
      ['what the engine keeps', `r1 = ${MEM_BASE + BigInt(LAYOUT.SP)} ll; *(u32 *)(r1 +0) = 1; exit`],
      ['below the stack', `r1 = ${MEM_BASE + BigInt(LAYOUT.STACK)} ll; *(u8 *)(r1 -1) = 1; exit`],
      [
        'below the stack, behind a store that may',
        `r1 = ${MEM_BASE + BigInt(LAYOUT.STACK)} ll; *(u8 *)(r1 +0) = 1; *(u8 *)(r1 -1) = 1; exit`,
      ],
      [
        'below the stack, in a loop',
        `r1 = ${MEM_BASE + BigInt(LAYOUT.STACK + 8)} ll; r3 = 3; a:; *(u64 *)(r1 +0) = 1; r1 -= 8; r3 -= 1; if r3 != 0 goto a; exit`,
      ],
      ['an atomic', 'r1 = 8; r2 = 1; lock *(u64 *)(r1 +0) += r2; exit'],
      ['below the window', 'r1 = 0xffffc90000000000 ll; *(u64 *)(r1 -8) = 1; exit'],
    ] as const) {
      const host = new TestHost()
      // A register that nothing is known of, so that checks are made when it runs.
      for (const hide of ['', 'r4 = r1; r1 = r4; r1 ^= r2; r1 ^= r2; ']) {
        const hidden = code.replace('; ', `; ${hide}`)
        const text = messageIn(() => r0Of(hidden, host))
        t.match(text, /program test: insn \d+: store to 0x[0-9a-f]+/, `${what}: ${hidden}`)
        t.equal(
          errnoIn(() => r0Of(hidden, host)),
          EFAULT,
          what,
        )
      }
      t.equal(
        host.space.u8.subarray(0, 4096).every(byte => byte === 0),
        true,
        'the zero page stays zero',
      )
    }
    t.match(
      messageIn(() => r0Of('r1 = 0xffff888000000ff0 ll; r0 = 1; *(u64 *)(r1 +16) = r0; exit')),
      /insn 3: store to 0xffff888000001000/,
    )
    t.end()
  })

  t.test(`accesses beyond the memory, ${engine}`, t => {
    for (const code of [
      'r1 = 0xffffc900fffffff8 ll; r0 = *(u64 *)(r1 +0); exit',
      'r1 = 0xffffc900fffffff8 ll; r0 = *(u64 *)(r1 +16); exit',
      'r1 = 0xffffc900fffffff8 ll; *(u64 *)(r1 +16) = 1; exit',
      'r1 = 0xffffc90080000000 ll; *(u64 *)(r1 -16) = 1; exit',
    ]) {
      t.equal(
        errnoIn(() => r0Of(code)),
        EFAULT,
        code,
      )
      t.match(
        messageIn(() => r0Of(code)),
        /program test: insn 2: access beyond/,
        code,
      )
    }
    t.end()
  })

  t.test(`the memory grows while a helper runs, ${engine}`, t => {
    const host = new TestHost()
    host.add(1, 0, 'mem', () => {
      const at = host.space.alloc(4 << 20)
      host.space.view.setUint32(at + (4 << 20) - 4, 0x1234_5678, true)
      return at
    })
    t.equal(
      r0Of(
        '*(u64 *)(r10 -8) = 3; call #1; r0 += 0x3ffffc; r1 = *(u32 *)(r0 +0); *(u32 *)(r0 +0) = 5; r0 = *(u64 *)(r10 -8); r0 += r1; exit',
        host,
      ),
      0x1234_567bn,
    )
    t.end()
  })

  t.test(`fuel, ${engine}`, t => {
    const endless = [
      'a:; goto a',
      'a:; if r1 == 0 goto a; exit',
      'a:; call f; goto a; f:; r0 = 0; exit',
      'r2 = 1; if r1 == 0 goto b; a:; r1 = 0; b:; if r2 != 0 goto a; exit',
    ]
    for (const code of endless) {
      const host = starving()
      t.match(
        messageIn(() => r0Of(code, host)),
        /out of fuel/,
        code,
      )
      t.equal(host.slices, 1)
    }
    const doubling = Array.from({ length: 40 }, (_, i) => `f${i}:; call f${i + 1}; call f${i + 1}; exit`).join('; ')
    t.match(
      messageIn(() => r0Of(`call f0; exit; ${doubling}; f40:; r0 = 0; exit`, starving())),
      /out of fuel/,
      'calls that double',
    )
    const host = new TestHost()
    host.maxSlices = 0
    t.equal(r0Of('r1 = 1000; a:; r1 -= 1; if r1 != 0 goto a; r0 = 1; exit', host), 1n, 'a short loop takes no slice')
    t.equal(host.space.view.getInt32(LAYOUT.FUEL, true) < FUEL_SLICE, true, 'but fuel')
    const slices = new TestHost()
    slices.space.view.setInt32(LAYOUT.FUEL, 500, true)
    slices.maxSlices = 1
    t.equal(r0Of('r1 = 1000; a:; r1 -= 1; if r1 != 0 goto a; r0 = 1; exit', slices), 1n, 'a long one goes on')
    t.equal(slices.slices, 1, 'with the next slice')
    t.end()
  })

  t.test(`depth of calls, ${engine}`, t => {
    const host = new TestHost()
    const exec = compileBytes(
      compile,
      assemble('r1 = *(u64 *)(r1 +0); call f; exit; f:; r0 = 0; if r1 == 0 goto out; r1 -= 1; call f; r0 += 1; out:; exit'),
      host,
    )
    const at = host.space.alloc(8)
    host.space.view.setUint32(at, 62, true)
    t.equal(exec.run(at, MEM_BASE_HI), 62, '64 frames')
    host.space.view.setUint32(at, 63, true)
    t.equal(
      errnoIn(() => exec.run(at, MEM_BASE_HI)),
      EFAULT,
      '65 frames',
    )
    host.space.view.setUint32(at, 62, true)
    t.equal(exec.run(at, MEM_BASE_HI), 62, 'the stack is free again')
    t.end()
  })

  t.test(`callbacks, ${engine}`, t => {
    const host = new TestHost()
    // A helper like bpf_loop: r1 times the function r2 with the index and r3.
    let running = compileBytes(compile, assemble('exit'), host)
    host.add(1, 3, 'int', () => {
      const [count, fn, ctx] = [Number(host.arg(0)), host.arg(1), host.arg(2)]
      for (let i = 0; i < count; i++) {
        host.space.view.setBigUint64(LAYOUT.ARGS, BigInt(i), true)
        host.space.view.setBigUint64(LAYOUT.ARGS + 8, ctx, true)
        if (running.callback(Number(fn & 0xffff_ffffn), Number(fn >> 32n)) !== 0) return i + 1
      }
      return count
    })
    const program = (callback: string): string =>
      `*(u64 *)(r10 -8) = 0; r1 = 10; r2 = func f; r3 = r10; r3 -= 8; call #1; r6 = r0; r0 = *(u64 *)(r10 -8); r6 <<= 32; r0 |= r6; exit; f:; ${callback}`
    running = compileBytes(
      compile,
      assemble(program('*(u64 *)(r10 -8) = -1; r3 = *(u64 *)(r2 +0); r3 += r1; *(u64 *)(r2 +0) = r3; r0 = 0; exit')),
      host,
    )
    t.equal(running.run(0, 0), 45, 'frames do not overlap')
    t.equal(host.r0, (10n << 32n) | 45n)
    running = compileBytes(compile, assemble(program('r0 = 0; if r1 < 4 goto out; r0 = 1; out:; exit')), host)
    running.run(0, 0)
    t.equal(host.r0, 5n << 32n, 'the result of a callback')
    // Each callback runs the loop again, until no frame is left.
    running = compileBytes(compile, assemble('call f; exit; f:; r1 = 1; r2 = func f; call #1; exit'), host)
    t.equal(
      errnoIn(() => running.run(0, 0)),
      EFAULT,
      'callbacks in callbacks',
    )
    running = compileBytes(compile, assemble(program('r0 = 0; exit')), host)
    running.run(0, 0)
    t.equal(host.r0, 10n << 32n, 'the stack is free again')
    for (const [lo, hi] of [
      [0, FUNC_HI],
      [48, FUNC_HI],
      [20, FUNC_HI],
      [16, 0],
      [-16, FUNC_HI],
    ] as const)
      t.match(
        messageIn(() => running.callback(lo, hi)),
        /callback 0x[0-9a-f]+: no subprogram/,
        `${lo} ${hi}`,
      )
    t.end()
  })

  t.test(`bpf_loop, ${engine}`, t => {
    const host = new TestHost()
    let running = compileBytes(compile, assemble('exit'), host)
    let calls = 0
    const run = (): number => {
      calls++
      const [count, fn, ctx] = [Number(host.arg(0) & 0xffff_ffffn), host.arg(1), host.arg(2)]
      if (host.arg(3) !== 0n) return -22
      if (count > 8 << 20) return -7
      for (let i = 0; i < count; i++) {
        for (let n = 0; n < 5; n++) host.space.view.setBigUint64(LAYOUT.ARGS + n * 8, [BigInt(i), ctx][n] ?? 0n, true)
        if (running.callback(Number(fn & 0xffff_ffffn), Number(fn >> 32n)) !== 0) return i + 1
      }
      return count
    }
    host.helpers.set(181, { name: 'bpf_loop', argCount: 4, ret: 'int', run })
    const r0 = (code: string): bigint => {
      running = compileBytes(compile, assemble(code), host)
      running.run(0, 0)
      return host.r0
    }
    const loop = (count: string, callback: string, flags = 0, fn = 'r2 = func f'): string =>
      `*(u64 *)(r10 -8) = 0; r1 = ${count} ll; ${fn}; r3 = r10; r3 += -8; r4 = ${flags}; call #181; r6 = *(u64 *)(r10 -8); r6 <<= 32; r0 += r6; exit; f:; ${callback}`
    const sum =
      'r1 += r3; r1 += r4; r1 += r5; r6 = *(u64 *)(r2 +0); r6 += r1; *(u64 *)(r2 +0) = r6; *(u64 *)(r10 -8) = -1; r0 = 0; exit'
    t.equal(r0(loop('10', sum)), (45n << 32n) | 10n, 'ten times')
    t.equal(r0(loop('0', sum)), 0n, 'never')
    t.equal(r0(loop('0xffffffff00000003', sum)), (3n << 32n) | 3n, 'the count has 32 bits')
    t.equal(r0(loop('10', 'r0 = 0; if r1 != 6 goto out; r0 = 1; out:; exit')), 7n, 'until the callback says 1')
    t.equal(r0(loop('10', 'r0 = 0x100000000 ll; exit')), 10n, 'the low half of its r0')
    t.equal(calls, engine === 'wasm' ? 0 : 5, 'the helper is not called for it')
    t.equal(r0(loop('10', sum, 1)), BigInt.asUintN(64, -22n), 'flags')
    t.equal(r0(loop('8388609', sum)), BigInt.asUintN(64, -7n), 'too often')
    for (const fn of ['r2 = 0', 'r2 = func f; r2 += 16', 'r2 = func f; r2 += 1', 'r2 = func f; r2 -= 32', 'w2 = 32'])
      t.match(
        messageIn(() => r0(loop('2', sum, 0, fn))),
        /no subprogram is there/,
        fn,
      )
    const nested =
      'r6 = r2; r1 = 4; r2 = func g; r3 = r6; r4 = 0; call #181; r0 = 0; exit; g:; *(u64 *)(r10 -8) = -1; r3 = *(u64 *)(r2 +0); r3 += 1; *(u64 *)(r2 +0) = r3; r0 = 0; exit'
    t.equal(r0(loop('5', nested)), (20n << 32n) | 5n, 'a loop in a loop')
    host.maxSlices = 0
    host.space.view.setInt32(LAYOUT.FUEL, 1000, true)
    t.match(
      messageIn(() => r0(loop('8388608', 'r0 = 0; exit'))),
      /out of fuel/,
    )
    host.maxSlices = 10
    t.equal(r0(loop('2', sum)), (1n << 32n) | 2n, 'the stack is free again')
    t.end()
  })

  t.test(`a callback burns the fuel of its caller, ${engine}`, t => {
    const host = starving()
    let running = compileBytes(compile, assemble('exit'), host)
    host.add(1, 0, 'int', () => running.callback(32, FUNC_HI))
    running = compileBytes(
      compile,
      assemble('r6 = func f; a:; call #1; goto a; f:; r1 = 10; b:; r1 -= 1; if r1 != 0 goto b; r0 = 0; exit'),
      host,
    )
    t.match(
      messageIn(() => running.run(0, 0)),
      /out of fuel/,
    )
    t.end()
  })

  t.test(`tail calls, ${engine}`, t => {
    const host = new TestHost()
    const other = compileBytes(compile, assemble('*(u64 *)(r10 -8) = -1; r0 = *(u64 *)(r1 +0); r0 += 1; exit'), host)
    const at = host.space.alloc(8)
    host.space.view.setBigUint64(at, 0x1_0000_0000n, true)
    const seen: bigint[] = []
    host.tailCall = () => {
      seen.push(host.arg(0), host.arg(2))
      if (host.arg(2) !== 3n) return false
      other.run(Number(host.arg(0) & 0xffff_ffffn), Number(host.arg(0) >> 32n))
      return true
    }
    const code = (index: number): Uint8Array =>
      assemble(`*(u64 *)(r10 -8) = 5; r3 = ${index}; r6 = r1; call #12; r0 = *(u64 *)(r10 -8); exit`)
    compileBytes(compile, code(3), host).run(at, MEM_BASE_HI)
    t.equal(host.r0, 0x1_0000_0001n, 'the other program gives r0')
    compileBytes(compile, code(4), host).run(at, MEM_BASE_HI)
    t.equal(host.r0, 5n, 'it goes on when nothing is there')
    t.same(seen, [MEM_BASE + BigInt(at), 3n, MEM_BASE + BigInt(at), 4n])
    t.end()
  })
}

t.test('the TLB, wasm', t => {
  const [, compile] = ENGINES[1]!
  const host = new TestHost()
  const [bytes, shadow] = [host.space.alloc(4096), host.space.alloc(4096)]
  const page = 0xffff_8880_1234_5n
  let asked = 0
  host.translate = () => {
    asked++
    return LAYOUT.ZERO
  }
  host.space.u8.fill(0x77, bytes, bytes + 4096)
  host.space.u8.fill(0xff, shadow + 16, shadow + 4096)
  const entry = LAYOUT.TLB + Number(page & 255n) * TLB_ENTRY.SIZE
  host.space.view.setBigUint64(entry + TLB_ENTRY.PAGE, page, true)
  host.space.view.setUint32(entry + TLB_ENTRY.BYTES, bytes, true)
  host.space.view.setUint32(entry + TLB_ENTRY.SHADOW, shadow, true)
  const load = (type: string, address: bigint): bigint =>
    runBytes(compile, assemble(`r1 = ${address} ll; r0 = *(${type} *)(r1 +0); exit`), undefined, host).r0
  const base = page << 12n
  t.equal(load('u64', base + 16n), 0x7777_7777_7777_7777n, 'a page that is there')
  t.equal(load('s8', base + 4095n), 0x77n, 'its last byte')
  t.equal(asked, 0, 'needs no translation')
  t.equal(load('u64', base + 9n), 0n, 'a byte that is not there yet')
  t.equal(load('u32', base + 14n), 0n, 'two of four')
  t.equal(load('u16', base + 4095n), 0n, 'over the end of the page')
  t.equal(load('u64', base + (256n << 12n) + 16n), 0n, 'another page of the same entry')
  t.equal(load('u8', 8n), 0n, 'page 0, whose number stands for an empty entry')
  t.equal(asked, 5, 'are translated')
  t.end()
})
