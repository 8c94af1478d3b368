import t from 'tap'
import { struct } from '../../../src/util/struct.ts'
import { hex, toHex } from '../../support/hex.ts'

const sample = struct('sample', 32, { a: 'u8', b: 'u8', c: 'u16', d: 'i32', e: 'u64', f: 'i64', g: 'u32', h: 'u32' })
const bytes = hex`
  01 02 0304 feffffff      // a, b, c = 0x0403, d = -2
  0700000001000000         // e = 2^32 + 7
  fdffffffffffffff         // f = -3
  ffffffff 00000000        // g, h`
const values = { a: 1, b: 2, c: 0x0403, d: -2, e: 2 ** 32 + 7, f: -3, g: 0xffffffff, h: 0 }

t.same(sample.decode(bytes), values, 'decode')
t.equal(toHex(sample.encode(values)), toHex(bytes), 'encode')
t.same(sample.decode(Uint8Array.from([9, ...bytes]), 1), values, 'decode at an offset')
t.same(sample.decode(sample.encode({ d: 5 })), { a: 0, b: 0, c: 0, d: 5, e: 0, f: 0, g: 0, h: 0 }, 'fields left out are 0')
t.throws(() => sample.decode(bytes.subarray(1)), { name: 'RangeError', message: 'struct sample: want 32 bytes, got 31' })
t.throws(() => struct('s', 8, { a: 'u32' }), { message: 'struct s: want 8 bytes, the fields fill 4' })
t.throws(() => struct('s', 8, { a: 'u16', b: 'u32', c: 'u16' }), { message: 'struct s: b at 2 is not aligned to 4' })
