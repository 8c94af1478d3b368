// What the daemon's threads say to each other. Three kinds of threads: main (objects, control, supervision), the FUSE
// thread (requests, the tree) and engine workers (programs). Messages are plain data.
import type { MessagePort } from 'node:worker_threads'
import type {
  Attached,
  IterAux,
  IterLinkInfo,
  MapAnswer,
  MapCreate,
  MapInfo,
  MapRequest,
  ObjectLoad,
  ObjectsView,
  Prog,
} from '../../src/index.ts'

/** What a worker knows of a program that it loaded. */
export type ProgDesc = Omit<Prog, 'id' | 'uid' | 'loadedAt' | 'path' | 'worker'>

/** What an open file of a pin reads: an iterator's output, or a map as text. */
export type Opened =
  | { readonly kind: 'link'; readonly prog: string; readonly target: string; readonly aux: IterAux }
  | { readonly kind: 'map'; readonly map: number }

/** FUSE thread to engine worker. `slot` is where `unique` waits in the worker's PendingReplies. */
export type EngineRequest =
  | {
      t: 'open'
      unique: number
      slot: number
      fh: number
      pid: number
      uid: number
      gid: number
      what: Opened
    }
  | { t: 'read'; unique: number; slot: number; fh: number; size: number; pid: number; uid: number; gid: number }
  | { t: 'close'; fh: number }
  | { t: 'retire' }

/** Engine worker to FUSE thread. */
export type EngineNotice = { t: 'openFailed'; fh: number }

/** Main to engine worker. */
export type EngineCommand =
  | { t: 'load'; id: number; path: string; set: Record<string, string> }
  | { t: 'loadObject'; id: number; object: ObjectLoad }
  | { t: 'createMap'; id: number; map: MapCreate }
  | { t: 'unload'; prog: string }
  | { t: 'freeMap'; map: number }
  /** `caller`: the thread whose descriptors keys and values are. */
  | { t: 'map'; id: number; request: MapRequest; caller: number }
  | { t: 'counts'; id: number }
  | { t: 'attach'; id: number; prog: string; target: string; info: IterLinkInfo | undefined; caller: number }
  | { t: 'detach'; target: string; aux: IterAux }
  | { t: 'objects'; objects: ObjectsView }

/** A failure on its way to another thread. */
export interface Failure {
  errno: number
  message: string
}

/** Engine worker to main. */
export type EngineEvent =
  | { t: 'loaded'; id: number; progs: ProgDesc[]; maps: MapInfo[] }
  | { t: 'mapped'; id: number; answer: MapAnswer }
  | { t: 'counted'; id: number; counts: [id: number, count: number][] }
  | { t: 'attached'; id: number; attached: Attached }
  | { t: 'failed'; id: number; failure: Failure }
  | { t: 'reply'; bytes: Uint8Array }
  | { t: 'log'; level: 'info' | 'warn' | 'error'; fields: Record<string, unknown>; message: string }
  | { t: 'done' }

/** What an engine worker starts with. */
export interface EngineInit {
  /** What it is for: a module, or BPF objects. */
  kind: 'module' | 'objects'
  /** The FUSE descriptor to write replies to; -1: replies go to main. */
  fuseFd: number
  pending: SharedArrayBuffer
  progress: SharedArrayBuffer
  sessions: SharedArrayBuffer
  /** The last id of a map, counted over all engines. */
  mapIds: SharedArrayBuffer
  /** See BpfHooks.progLimitMs. */
  progLimitMs: number
  mail: SharedArrayBuffer
  /** Folder of the recording to read in the machine's place; null: the machine. */
  replay: string | null
}

/** What the FUSE thread routes a pin by. */
export interface Route {
  worker: number
  what: Opened
}

/** Main to FUSE thread. */
export type FuseCommand =
  | { t: 'worker'; id: number; port: MessagePort; pending: SharedArrayBuffer }
  | { t: 'workerGone'; id: number }
  | { t: 'retire'; id: number }
  | { t: 'route'; object: number; route: Route }
  | { t: 'unroute'; object: number }
  | { t: 'arm'; pid: number; uid: number; object: number; dots: boolean }
  | { t: 'debug'; name: 'maps.debug' | 'progs.debug'; object: number }

/** A pin as the tree has it; `object` is a pinNumber(). */
export interface PinPath {
  object: number
  path: string
}

/** A request to .iterfs/ctl; the fields depend on `cmd` (mount/control/control.ts). */
export interface CtlRequest {
  readonly cmd: string
  readonly [field: string]: unknown
}

/** FUSE thread to main. */
export type FuseEvent =
  | { t: 'getObject'; object: number }
  | { t: 'putObject'; object: number }
  | { t: 'ctlOpen'; fh: number; uid: number; gid: number; pid: number }
  | {
      t: 'ctlWrite'
      fh: number
      request: CtlRequest
      pins: PinPath[]
      inoObject: number | undefined
      uid: number
      gid: number
      pid: number
    }
  | { t: 'ctlRead'; fh: number; unique: number; offset: number; size: number }
  | { t: 'ctlRelease'; fh: number }
  | { t: 'interrupt'; unique: number }
  | { t: 'bug'; message: string }
  | { t: 'ended'; how: 'unmounted' | 'aborted' }
