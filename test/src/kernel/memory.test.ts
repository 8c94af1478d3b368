import t from 'tap'
import { kernelTypes } from '../../../src/bpf/kernel-types.ts'
import { KernelMemory } from '../../../src/kernel/memory.ts'
import { SourceSession } from '../../../src/sources/session.ts'
import { pageOf } from '../../../src/util/address.ts'
import { AddressSpace, LAYOUT, TLB_ENTRY } from '../../../src/vm/memory.ts'
import { noPlatform } from '../../support/no-platform.ts'

const PAGE_SHIFT = 12

/** The id of a link whose page lies in the slot of the TLB that is NULL's, or in another one. */
function linkId(inSlotOfNull: boolean): number {
  for (let id = 1; ; id++) if ((pageOf(`bpf_link ${id}`) % TLB_ENTRY.COUNT === 0) === inSlotOfNull) return id
}

/** What engines do with a load of one byte: the TLB, else Translate (src/jit/abi.ts). */
function load(kernel: KernelMemory, lo: number, hi: number): number {
  const { u8, view } = kernel.space
  const page = (hi >>> 0) * 2 ** (32 - PAGE_SHIFT) + (lo >>> PAGE_SHIFT)
  const entry = LAYOUT.TLB + (page % TLB_ENTRY.COUNT) * TLB_ENTRY.SIZE
  const inPage = lo & (2 ** PAGE_SHIFT - 1)
  const isThere = u8[view.getUint32(entry + TLB_ENTRY.SHADOW, true) + inPage] === 0xff
  if (Number(view.getBigUint64(entry + TLB_ENTRY.PAGE, true)) === page && isThere)
    return u8[view.getUint32(entry + TLB_ENTRY.BYTES, true) + inPage]!
  const at = kernel.translate(lo, hi, 1)
  return kernel.space.u8[at]!
}

t.test('NULL leads to nothing, whatever was looked at before', async t => {
  const kernel = new KernelMemory(new AddressSpace(), kernelTypes().leaves, new SourceSession(noPlatform, { denied: () => {} }))
  const pointer = kernel.space.alloc(8)
  const off = kernelTypes().leaves.leavesOf('bpf_link')[0]!.off
  const look = (id: number): number => {
    kernel.writeAddress(pointer, 'bpf_link', { id, prog_id: 1 })
    const { view } = kernel.space
    return load(kernel, view.getInt32(pointer, true) + off, view.getInt32(pointer + 4, true))
  }
  const [first, second] = [linkId(true), linkId(false)]
  t.equal(look(first), first & 0xff)
  t.equal(look(first), first & 0xff, 'from the TLB')
  t.equal(load(kernel, off, 0), 0)
  kernel.reset()
  t.equal(look(second), second & 0xff)
  t.equal(load(kernel, off, 0), 0, 'in the next call, whose object lies where the first one lay')
})
