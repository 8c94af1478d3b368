// The target bpf_sk_storage_map: sockets with a value in a map of SK_STORAGE, and the values (net/core/bpf_sk_storage.c).
import type { IterReg } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import { SK_STORAGE, type StorageMap, type StorageWalk } from '../maps/storage.ts'
import type { CtxArgs, SeqOperations } from '../seq/seq-operations.ts'
import type { HeldSockets } from '../sources/held-sockets.ts'
import { ObjectGone } from '../util/object-gone.ts'
import { mapSource, type ObjectHooks } from './objects.ts'
import { ElementRef, ofMap, openMap } from './of-map.ts'

class SkStorageOps implements SeqOperations<StorageWalk> {
  readonly #walk: StorageWalk
  readonly #sockets: HeldSockets
  readonly #value: ElementRef
  readonly #end: CtxArgs

  constructor(map: StorageMap, sockets: HeldSockets) {
    sockets.refresh()
    this.#walk = map.walk()
    this.#sockets = sockets
    this.#value = new ElementRef(map, map.attr.valueSize)
    this.#end = { map: view('bpf_map', mapSource(map)), sk: null, value: null }
  }
  start(): StorageWalk | null {
    this.#sockets.refresh()
    return this.#walk.current() ? this.#walk : null
  }
  next(): StorageWalk | null {
    return this.#walk.advance() ? this.#walk : null
  }
  ctx(walk: StorageWalk | null): CtxArgs {
    if (!walk) return this.#end
    this.#value.offset = walk.value
    const source = this.#sockets.find(walk.owner)
    if (!source) throw new ObjectGone(walk.owner)
    return { ...this.#end, sk: view('sock', source), value: this.#value }
  }
  stop(): void {}
  close(): void {}
}

export const skStorageTarget = (hooks: ObjectHooks): IterReg => ({
  target: 'bpf_sk_storage_map',
  ctx_arg_info: [
    { name: 'map', type: 'struct bpf_map *', trusted: true },
    { name: 'sk', type: 'struct sock *', orNull: true },
    { name: 'value', type: 'void *', orNull: true, buf: 'rdwr' },
  ],
  feature: 0,
  ...ofMap('bpf_sk_storage_map', 'a map of sk_storage', map => map.attr.type === SK_STORAGE, hooks),
  seq_info: {
    open: aux => new SkStorageOps(openMap(hooks, aux) as StorageMap, hooks.sockets!(aux.map!.id)!) as SeqOperations,
  },
})
