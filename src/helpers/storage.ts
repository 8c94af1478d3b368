// Helpers on ring buffers and on local storage of sockets, tasks and cgroups (kernel/bpf/ringbuf.c, kernel/bpf/bpf_local_storage.c).

import type { BpfMap } from '../maps/map.ts'
import { commitRecord, RingbufMap } from '../maps/ringbuf.ts'
import { BPF_LOCAL_STORAGE_GET_F_CREATE, StorageMap } from '../maps/storage.ts'
import { E2BIG, EINVAL, ErrnoError } from '../util/errno.ts'
import type { HelperContext, Helpers } from './context.ts'
import { dynptrAt, setDynptr, tooLarge } from './dynptr.ts'

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
/** Length word of a record that is still being written: struct bpf_ringbuf_hdr, in front of it. */
const [BUSY, HEAD_SIZE] = [0x8000_0000, 8]

const wrongMap = (map: BpfMap, wanted: string): never => {
  throw new ErrnoError(EINVAL, `a helper wants ${wanted}, map ${map.attr.name} is of type ${map.attr.type}`)
}

export function storageHelpers(c: HelperContext): Pick<Helpers, Names> {
  const { space, env } = c

  const ring = (): RingbufMap => {
    const map = c.map(1)
    return map instanceof RingbufMap ? map : wrongMap(map, 'a ring buffer')
  }
  const storage = (): StorageMap => {
    const map = c.map(1)
    return map instanceof StorageMap ? map : wrongMap(map, 'a map of local storage')
  }
  /** bpf_ringbuf_submit() and bpf_ringbuf_discard() of the record at offset `record`. A place that is no open record is left alone. */
  const commit = (record: number, discard: boolean): number => {
    if (record >= HEAD_SIZE && space.view.getUint32(record - HEAD_SIZE, true) >= BUSY) commitRecord(space, record, discard)
    return 0
  }
  const commitDynptr = (discard: boolean): number => {
    const { at, data } = dynptrAt(c, 1)
    if (data === 0) return 0
    setDynptr(c, at, 0, 0, 'ringbuf')
    return commit(data, discard)
  }

  /** bpf_*_storage_get(): the owner is in r2. */
  const get = (): number => {
    const map = storage()
    const flags = c.u64(4)
    if (flags !== 0 && flags !== BPF_LOCAL_STORAGE_GET_F_CREATE) return 0
    const owner = c.isNull(2) ? null : env.objects.storageKey(c.lo(2), c.hi(2))
    if (owner === null) return 0
    return map.storageGet(owner, flags, c.isNull(3) ? 0 : c.input(3, map.attr.valueSize))
  }
  const remove = (): number => {
    const map = storage()
    const owner = c.isNull(2) ? null : env.objects.storageKey(c.lo(2), c.hi(2))
    return owner === null ? -EINVAL : map.storageDelete(owner)
  }

  return {
    ringbuf_output() {
      const size = c.u32(3)
      return ring().output(c.input(2, size), size, c.u64(4))
    },
    ringbuf_reserve: () => ring().reserve(c.u64(2), c.u64(3)),
    ringbuf_submit: () => commit(c.output(1, 1), false),
    ringbuf_discard: () => commit(c.output(1, 1), true),
    ringbuf_query: () => c.ret(BigInt(ring().query(c.u64(2)))),
    ringbuf_reserve_dynptr() {
      const size = c.u32(2)
      const map = ring()
      const at = c.output(4, DYNPTR_SIZE)
      setDynptr(c, at, 0, 0, 'ringbuf')
      if (!c.isNull(3)) return -EINVAL
      if (tooLarge(size)) return -E2BIG
      const record = map.reserve(size, 0)
      setDynptr(c, at, record, size, 'ringbuf')
      return record === 0 ? -EINVAL : 0
    },
    ringbuf_submit_dynptr: () => commitDynptr(false),
    ringbuf_discard_dynptr: () => commitDynptr(true),
    sk_storage_get: get,
    sk_storage_delete: remove,
    task_storage_get: get,
    task_storage_delete: remove,
    cgrp_storage_get: get,
    cgrp_storage_delete: remove,
  }
}
