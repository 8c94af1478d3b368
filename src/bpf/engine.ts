// The BPF objects of one engine: loads them into address spaces and hands out their programs and maps. Objects that share maps share a
// space; the others have one each.
import { encodeBtf } from '../btf/encode.ts'
import { KFUNCS } from '../helpers/kfunc-protos.ts'
import { PSEUDO } from '../insn/opcode.ts'
import { INSN_SIZE, immAt, isLdImm64, setImm64, setSrc, srcAt } from '../insn/raw.ts'
import { findTarget, type IterReg, listTargets, type Opener } from '../iter/reg.ts'
import type { RunProg } from '../iter/session.ts'
import { createMap } from '../maps/create.ts'
import type { BpfMap, MapAttr, MapInfo } from '../maps/map.ts'
import { parseObject } from '../object/parse.ts'
import { resolveObject } from '../object/resolve.ts'
import type { MapSpec, ObjectSpec, ResolvedObject, ResolvedProg } from '../object/spec.ts'
import type { Platform } from '../platform/platform.ts'
import type { Caller } from '../sources/descriptor.ts'
import { HeldSockets } from '../sources/held-sockets.ts'
import { kallsyms } from '../sources/kallsyms.ts'
import { decodeText } from '../util/bytes.ts'
import { EINVAL, ENOENT, EPERM, ErrnoError, ESRCH } from '../util/errno.ts'
import { LAYOUT } from '../vm/memory.ts'
import { checkCalls } from './calls.ts'
import { kernelTypes } from './kernel-types.ts'
import { openMapFile, type TextFile } from './map-file.ts'
import { descriptorHooks } from './owners.ts'
import { type BpfHooks, BpfSpace, type SpaceProg } from './space.ts'

/** An object to be loaded: plain data that crosses threads. */
export interface ObjectLoad {
  /** Its number in this engine: program names are `NUMBER:NAME`. */
  readonly number: number
  /** Where it came from, for messages. */
  readonly path: string
  readonly bytes: Uint8Array
  /** Globals to set before load, as text. */
  readonly set: Readonly<Record<string, string>>
  /** Id of the map whose space it shall share. */
  readonly withMap?: number
  /** Ids that its maps had before the engine was started again, in the object's order. */
  readonly mapIds?: readonly number[]
}

/** A map to be made by itself (BPF_MAP_CREATE). */
export interface MapCreate {
  readonly attr: MapAttr
  /** See ObjectLoad.mapIds. */
  readonly id?: number
}

/** A loaded program: plain data. */
export interface LoadedProg {
  readonly name: string
  readonly target: string
  /** Its name in the engine. */
  readonly key: string
  readonly sleepable: boolean
  readonly gpl: boolean
  readonly mapIds: readonly number[]
  /** The instructions as prog_tag is made of them: without references to maps. */
  readonly tagBytes: Uint8Array
  readonly xlated: number
}

export interface LoadedObject {
  readonly progs: readonly LoadedProg[]
  readonly maps: readonly MapInfo[]
}

/** The commands of bpf(2) on elements of a map. */
export type MapRequest =
  | { readonly op: 'lookup' | 'delete' | 'lookupDelete'; readonly map: number; readonly key: Uint8Array }
  | { readonly op: 'update'; readonly map: number; readonly key: Uint8Array; readonly value: Uint8Array; readonly flags: number }
  | { readonly op: 'nextKey'; readonly map: number; readonly key: Uint8Array | null }
  /** Up to `count` elements behind the key `after`. */
  | { readonly op: 'elements'; readonly map: number; readonly after: Uint8Array | null; readonly count: number }
  | { readonly op: 'freeze' | 'types'; readonly map: number }

/** `errno` is 0 or negative. */
export interface MapAnswer {
  readonly errno: number
  readonly value?: Uint8Array
  readonly key?: Uint8Array
  readonly elements?: readonly { readonly key: Uint8Array; readonly value: Uint8Array | number }[]
  /** The bytes of a BTF, and ids in it; 0: no type. */
  readonly types?: { readonly btf: Uint8Array; readonly keyTypeId: number; readonly valueTypeId: number }
}

export interface BpfEngineOptions extends BpfHooks {
  readonly platform: Platform
  /** An id for a new map. */
  nextMapId(): number
}

interface RunnableProg {
  readonly run: RunProg
  readonly sleepable: boolean
  readonly mapIds: readonly number[]
  /** Takes it out of its space. */
  readonly leave: () => void
}

export class BpfEngine {
  readonly #options: BpfEngineOptions
  readonly #maps = new Map<number, BpfSpace>()
  readonly #progs = new Map<string, RunnableProg>()
  /** Open files that need a map, and maps that only they need. */
  readonly #holds = new Map<number, number>()
  readonly #late = new Set<number>()
  /** Sockets in its maps. */
  readonly sockets: HeldSockets
  readonly #descriptors: ReturnType<typeof descriptorHooks>
  /** Whose descriptors keys and values of maps mean. */
  #caller: Caller = 'self'
  /** Who calls read(2) at the moment. */
  reader: Opener = { pid: 0, uid: 0, gid: 0 }

  constructor(options: BpfEngineOptions) {
    this.#options = options
    this.sockets = new HeldSockets(options.platform)
    this.#descriptors = descriptorHooks(options.platform, this.sockets, () => this.#caller)
  }

  /** The map with this id, or undefined. */
  map(id: number): BpfMap | undefined {
    return this.#maps.get(id)?.maps.get(id)
  }

  prog(key: string): RunnableProg | undefined {
    return this.#progs.get(key)
  }

  /**
   * Opens, relocates and compiles an object; makes its maps.
   * @throws BpfError what is wrong with the object; ErrnoError ENOMEM, E2BIG for maps that cannot be made, ENOENT for a map that is gone
   */
  load(request: ObjectLoad): LoadedObject {
    return this.loadSpec(parseObject(request.bytes, request.path), request)
  }

  /** As load(), of an object that was read before and may have been changed since. */
  loadSpec(spec: ObjectSpec, request: Omit<ObjectLoad, 'path' | 'bytes'>): LoadedObject {
    const { platform } = this.#options
    const object = resolveObject(spec, {
      targetBtf: kernelTypes().btf.btf,
      set: request.set,
      kconfig: () => platform.kconfig(),
      ksyms: name => kallsyms(platform).addressOf(name),
      kernelVersion: kernelVersion(platform),
      kfuncNames: KFUNC_NAMES,
    })
    const space = request.withMap === undefined ? this.#newSpace() : (this.#maps.get(request.withMap) ?? noMap(request.withMap))
    const made: BpfMap[] = []
    try {
      for (const [i, map] of object.maps.entries()) made.push(this.#makeMap(space, attrOf(map, object), request.mapIds?.[i]))
      for (const [i, map] of object.maps.entries()) fillMap(made[i]!, map, object, made)
      const progs = object.progs.flatMap(prog => this.#addProg(space, request, object, prog, made))
      return { progs, maps: made.map(describe) }
    } catch (err) {
      for (const { name } of object.progs) this.unload(keyOf(request, name))
      for (const map of made) this.freeMap(map.id)
      throw err
    }
  }

  /** BPF_MAP_CREATE. @throws ErrnoError as the kernel's */
  createMap(request: MapCreate): MapInfo {
    return describe(this.#makeMap(this.#newSpace(), request.attr, request.id))
  }

  /** No pin and no program needs the map any more: it goes, or does so with the last open file that needs it. */
  freeMap(id: number): void {
    if (this.#holds.has(id)) {
      this.#late.add(id)
      return
    }
    this.#maps.get(id)?.removeMap(id)
    this.#maps.delete(id)
  }

  /** An open file needs these maps, until it calls what is returned. */
  hold(ids: readonly number[]): () => void {
    for (const id of ids) this.#holds.set(id, (this.#holds.get(id) ?? 0) + 1)
    return () => {
      for (const id of ids) {
        const left = this.#holds.get(id)! - 1
        if (left > 0) this.#holds.set(id, left)
        else {
          this.#holds.delete(id)
          if (this.#late.delete(id)) this.freeMap(id)
        }
      }
    }
  }

  /** Files that are open go on with it. */
  unload(key: string): void {
    this.#progs.get(key)?.leave()
    this.#progs.delete(key)
  }

  /** open(2) of a pinned map: its elements as text. @throws ErrnoError ENOENT; EIO for a map that has no such text */
  openMap(id: number): TextFile {
    return openMapFile(this.map(id) ?? noMap(id))
  }

  /** Elements of each map by id; see BpfMap.elemCount. */
  counts(): [id: number, count: number][] {
    return [...this.#maps.keys()].map(id => [id, this.map(id)?.elemCount ?? 0])
  }

  /**
   * BPF_MAP_LOOKUP_ELEM and its kin.
   * @param caller whose descriptors keys and values are, where they are such
   * @throws ErrnoError ENOENT for a map that is gone; what keeps the caller's descriptors from being looked at
   */
  request(request: MapRequest, caller: Caller = 'self'): MapAnswer {
    this.#caller = caller
    this.sockets.refresh()
    try {
      return this.#request(request)
    } finally {
      this.#caller = 'self'
    }
  }

  #request(request: MapRequest): MapAnswer {
    const map = this.map(request.map) ?? noMap(request.map)
    switch (request.op) {
      case 'lookup':
        return found(map.userLookup(request.key))
      case 'lookupDelete':
        return found(map.userLookupAndDelete(request.key))
      case 'update':
        return { errno: map.userUpdate(request.key, request.value, request.flags) }
      case 'delete':
        return { errno: map.userDelete(request.key) }
      case 'nextKey': {
        const key = map.userNextKey(request.key)
        return typeof key === 'number' ? { errno: key } : { errno: 0, key }
      }
      case 'elements': {
        const elements: { key: Uint8Array; value: Uint8Array | number }[] = []
        let key = map.userNextKey(request.after)
        for (; typeof key !== 'number' && elements.length < request.count; key = map.userNextKey(key)) {
          elements.push({ key, value: map.userLookup(key) })
        }
        return { errno: typeof key === 'number' && key !== -ENOENT ? key : 0, elements }
      }
      case 'freeze':
        return { errno: freeze(map) }
      case 'types': {
        const { btf } = map.attr
        return btf ? { errno: 0, types: { ...btf, btf: encodeBtf(btf.btf) } } : { errno: -ENOENT }
      }
    }
  }

  #newSpace(): BpfSpace {
    return new BpfSpace(this.#options.platform, this.#options, this.sockets)
  }

  #makeMap(space: BpfSpace, attr: MapAttr, id = this.#options.nextMapId()): BpfMap {
    const { platform } = this.#options
    const map = createMap(attr, {
      id,
      space: space.space,
      cpus: platform.cpus,
      cpu: space.cpu,
      maps: {
        get: other => (space.holdMap(other) ? space.maps.get(other)! : null),
        put: other => space.putMap(other),
        pointer: other => space.mapOffset(other),
      },
      progs: { get: place => (space.hasProg(place) ? 0 : -EINVAL), put: () => {} },
      ...this.#descriptors,
    })
    space.addMap(map, describe(map))
    this.#maps.set(id, space)
    return map
  }

  /** Compiles a program; one that is no iterator can only be called through a program array. */
  #addProg(
    space: BpfSpace,
    load: Pick<ObjectLoad, 'number'>,
    object: ResolvedObject,
    prog: ResolvedProg,
    maps: readonly BpfMap[],
  ): LoadedProg[] {
    const reg = prog.target === null ? undefined : targetOf(prog)
    checkCalls(object, prog)
    const { insns, used } = linkMaps(prog.insns, maps, space)
    const exec = space.compile({
      name: prog.name,
      insns,
      subprogs: prog.subprogs,
      kfuncs: prog.kfuncs.map(name => space.kfunc(name)),
    })
    const runnable: SpaceProg = { name: prog.name, sleepable: prog.sleepable, exec }
    const place = space.addProg(runnable)
    for (const [i, { slots }] of object.maps.entries()) {
      for (const [index, name] of slots) if (name === prog.name) setSlot(maps[i]!, index, place)
    }
    if (!reg) return []
    const key = keyOf(load, prog.name)
    const { sleepable } = prog
    const mapIds = withInner(used, object).map(index => maps[index]!.id)
    const run = space.runner(runnable, reg.ctx_arg_info, () => this.reader)
    this.#progs.set(key, { run, sleepable, mapIds, leave: () => space.removeProg(place) })
    return [
      {
        name: prog.name,
        target: reg.target,
        key,
        sleepable,
        gpl: object.gpl,
        mapIds,
        tagBytes: tagBytes(prog.insns),
        xlated: prog.insns.length,
      },
    ]
  }
}

const keyOf = ({ number }: Pick<ObjectLoad, 'number'>, prog: string): string => `${number}:${prog}`

const KFUNC_NAMES: ReadonlySet<string> = new Set(Object.keys(KFUNCS))

/** LINUX_KERNEL_VERSION of the machine's kernel; 0 when its release is not a number. */
function kernelVersion(platform: Platform): number {
  const [, major, minor, patch] = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(decodeText(platform.read('/proc/sys/kernel/osrelease'))) ?? []
  return major === undefined ? 0 : (Number(major) << 16) | (Number(minor) << 8) | Math.min(Number(patch ?? 0), 255)
}

const noMap = (id: number): never => {
  throw new ErrnoError(ENOENT, `no map with id ${id} in this engine`)
}

const found = (value: Uint8Array | number): MapAnswer => (typeof value === 'number' ? { errno: value } : { errno: 0, value })

function targetOf(prog: ResolvedProg): IterReg {
  const reg = findTarget(prog.target!)
  if (reg) return reg
  const names = listTargets().map(({ target }) => target)
  throw new ErrnoError(ESRCH, `${prog.name}: no iterator target "${prog.target}"; targets: ${names.join(', ')}`)
}

function attrOf(map: MapSpec, object: ResolvedObject): MapAttr {
  const { kernelName, type, keySize, valueSize, maxEntries, flags, mapExtra, inner, keyTypeId, valueTypeId } = map
  return {
    ...{ name: kernelName, type, keySize, valueSize, maxEntries, flags, mapExtra },
    ...(inner ? { inner: attrOf(inner, object) } : {}),
    ...(object.btf && valueTypeId !== 0 ? { btf: { btf: object.btf, keyTypeId, valueTypeId } } : {}),
  }
}

/** BPF_MAP_FREEZE: the second time is refused, as a map that is frozen cannot be opened for writing. */
function freeze(map: BpfMap): number {
  if (map.frozen) return -EPERM
  map.frozen = true
  return 0
}

/** Puts in what the object gives its map: globals, and inner maps. */
function fillMap(map: BpfMap, spec: MapSpec, object: ResolvedObject, maps: readonly BpfMap[]): void {
  if (spec.initial) map.userUpdate(new Uint8Array(4), spec.initial, 0)
  if (spec.readonly) map.frozen = true
  for (const [index, name] of spec.slots) {
    const at = object.maps.findIndex(other => other.name === name)
    if (at >= 0) setSlot(map, index, maps[at]!.id)
  }
}

function setSlot(map: BpfMap, index: number, value: number): void {
  const errno = map.userUpdate(u32(index), u32(value), 0)
  if (errno < 0) throw new ErrnoError(-errno, `map ${map.attr.name}: slot ${index} cannot be set`)
}

const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer)

function describe(map: BpfMap): MapInfo {
  const { name, type, keySize, valueSize, maxEntries, flags, mapExtra, btf } = map.attr
  return {
    ...{ id: map.id, type, name, flags, map_extra: mapExtra, memlock: map.memlock, frozen: map.frozen, btf_id: btf ? map.id : 0 },
    ...{ key_size: keySize, value_size: valueSize, max_entries: maxEntries },
  }
}

/** The references to maps of a program: indexes of the instructions. */
function* mapReferences(insns: Uint8Array): Generator<{ insn: number; value: boolean }> {
  for (let insn = 0; insn < insns.length / INSN_SIZE; insn++) {
    if (!isLdImm64(insns, insn)) continue
    const src = srcAt(insns, insn)
    if (src === PSEUDO.MAP_FD || src === PSEUDO.MAP_VALUE) yield { insn, value: src === PSEUDO.MAP_VALUE }
    insn++
  }
}

/** Puts addresses where the object has indexes of maps. `used` are the indexes. */
function linkMaps(insns: Uint8Array, maps: readonly BpfMap[], space: BpfSpace): { insns: Uint8Array; used: number[] } {
  const linked = insns.slice()
  const used = new Set<number>()
  for (const { insn, value } of mapReferences(linked)) {
    const index = immAt(linked, insn)
    const map = maps[index]!
    used.add(index)
    // The bytes at LAYOUT.ZERO are the key 0: the only element of a map of globals.
    const address = value ? space.space.toAddress(map.lookup(LAYOUT.ZERO) + immAt(linked, insn + 1)) : space.mapAddress(map)
    setSrc(linked, insn, PSEUDO.NONE)
    setImm64(linked, insn, address)
  }
  return { insns: linked, used: [...used].sort((a, b) => a - b) }
}

/** Indexes of the maps, and of those that lie in them from the start. */
const withInner = (used: readonly number[], { maps }: ResolvedObject): number[] =>
  [
    ...new Set(
      used.flatMap(index => [index, ...[...maps[index]!.slots.values()].map(name => maps.findIndex(map => map.name === name))]),
    ),
  ].filter(index => index >= 0)

/** bpf_prog_calc_tag(): references to maps count as 0. */
function tagBytes(insns: Uint8Array): Uint8Array {
  const bytes = insns.slice()
  for (const { insn } of mapReferences(bytes)) setImm64(bytes, insn, 0n)
  return bytes
}
