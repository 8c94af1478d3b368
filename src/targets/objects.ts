// The targets bpf_prog, bpf_map and bpf_link: iterfs's own objects, ascending by id.

import type { IterReg } from '../iter/reg.ts'
import type { LinkSource, MapSource, ProgSource } from '../kernel/rows/bpf.ts'
import { view } from '../kernel/view.ts'
import type { BpfMap } from '../maps/map.ts'
import type { CtxArgs, SeqOperations } from '../seq/seq-operations.ts'
import type { HeldSockets } from '../sources/held-sockets.ts'

/** iterfs's objects at one moment; plain data that crosses threads. */
export interface ObjectsView {
  readonly progs: readonly ProgSource[]
  readonly maps: readonly MapSource[]
  readonly links: readonly LinkSource[]
}

/** What the targets of BPF objects and of maps' elements ask for; absent where no BPF programs run. */
export interface ObjectHooks {
  /** The map of this engine with this id. */
  map?(id: number): BpfMap | undefined
  /** The sockets in the maps of the engine that has this map. */
  sockets?(map: number): HeldSockets | undefined
}

/** A map as struct bpf_map shows it. */
export const mapSource = ({ id, attr, frozen, elemCount }: BpfMap): MapSource => ({
  ...{ id, type: attr.type, name: attr.name, flags: attr.flags, map_extra: attr.mapExtra, frozen, elements: elemCount },
  ...{ key_size: attr.keySize, value_size: attr.valueSize, max_entries: attr.maxEntries },
})

/** Holds the objects as they were last heard of. */
export class Objects {
  now: ObjectsView = { progs: [], maps: [], links: [] }
  update(objects: ObjectsView): void {
    this.now = objects
  }
}

/** Walks by id: objects that come with a higher id are seen, those that went are not (bpf_map_seq_start and its kin). */
class IdOps<T extends { readonly id: number }> implements SeqOperations<T> {
  readonly #list: () => readonly T[]
  readonly #ctx: (object: T | null) => CtxArgs
  #id = 0

  constructor(list: () => readonly T[], ctx: (object: T | null) => CtxArgs) {
    this.#list = list
    this.#ctx = ctx
  }
  start(): T | null {
    return this.#list().find(object => object.id >= this.#id) ?? null
  }
  next(object: T): T | null {
    this.#id = object.id + 1
    return this.start()
  }
  ctx(object: T | null): CtxArgs {
    return this.#ctx(object)
  }
  stop(): void {}
  close(): void {}
}

/** The three targets over what `objects` holds. */
export const objectTargets = (objects: Objects): IterReg[] => [
  {
    target: 'bpf_prog',
    ctx_arg_info: [{ name: 'prog', type: 'struct bpf_prog *', orNull: true }],
    feature: 0,
    seq_info: {
      open: () =>
        new IdOps(
          () => objects.now.progs,
          prog => ({ prog: view('bpf_prog', prog) }),
        ) as SeqOperations,
    },
  },
  {
    target: 'bpf_map',
    ctx_arg_info: [{ name: 'map', type: 'struct bpf_map *', orNull: true, trusted: true }],
    feature: 0,
    seq_info: {
      open: () =>
        new IdOps(
          () => objects.now.maps,
          map => ({ map: view('bpf_map', map) }),
        ) as SeqOperations,
    },
  },
  {
    target: 'bpf_link',
    ctx_arg_info: [{ name: 'link', type: 'struct bpf_link *', orNull: true }],
    feature: 0,
    seq_info: {
      open: () =>
        new IdOps(
          () => objects.now.links,
          link => ({ link: view('bpf_link', link) }),
        ) as SeqOperations,
    },
  },
]
