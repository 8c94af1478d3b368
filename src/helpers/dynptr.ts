// Dynptrs: struct bpf_dynptr_kern of the kernel, 16 bytes in the program's stack, with a place in the window as data (kernel/bpf/helpers.c).
import { E2BIG, EINVAL } from '../util/errno.ts'
import { LAYOUT, MEM_BASE_HI } from '../vm/memory.ts'
import type { HelperContext, Helpers } from './context.ts'

type Names = 'dynptr_from_mem' | 'dynptr_read' | 'dynptr_write' | 'dynptr_data'

const [DATA, SIZE, OFFSET, DYNPTR_SIZE] = [0, 8, 12, 16]
/** DYNPTR_MAX_SIZE: the upper byte of the size word holds the type. */
const MAX_SIZE = (1 << 24) - 1
const RDONLY = 0x8000_0000
/** enum bpf_dynptr_type << DYNPTR_TYPE_SHIFT */
const [LOCAL, RINGBUF] = [1 << 28, 2 << 28]

/** A dynptr that has been read. `data` is the offset of byte 0; it and the size are 0 when it is NULL, or leads nowhere. */
export interface Dynptr {
  readonly at: number
  readonly data: number
  readonly size: number
  readonly readonly: boolean
}

/** The dynptr that r`n` points to. */
export function dynptrAt(c: HelperContext, n: number): Dynptr {
  const at = c.output(n, DYNPTR_SIZE)
  const { view } = c.space
  const [lo, hi] = [view.getUint32(at + DATA, true), view.getUint32(at + DATA + 4, true)]
  const word = view.getUint32(at + SIZE, true)
  const size = word & MAX_SIZE
  const place = view.getUint32(at + OFFSET, true)
  const data = (lo | hi) === 0 ? 0 : c.space.offsetOf(lo + place, hi, size)
  const isThere = data >= LAYOUT.STACK
  return { at, data: isThere ? data : 0, size: isThere ? size : 0, readonly: word >= RDONLY }
}

/** bpf_dynptr_init() and bpf_dynptr_set_null() (data 0). */
export function setDynptr(c: HelperContext, at: number, data: number, size: number, kind: 'local' | 'ringbuf'): void {
  const { view } = c.space
  view.setUint32(at + DATA, data, true)
  view.setUint32(at + DATA + 4, data === 0 ? 0 : MEM_BASE_HI, true)
  view.setUint32(at + SIZE, data === 0 ? 0 : size | (kind === 'local' ? LOCAL : RINGBUF), true)
  view.setUint32(at + OFFSET, 0, true)
}

/** Moves a dynptr's window on its data (bpf_dynptr_adjust). */
export function adjustDynptr(c: HelperContext, at: number, start: number, size: number): void {
  const { view } = c.space
  view.setUint32(at + OFFSET, view.getUint32(at + OFFSET, true) + start, true)
  view.setUint32(at + SIZE, (view.getUint32(at + SIZE, true) & ~MAX_SIZE) | size, true)
}

/** bpf_dynptr_check_size() */
export const tooLarge = (size: number): boolean => size > MAX_SIZE

/** Where `len` bytes from `offset` on lie; -1 when they go beyond (bpf_dynptr_check_off_len). */
export const partOf = ({ data, size }: Dynptr, offset: number, len: number): number =>
  len > size || offset > size - len ? -1 : data + offset

export function dynptrHelpers(c: HelperContext): Pick<Helpers, Names> {
  const { space } = c
  return {
    dynptr_from_mem() {
      const size = c.u32(2)
      const at = c.output(4, DYNPTR_SIZE)
      const errno = tooLarge(size) ? -E2BIG : c.isNull(3) ? 0 : -EINVAL
      setDynptr(c, at, errno === 0 ? c.output(1, size) : 0, size, 'local')
      return errno
    },
    dynptr_read() {
      const size = c.u32(2)
      const from = dynptrAt(c, 3)
      if (from.data === 0 || !c.isNull(5)) return -EINVAL
      const at = partOf(from, c.u32(4), size)
      if (at < 0) return -E2BIG
      space.u8.copyWithin(c.output(1, size), at, at + size)
      return 0
    },
    dynptr_write() {
      const to = dynptrAt(c, 1)
      const size = c.u32(4)
      if (to.data === 0 || to.readonly) return -EINVAL
      const at = partOf(to, c.u32(2), size)
      if (at < 0) return -E2BIG
      if (!c.isNull(5)) return -EINVAL
      const from = c.input(3, size)
      space.u8.copyWithin(at, from, from + size)
      return 0
    },
    dynptr_data() {
      const ptr = dynptrAt(c, 1)
      if (ptr.data === 0 || ptr.readonly) return 0
      return Math.max(0, partOf(ptr, c.u32(2), c.u32(3)))
    },
  }
}
