// Helpers on ring buffers and on local storage of sockets, tasks and cgroups (kernel/bpf/ringbuf.c, kernel/bpf/bpf_local_storage.c).

import type { BpfMap } from '../maps/map.ts'
import { E2BIG, EINVAL, ErrnoError } from '../util/errno.ts'
import type { HelperContext, Helpers } from './context.ts'
import { dynptrAt, setDynptr, tooLarge } from './dynptr.ts'
import type { RingbufLike, StorageLike } from './env.ts'

type Names =
  | 'ringbuf_output'
  | 'ringbuf_reserve'
  | 'ringbuf_submit'
  | 'ringbuf_discard'
  | 'ringbuf_query'
  | 'ringbuf_reserve_dynptr'
  | 'ringbuf_submit_dynptr'
  | 'ringbuf_discard_dynptr'
  | 'sk_storage_get'
  | 'sk_storage_delete'
  | 'task_storage_get'
  | 'task_storage_delete'
  | 'cgrp_storage_get'
  | 'cgrp_storage_delete'

const DYNPTR_SIZE = 16
/** BPF_LOCAL_STORAGE_GET_F_CREATE */
const CREATE = 1
/** Length words of a record in a ring: struct bpf_ringbuf_hdr. */
const [BUSY, DISCARD, LENGTH, HEAD_SIZE] = [0x8000_0000, 0x4000_0000, 0x3fff_ffff, 8]

const wrongMap = (map: BpfMap, wanted: string): never => {
  throw new ErrnoError(EINVAL, `a helper wants ${wanted}, map ${map.attr.name} is of type ${map.attr.type}`)
}
const isRingbuf = (map: BpfMap): map is RingbufLike => 'reserve' in map
const isStorage = (map: BpfMap): map is StorageLike => 'storageGet' in map

export function storageHelpers(c: HelperContext): Pick<Helpers, Names> {
  const { space, env } = c

  const ring = (n: number): RingbufLike => {
    const map = c.map(n)
    return isRingbuf(map) ? map : wrongMap(map, 'a ring buffer')
  }
  /** bpf_ringbuf_submit() and bpf_ringbuf_discard() of the record at offset `record`. A place that is no open record is left alone. */
  const commit = (record: number, flag: number): number => {
    const head = record - HEAD_SIZE
    if (head < 0) return 0
    const word = space.view.getUint32(head, true)
    if (word >= BUSY) space.view.setUint32(head, (word & LENGTH) + flag, true)
    return 0
  }
  const commitDynptr = (flag: number): number => {
    const { at, data } = dynptrAt(c, 1)
    if (data === 0) return 0
    setDynptr(c, at, 0, 0, 'ringbuf')
    return commit(data, flag)
  }

  /** bpf_*_storage_get(): the owner is in r2. */
  const get = (): number => {
    const map = c.map(1)
    if (!isStorage(map)) return wrongMap(map, 'a map of local storage')
    const flags = c.u64(4)
    if (flags !== 0 && flags !== CREATE) return 0
    const owner = c.isNull(2) ? null : env.objects.storageKey(c.lo(2), c.hi(2))
    if (owner === null) return 0
    return map.storageGet(owner, flags, c.isNull(3) ? 0 : c.input(3, map.attr.valueSize))
  }
  const remove = (): number => {
    const map = c.map(1)
    if (!isStorage(map)) return wrongMap(map, 'a map of local storage')
    const owner = c.isNull(2) ? null : env.objects.storageKey(c.lo(2), c.hi(2))
    return owner === null ? -EINVAL : map.storageDelete(owner)
  }

  return {
    ringbuf_output() {
      const size = c.u32(3)
      return ring(1).output(c.input(2, size), size, c.u64(4))
    },
    ringbuf_reserve: () => ring(1).reserve(c.u64(2), c.u64(3)),
    ringbuf_submit: () => commit(c.output(1, 1), 0),
    ringbuf_discard: () => commit(c.output(1, 1), DISCARD),
    ringbuf_query: () => c.ret(BigInt(ring(1).query(c.u64(2)))),
    ringbuf_reserve_dynptr() {
      const size = c.u32(2)
      const map = ring(1)
      const at = c.output(4, DYNPTR_SIZE)
      setDynptr(c, at, 0, 0, 'ringbuf')
      if (!c.isNull(3)) return -EINVAL
      if (tooLarge(size)) return -E2BIG
      const record = map.reserve(size, 0)
      setDynptr(c, at, record, size, 'ringbuf')
      return record === 0 ? -EINVAL : 0
    },
    ringbuf_submit_dynptr: () => commitDynptr(0),
    ringbuf_discard_dynptr: () => commitDynptr(DISCARD),
    sk_storage_get: get,
    sk_storage_delete: remove,
    task_storage_get: get,
    task_storage_delete: remove,
    cgrp_storage_get: get,
    cgrp_storage_delete: remove,
  }
}
