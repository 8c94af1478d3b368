// The target sockmap: the slots of a SOCKMAP, empty ones too, or of a SOCKHASH (net/core/sock_map.c).
import type { IterReg } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import { isSocketMap, type SocketMap, type SocketWalk } from '../maps/sockets.ts'
import type { CtxArgs, SeqOperations } from '../seq/seq-operations.ts'
import type { HeldSockets } from '../sources/held-sockets.ts'
import { ObjectGone } from '../util/object-gone.ts'
import { mapSource, type ObjectHooks } from './objects.ts'
import { ElementRef, ofMap, openMap } from './of-map.ts'

class SockmapOps implements SeqOperations<SocketWalk> {
  readonly #walk: SocketWalk
  readonly #sockets: HeldSockets
  readonly #key: ElementRef
  readonly #end: CtxArgs

  constructor(map: SocketMap, sockets: HeldSockets) {
    this.#walk = map.sockets()
    this.#sockets = sockets
    this.#key = new ElementRef(map, map.attr.keySize)
    this.#end = { map: view('bpf_map', mapSource(map)), key: null, sk: null }
  }
  start(): SocketWalk | null {
    this.#sockets.refresh()
    return this.#walk.current() ? this.#walk : null
  }
  next(): SocketWalk | null {
    return this.#walk.advance() ? this.#walk : null
  }
  ctx(walk: SocketWalk | null): CtxArgs {
    if (!walk) return this.#end
    this.#key.offset = walk.key
    const source = walk.socket === null ? null : this.#sockets.find(walk.socket)
    if (!source && !walk.showsEmpty) throw new ObjectGone(String(walk.socket))
    return { ...this.#end, key: this.#key, sk: view('sock', source) }
  }
  stop(): void {}
  close(): void {
    this.#walk.close()
  }
}

export const sockmapTarget = (hooks: ObjectHooks): IterReg => ({
  target: 'sockmap',
  ctx_arg_info: [
    { name: 'map', type: 'struct bpf_map *', trusted: true },
    { name: 'key', type: 'void *', orNull: true, buf: 'rdonly' },
    { name: 'sk', type: 'struct sock *', orNull: true },
  ],
  feature: 0,
  ...ofMap('sockmap', 'a sockmap or sockhash', isSocketMap, hooks),
  seq_info: {
    open: aux => new SockmapOps(openMap(hooks, aux) as SocketMap, hooks.sockets!(aux.map!.id)!) as SeqOperations,
  },
})
