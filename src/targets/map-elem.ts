// The target bpf_map_elem: the elements of one map of iterfs (kernel/bpf/map_iter.c).
import type { IterLinkInfo } from '../iter/link.ts'
import type { IterReg } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import type { BpfMap, MapWalk } from '../maps/map.ts'
import type { CtxArgs, SeqOperations } from '../seq/seq-operations.ts'
import { EBADF, EINVAL, ENOENT, ErrnoError } from '../util/errno.ts'
import type { MemRef } from '../util/mem-ref.ts'
import { mapSource, type ObjectHooks } from './objects.ts'

/** Bytes that lie in the map's address space now; looked up again at each use, since the memory may have grown. */
class ElementRef implements MemRef {
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

class MapElemOps implements SeqOperations<MapWalk> {
  readonly #walk: MapWalk
  readonly #element: CtxArgs & { readonly key: ElementRef; readonly value: ElementRef }
  readonly #end: CtxArgs

  constructor(map: BpfMap, walk: MapWalk) {
    this.#walk = walk
    const shown = view('bpf_map', mapSource(map))
    this.#element = { map: shown, key: new ElementRef(map, map.attr.keySize), value: new ElementRef(map, map.userValueSize) }
    this.#end = { map: shown, key: null, value: null }
  }
  start(): MapWalk | null {
    return this.#walk.current() ? this.#walk : null
  }
  next(): MapWalk | null {
    return this.#walk.advance() ? this.#walk : null
  }
  ctx(walk: MapWalk | null): CtxArgs {
    if (!walk) return this.#end
    this.#element.key.offset = walk.key
    this.#element.value.offset = walk.value
    return this.#element
  }
  stop(): void {}
  close(): void {
    this.#walk.close()
  }
}

/** bpf_iter_attach_map; `map_fd` is a map's id, since descriptors mean nothing here. */
function attachMap(info: IterLinkInfo | undefined, { map: find }: ObjectHooks): { map: { id: number } } {
  const id = info?.map?.map_fd ?? 0
  const map = id === 0 ? undefined : find?.(id)
  if (!map) throw new ErrnoError(EBADF, `bpf_map_elem: want a map, got ${id === 0 ? 'none' : `id ${id}`}: Bad file descriptor`)
  const walk = map.elements()
  if (!walk) throw new ErrnoError(EINVAL, `bpf_map_elem: want a hash or array, got map ${id} of type ${map.attr.type}`)
  walk.close()
  return { map: { id } }
}

export const mapElemTarget = (hooks: ObjectHooks): IterReg => ({
  target: 'bpf_map_elem',
  ctx_arg_info: [
    { name: 'map', type: 'struct bpf_map *', trusted: true },
    { name: 'key', type: 'void *', orNull: true, buf: 'rdonly' },
    { name: 'value', type: 'void *', orNull: true, buf: 'rdwr' },
  ],
  feature: 0,
  attach_target: info => attachMap(info, hooks),
  show_fdinfo: aux => `map_id:\t${aux.map!.id}\n`,
  fill_link_info: (aux, info) => {
    info.map = { map_id: aux.map!.id }
  },
  seq_info: {
    open(aux) {
      const map = hooks.map?.(aux.map!.id)
      const walk = map?.elements()
      if (!map || !walk) throw new ErrnoError(ENOENT, `map ${aux.map!.id} is gone`)
      return new MapElemOps(map, walk) as SeqOperations
    },
  },
})
