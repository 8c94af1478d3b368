// Small programs with what they give: moves, byte order, memory, atomics, calls, shapes of control flow. r1 is the address of `memory`.

export interface ProgramCase {
  readonly name: string
  /** See test/support/assemble.ts. */
  readonly code: string
  /** Hex. */
  readonly memory?: string
  readonly r0: string
  /** Hex of the memory afterwards, when it changes. */
  readonly after?: string
  /** The kernel's verifier refuses it, for a reason that does not concern the instruction. */
  readonly notKernel?: true
}

const BYTES = '8081828384858687'

export const PROGRAM_CASES: readonly ProgramCase[] = [
  // Moves and immediates
  { name: 'an immediate is sign-extended', code: 'r0 = -2; exit', r0: '0xfffffffffffffffe' },
  { name: 'a 32-bit immediate is zero-extended', code: 'r0 = -1 ll; w0 = -2; exit', r0: '0xfffffffe' },
  { name: 'a 32-bit move clears the high half', code: 'r1 = 0x1234567890abcdef ll; w0 = w1; exit', r0: '0x90abcdef' },
  { name: 'w0 = w0 clears the high half', code: 'r0 = -1; w0 = w0; exit', r0: '0xffffffff' },
  { name: 'a 64-bit immediate', code: 'r0 = 0x8000000180000001 ll; exit', r0: '0x8000000180000001' },
  { name: 'movsx 8 to 64', code: 'r1 = 0x180; r0 = (s8)r1; exit', r0: '0xffffffffffffff80' },
  { name: 'movsx 16 to 64', code: 'r1 = 0x17fff; r0 = (s16)r1; exit', r0: '0x7fff' },
  { name: 'movsx 32 to 64', code: 'r1 = 0x180000000 ll; r0 = (s32)r1; exit', r0: '0xffffffff80000000' },
  { name: 'movsx 8 to 32', code: 'r1 = 0x80; w0 = (s8)w1; exit', r0: '0xffffff80' },
  { name: 'movsx 16 to 32', code: 'r1 = 0x8000; w0 = (s16)w1; exit', r0: '0xffff8000' },
  { name: 'neg', code: 'r0 = 1; r0 = -r0; exit', r0: '0xffffffffffffffff' },
  { name: 'neg of the smallest number', code: 'r0 = 0x8000000000000000 ll; r0 = -r0; exit', r0: '0x8000000000000000' },
  { name: 'neg 32', code: 'r0 = 0x500000001 ll; w0 = -w0; exit', r0: '0xffffffff' },
  { name: 'xor of a register with itself', code: 'r0 = 5; r0 ^= r0; exit', r0: '0x0' },

  // Byte order
  { name: 'le16', code: 'r0 = 0x1122334455667788 ll; r0 = le16 r0; exit', r0: '0x7788' },
  { name: 'le32', code: 'r0 = 0x1122334455667788 ll; r0 = le32 r0; exit', r0: '0x55667788' },
  { name: 'le64', code: 'r0 = 0x1122334455667788 ll; r0 = le64 r0; exit', r0: '0x1122334455667788' },
  { name: 'be16', code: 'r0 = 0x1122334455667788 ll; r0 = be16 r0; exit', r0: '0x8877' },
  { name: 'be32', code: 'r0 = 0x1122334455667788 ll; r0 = be32 r0; exit', r0: '0x88776655' },
  { name: 'be64', code: 'r0 = 0x1122334455667788 ll; r0 = be64 r0; exit', r0: '0x8877665544332211' },
  { name: 'bswap16', code: 'r0 = 0x1122334455667788 ll; r0 = bswap16 r0; exit', r0: '0x8877' },
  { name: 'bswap32', code: 'r0 = 0x1122334455667788 ll; r0 = bswap32 r0; exit', r0: '0x88776655' },
  { name: 'bswap64', code: 'r0 = 0x1122334455667788 ll; r0 = bswap64 r0; exit', r0: '0x8877665544332211' },

  // Memory
  { name: 'load of 1 byte', code: 'r0 = *(u8 *)(r1 +1); exit', memory: BYTES, r0: '0x81' },
  { name: 'load of 2 bytes', code: 'r0 = *(u16 *)(r1 +2); exit', memory: BYTES, r0: '0x8382' },
  { name: 'load of 4 bytes', code: 'r0 = *(u32 *)(r1 +4); exit', memory: BYTES, r0: '0x87868584' },
  { name: 'load of 8 bytes', code: 'r0 = *(u64 *)(r1 +0); exit', memory: BYTES, r0: '0x8786858483828180' },
  { name: 'signed load of 1 byte', code: 'r0 = *(s8 *)(r1 +1); exit', memory: BYTES, r0: '0xffffffffffffff81' },
  { name: 'signed load of 2 bytes', code: 'r0 = *(s16 *)(r1 +2); exit', memory: BYTES, r0: '0xffffffffffff8382' },
  { name: 'signed load of 4 bytes', code: 'r0 = *(s32 *)(r1 +4); exit', memory: BYTES, r0: '0xffffffff87868584' },
  { name: 'load into its own base', code: 'r1 = *(u8 *)(r1 +3); r0 = r1; exit', memory: BYTES, r0: '0x83' },
  {
    name: 'stores of an immediate',
    code: '*(u8 *)(r1 +0) = 0x1ff; *(u16 *)(r1 +2) = -2; *(u32 *)(r1 +4) = 5; r0 = 0; exit',
    memory: BYTES,
    r0: '0x0',
    after: 'ff81feff05000000',
  },
  {
    name: 'a store of 8 bytes extends the sign',
    code: '*(u64 *)(r1 +0) = -3; r0 = 0; exit',
    memory: BYTES,
    r0: '0x0',
    after: 'fdffffffffffffff',
  },
  {
    name: 'stores of a register',
    code: 'r2 = 0x1122334455667788 ll; *(u8 *)(r1 +0) = r2; *(u16 *)(r1 +2) = r2; *(u32 *)(r1 +4) = r2; r0 = 0; exit',
    memory: BYTES,
    r0: '0x0',
    after: '8881887788776655',
  },
  {
    name: 'the stack, aligned and not',
    code: 'r2 = 0x0102030405060708 ll; *(u64 *)(r10 -8) = r2; *(u64 *)(r10 -16) = 0; r0 = *(u32 *)(r10 -11); exit',
    r0: '0x8000000',
    notKernel: true,
  },
  { name: 'the first byte of the stack', code: '*(u64 *)(r10 -512) = 77; r0 = *(u64 *)(r10 -512); exit', r0: '0x4d' },
  {
    name: 'the stack through a copy of r10',
    code: 'r2 = r10; r2 += -16; *(u64 *)(r2 +8) = 9; r3 = r2; r3 += 4; r0 = *(u64 *)(r3 +4); exit',
    r0: '0x9',
  },
  {
    name: 'the stack at a variable place',
    code: '*(u64 *)(r10 -8) = 1; *(u64 *)(r10 -16) = 2; r2 = *(u8 *)(r1 +0); r2 &= 8; r3 = r10; r3 += r2; r0 = *(u64 *)(r3 -16); exit',
    memory: '0800000000000000',
    r0: '0x1',
  },
  {
    name: 'load-acquire and store-release',
    code: 'r2 = 0x99; store_release((u16 *)(r10 -8), r2); r0 = load_acquire((u16 *)(r10 -8)); exit',
    r0: '0x99',
  },

  // Memory that only our engines have
  { name: 'a load of null gives 0', code: 'r1 = 0; r0 = *(u64 *)(r1 +0); exit', r0: '0x0', notKernel: true },
  {
    name: 'a load at a wild address gives 0',
    code: 'r1 = 0xdeadbeef00000000 ll; r0 = *(u8 *)(r1 -1); exit',
    r0: '0x0',
    notKernel: true,
  },
  {
    name: 'the first page of the window reads as 0',
    code: 'r1 = 0xffffc90000000000 ll; r0 = *(u64 *)(r1 +8); exit',
    r0: '0x0',
    notKernel: true,
  },
  { name: 'registers begin as 0', code: 'r0 = r7; r0 += r5; exit', r0: '0x0', notKernel: true },

  // Atomics, 8 bytes
  {
    name: 'atomic add',
    code: '*(u64 *)(r10 -8) = -1; r2 = 3; lock *(u64 *)(r10 -8) += r2; r0 = *(u64 *)(r10 -8); exit',
    r0: '0x2',
  },
  {
    name: 'atomic or',
    code: '*(u64 *)(r10 -8) = 0x30; r2 = 3; lock *(u64 *)(r10 -8) |= r2; r0 = *(u64 *)(r10 -8); exit',
    r0: '0x33',
  },
  {
    name: 'atomic and',
    code: '*(u64 *)(r10 -8) = 0x36; r2 = 3; lock *(u64 *)(r10 -8) &= r2; r0 = *(u64 *)(r10 -8); exit',
    r0: '0x2',
  },
  {
    name: 'atomic xor',
    code: '*(u64 *)(r10 -8) = 0x36; r2 = 3; lock *(u64 *)(r10 -8) ^= r2; r0 = *(u64 *)(r10 -8); exit',
    r0: '0x35',
  },
  {
    name: 'fetch_add',
    code: '*(u64 *)(r10 -8) = -5; r2 = 3; r2 = atomic64_fetch_add((u64 *)(r10 -8), r2); r0 = *(u64 *)(r10 -8); r0 -= r2; exit',
    r0: '0x3',
  },
  {
    name: 'fetch_or',
    code: '*(u64 *)(r10 -8) = 4; r2 = 3; r2 = atomic64_fetch_or((u64 *)(r10 -8), r2); r0 = *(u64 *)(r10 -8); r0 <<= 8; r0 |= r2; exit',
    r0: '0x704',
  },
  {
    name: 'fetch_and',
    code: '*(u64 *)(r10 -8) = 6; r2 = 3; r2 = atomic64_fetch_and((u64 *)(r10 -8), r2); r0 = *(u64 *)(r10 -8); r0 <<= 8; r0 |= r2; exit',
    r0: '0x206',
  },
  {
    name: 'fetch_xor',
    code: '*(u64 *)(r10 -8) = 6; r2 = 3; r2 = atomic64_fetch_xor((u64 *)(r10 -8), r2); r0 = *(u64 *)(r10 -8); r0 <<= 8; r0 |= r2; exit',
    r0: '0x506',
  },
  {
    name: 'xchg',
    code: '*(u64 *)(r10 -8) = -6; r2 = 3; r2 = atomic64_xchg((u64 *)(r10 -8), r2); r0 = *(u64 *)(r10 -8); r0 += r2; exit',
    r0: '0xfffffffffffffffd',
  },
  {
    name: 'cmpxchg that finds what it expects',
    code: '*(u64 *)(r10 -8) = 6; r0 = 6; r2 = 3; r0 = atomic64_cmpxchg((u64 *)(r10 -8), r0, r2); r3 = *(u64 *)(r10 -8); r0 <<= 8; r0 |= r3; exit',
    r0: '0x603',
  },
  {
    name: 'cmpxchg that finds something else',
    code: '*(u64 *)(r10 -8) = 6; r0 = 7; r2 = 3; r0 = atomic64_cmpxchg((u64 *)(r10 -8), r0, r2); r3 = *(u64 *)(r10 -8); r0 <<= 8; r0 |= r3; exit',
    r0: '0x606',
  },
  // Atomics, 4 bytes: what lies beside stays, results are zero-extended
  {
    name: 'atomic add 32',
    code: '*(u64 *)(r10 -8) = -1; r2 = 0x700000003 ll; lock *(u32 *)(r10 -8) += r2; r0 = *(u64 *)(r10 -8); exit',
    r0: '0xffffffff00000002',
  },
  {
    name: 'fetch_add 32',
    code: '*(u64 *)(r10 -8) = -1; r2 = 0x700000003 ll; r2 = atomic_fetch_add((u32 *)(r10 -8), r2); r0 = r2; exit',
    r0: '0xffffffff',
  },
  {
    name: 'fetch_and 32',
    code: '*(u64 *)(r10 -8) = -1; r2 = 5; r2 = atomic_fetch_and((u32 *)(r10 -4), r2); r0 = *(u64 *)(r10 -8); exit',
    r0: '0x5ffffffff',
  },
  {
    name: 'xchg 32',
    code: '*(u64 *)(r10 -8) = -2; r2 = -1; r2 = atomic_xchg((u32 *)(r10 -8), r2); r0 = r2; exit',
    r0: '0xfffffffe',
  },
  {
    name: 'cmpxchg 32 compares the low halves',
    code: '*(u64 *)(r10 -8) = -2; r0 = 0x7fffffffe ll; r2 = 1; r0 = atomic_cmpxchg((u32 *)(r10 -8), r0, r2); r2 = *(u64 *)(r10 -8); r0 += r2; exit',
    r0: '0xffffffffffffffff',
  },
  {
    name: 'cmpxchg 32 that finds something else clears the high half',
    code: '*(u64 *)(r10 -8) = -2; r0 = -1; r2 = 1; r0 = atomic_cmpxchg((u32 *)(r10 -8), r0, r2); exit',
    r0: '0xfffffffe',
  },

  // Calls
  {
    name: 'a call passes r1 to r5 and gives r0',
    code: 'r1 = 1; r2 = 2; r3 = 3; r4 = 4; r5 = 5; call f; exit; f:; r0 = r1; r0 += r2; r0 += r3; r0 += r4; r0 += r5; exit',
    r0: '0xf',
  },
  {
    name: 'a call keeps r6 to r9',
    code: 'r6 = 6; r7 = 7; r8 = 8; r9 = 9; call f; r0 += r6; r0 += r7; r0 += r8; r0 += r9; exit; f:; r6 = 0; r7 = 0; r8 = 0; r9 = 0; r0 = 1; exit',
    r0: '0x1f',
  },
  {
    name: 'a call has a frame of its own',
    code: '*(u64 *)(r10 -8) = 5; call f; r1 = *(u64 *)(r10 -8); r0 += r1; exit; f:; *(u64 *)(r10 -8) = 7; r0 = 1; exit',
    r0: '0x6',
  },
  {
    name: 'a callee reaches the frame of its caller',
    code: 'r1 = r10; r1 += -8; call f; r0 = *(u64 *)(r10 -8); exit; f:; *(u64 *)(r1 +0) = 7; r0 = 1; exit',
    r0: '0x7',
  },
  { name: 'calls nest', code: 'r1 = 1; call f; exit; f:; r1 += 1; call g; r0 *= 10; exit; g:; r0 = r1; exit', r0: '0x14' },
  {
    name: 'recursion',
    code: 'r1 = 10; call f; exit; f:; r0 = 1; if r1 < 2 goto out; r6 = r1; r1 -= 1; call f; r0 *= r6; out:; exit',
    r0: '0x375f00',
    notKernel: true,
  },

  // Shapes
  { name: 'a loop', code: 'r0 = 0; r1 = 10; loop:; r0 += r1; r1 -= 1; if r1 != 0 goto loop; exit', r0: '0x37' },
  {
    name: 'a loop in a loop',
    code: 'r0 = 0; r1 = 5; a:; r2 = 5; b:; r0 += r1; r2 -= 1; if r2 != 0 goto b; r1 -= 1; if r1 != 0 goto a; exit',
    r0: '0x4b',
  },
  {
    name: 'two ends of one loop',
    code: 'r0 = 0; r1 = 0; a:; r1 += 1; if r1 == 3 goto a; r0 += r1; if r1 < 6 goto a; exit',
    r0: '0x12',
  },
  {
    name: 'a loop left in the middle',
    code: 'r0 = 0; a:; r0 += 1; if r0 == 7 goto out; if r0 < 100 goto a; r0 = 0; out:; exit',
    r0: '0x7',
  },
  {
    name: 'a loop with two entries',
    code: 'r0 = 0; r2 = *(u8 *)(r1 +0); r1 = 4; if r2 == 0x80 goto b; a:; r0 += 1; b:; r0 += 16; r1 -= 1; if r1 != 0 goto a; exit',
    memory: BYTES,
    r0: '0x43',
  },
  {
    name: 'a loop with two entries, entered at the other one',
    code: 'r0 = 0; r2 = *(u8 *)(r1 +0); r1 = 4; if r2 != 0x80 goto b; a:; r0 += 1; b:; r0 += 16; r1 -= 1; if r1 != 0 goto a; exit',
    memory: BYTES,
    r0: '0x44',
  },
  {
    name: 'two loops that share blocks',
    code: 'r0 = 0; r1 = 9; if r1 == 3 goto c; b:; r0 += 1; r1 -= 1; if r1 s< 1 goto out; c:; r0 += 16; if r0 s> 1000 goto out; if r1 == 5 goto c2; goto b; c2:; r1 -= 1; goto c; out:; exit',
    r0: '0x88',
  },
  {
    name: 'jumps over each other',
    code: 'r0 = 1; if r0 == 1 goto a; r0 = 50; goto b; a:; r0 += 2; if r0 == 3 goto c; b:; r0 += 100; c:; r0 += 4; exit',
    r0: '0x7',
  },
  { name: 'a jump to the next instruction', code: 'r0 = 3; if r0 == 3 goto pc+0; goto pc+0; exit', r0: '0x3' },
  { name: 'a long goto', code: 'r0 = 3; gotol out; r0 = 4; out:; exit', r0: '0x3', notKernel: true },
  {
    name: 'a pointer into the stack that a loop moves',
    code: '*(u64 *)(r10 -24) = 0; r2 = r10; r2 += -8; r1 = 3; a:; *(u64 *)(r2 +0) = r1; r2 += -8; r1 -= 1; if r1 != 0 goto a; r0 = *(u64 *)(r10 -24); r2 = *(u64 *)(r10 -8); r0 <<= 8; r0 |= r2; exit',
    r0: '0x103',
  },
  {
    name: 'a pointer into the stack that an inner loop moves',
    code: 'r0 = 0; r3 = 0; *(u64 *)(r10 -8) = 0; *(u64 *)(r10 -16) = 0; *(u64 *)(r10 -24) = 0; *(u64 *)(r10 -32) = 0; *(u64 *)(r10 -40) = 0; r2 = r10; r2 += -8; a:; r1 = 0; *(u64 *)(r2 +0) = 5; b:; r1 += 1; if r1 == 3 goto c; r2 += -8; goto b; c:; r3 += 1; if r3 != 3 goto a; r0 = *(u64 *)(r10 -8); r1 = *(u64 *)(r10 -24); r0 += r1; r1 = *(u64 *)(r10 -40); r0 += r1; exit',
    r0: '0xf',
  },
  {
    name: 'a pointer into the stack that depends on the way',
    code: '*(u64 *)(r10 -8) = 1; *(u64 *)(r10 -16) = 2; r3 = *(u8 *)(r1 +0); r2 = r10; r2 += -8; if r3 == 0x81 goto a; r2 += -8; a:; r0 = *(u64 *)(r2 +0); exit',
    memory: BYTES,
    r0: '0x2',
  },
  {
    name: 'a pointer into the stack that depends on the way, the other one',
    code: '*(u64 *)(r10 -8) = 1; *(u64 *)(r10 -16) = 2; r3 = *(u8 *)(r1 +0); r2 = r10; r2 += -8; if r3 == 0x80 goto a; r2 += -8; a:; r0 = *(u64 *)(r2 +0); exit',
    memory: BYTES,
    r0: '0x1',
  },
  {
    name: 'a pointer into the stack that an inner loop moves, from behind the outer one',
    code: 'r0 = 0; r3 = 0; *(u64 *)(r10 -8) = 0; *(u64 *)(r10 -16) = 0; *(u64 *)(r10 -24) = 0; *(u64 *)(r10 -32) = 0; *(u64 *)(r10 -40) = 0; r2 = r10; r2 += -8; a:; r1 = 0; *(u64 *)(r2 +0) = 5; b:; r1 += 1; if r1 != 3 goto d; r3 += 1; if r3 != 3 goto a; r0 = *(u64 *)(r10 -8); r1 = *(u64 *)(r10 -24); r0 += r1; r1 = *(u64 *)(r10 -40); r0 += r1; exit; d:; r2 += -8; goto b',
    r0: '0xf',
  },
  { name: 'the last instruction is a jump back', code: 'r0 = 3; goto b; a:; r0 += 1; exit; b:; r0 += 2; goto a', r0: '0x6' },
  { name: 'unreachable code', code: 'r0 = 3; exit; r0 = 4; exit', r0: '0x3', notKernel: true },
  { name: 'may_goto goes on', code: 'r0 = 0; a:; may_goto out; r0 += 1; if r0 != 9 goto a; out:; exit', r0: '0x9' },
  {
    name: 'may_goto ends a loop without end',
    code: 'r0 = 0; a:; may_goto out; r0 += 1; goto a; out:; exit',
    r0: '0x800000',
    notKernel: true,
  },
]
