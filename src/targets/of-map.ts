// What the targets that iterate one map have in common: bpf_map_elem, sockmap and bpf_sk_storage_map.
import type { IterAux, IterLinkInfo, LinkInfo } from '../iter/link.ts'
import type { IterReg } from '../iter/reg.ts'
import type { BpfMap } from '../maps/map.ts'
import { EBADF, EINVAL, ENOENT, ErrnoError, strerror } from '../util/errno.ts'
import type { MemRef } from '../util/mem-ref.ts'
import type { ObjectHooks } from './objects.ts'

/** Bytes that lie in the map's address space now; looked up again at each use, since the memory may have grown. */
export class ElementRef implements MemRef {
  offset = 0
  readonly #map: BpfMap
  readonly #size: number
  constructor(map: BpfMap, size: number) {
    this.#map = map
    this.#size = size
  }
  get bytes(): Uint8Array {
    return this.#map.space.u8.subarray(this.offset, this.offset + this.#size)
  }
}

/**
 * The parameter `map` (bpf_iter_attach_map and its kin); `map_fd` is a map's id, since descriptors mean nothing here.
 * @param wanted the maps that `fits` says are right, for the message
 */
export const ofMap = (
  target: string,
  wanted: string,
  fits: (map: BpfMap) => boolean,
  { map: find }: ObjectHooks,
): Required<Pick<IterReg, 'parameters' | 'attach_target' | 'show_fdinfo' | 'fill_link_info'>> => ({
  parameters: 'map',
  attach_target(info: IterLinkInfo | undefined): IterAux {
    const id = info?.map?.map_fd ?? 0
    const map = id === 0 ? undefined : find?.(id)
    if (!map) throw new ErrnoError(EBADF, `${target}: want a map, got ${id === 0 ? 'none' : `id ${id}`}: ${strerror(EBADF)}`)
    if (!fits(map)) throw new ErrnoError(EINVAL, `${target}: want ${wanted}, got map ${id} of type ${map.attr.type}`)
    return { map: { id } }
  },
  show_fdinfo: aux => `map_id:\t${aux.map!.id}\n`,
  fill_link_info: (aux, info: LinkInfo) => {
    info.map = { map_id: aux.map!.id }
  },
})

/** The map at open(). @throws ErrnoError ENOENT when it is gone */
export function openMap(hooks: ObjectHooks, aux: IterAux): BpfMap {
  const map = hooks.map?.(aux.map!.id)
  if (!map) throw new ErrnoError(ENOENT, `map ${aux.map!.id} is gone`)
  return map
}
