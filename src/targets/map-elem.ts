// The target bpf_map_elem: the elements of one map of iterfs (kernel/bpf/map_iter.c).
import type { IterReg } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import type { BpfMap, MapWalk } from '../maps/map.ts'
import type { CtxArgs, SeqOperations } from '../seq/seq-operations.ts'
import { mapSource, type ObjectHooks } from './objects.ts'
import { ElementRef, ofMap, openMap } from './of-map.ts'

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

const isElements = (map: BpfMap): boolean => {
  const walk = map.elements()
  walk?.close()
  return walk !== null
}

export const mapElemTarget = (hooks: ObjectHooks): IterReg => ({
  target: 'bpf_map_elem',
  ctx_arg_info: [
    { name: 'map', type: 'struct bpf_map *', trusted: true },
    { name: 'key', type: 'void *', orNull: true, buf: 'rdonly' },
    { name: 'value', type: 'void *', orNull: true, buf: 'rdwr' },
  ],
  feature: 0,
  ...ofMap('bpf_map_elem', 'a hash or array', isElements, hooks),
  seq_info: {
    open(aux) {
      const map = openMap(hooks, aux)
      return new MapElemOps(map, map.elements()!) as SeqOperations
    },
  },
})
