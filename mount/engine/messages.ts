// What the daemon's threads say to each other. Three kinds of threads: main (objects, control, supervision), the FUSE
// thread (requests, the tree) and engine workers (programs). Messages are plain data.
import type { MessagePort } from 'node:worker_threads'
import type { Attached, FoundProg, IterAux, IterLinkInfo, ObjectsView } from '../../src/index.ts'

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
      prog: string
      target: string
      aux: IterAux
    }
  | { t: 'read'; unique: number; slot: number; fh: number; size: number }
  | { t: 'close'; fh: number }
  | { t: 'retire' }

/** Engine worker to FUSE thread. */
export type EngineNotice = { t: 'openFailed'; fh: number }

/** Main to engine worker. */
export type EngineCommand =
  | { t: 'load'; id: number; path: string; set: Record<string, string> }
  | { t: 'attach'; id: number; target: string; info: IterLinkInfo | undefined }
  | { t: 'detach'; target: string; aux: IterAux }
  | { t: 'objects'; objects: ObjectsView }

/** A failure on its way to another thread. */
export interface Failure {
  errno: number
  message: string
}

/** Engine worker to main. */
export type EngineEvent =
  | { t: 'loaded'; id: number; progs: FoundProg[]; tag: string }
  | { t: 'attached'; id: number; attached: Attached }
  | { t: 'failed'; id: number; failure: Failure }
  | { t: 'reply'; bytes: Uint8Array }
  | { t: 'log'; level: 'warn' | 'error'; fields: Record<string, unknown>; message: string }
  | { t: 'done' }

/** What an engine worker starts with. */
export interface EngineInit {
  /** The FUSE descriptor to write replies to; -1: replies go to main. */
  fuseFd: number
  pending: SharedArrayBuffer
  progress: SharedArrayBuffer
  sessions: SharedArrayBuffer
  mail: SharedArrayBuffer
}

/** What the FUSE thread routes a pin by. */
export interface Route {
  worker: number
  prog: string
  target: string
  aux: IterAux
}

/** Main to FUSE thread. */
export type FuseCommand =
  | { t: 'worker'; id: number; port: MessagePort; pending: SharedArrayBuffer }
  | { t: 'workerGone'; id: number }
  | { t: 'retire'; id: number }
  | { t: 'route'; link: number; route: Route }
  | { t: 'unroute'; link: number }
  | { t: 'arm'; pid: number; uid: number; link: number }
  | { t: 'debug'; name: 'maps.debug' | 'progs.debug'; link: number }

/** A pin as the tree has it. */
export interface PinPath {
  link: number
  path: string
}

/** A request to .iterfs/ctl; the fields depend on `cmd` (mount/control/control.ts). */
export interface CtlRequest {
  readonly cmd: string
  readonly [field: string]: unknown
}

/** FUSE thread to main. */
export type FuseEvent =
  | { t: 'getLink'; link: number }
  | { t: 'putLink'; link: number }
  | { t: 'ctlOpen'; fh: number; uid: number; gid: number; pid: number }
  | {
      t: 'ctlWrite'
      fh: number
      request: CtlRequest
      pins: PinPath[]
      inoLink: number | undefined
      uid: number
      gid: number
      pid: number
    }
  | { t: 'ctlRead'; fh: number; unique: number; offset: number; size: number }
  | { t: 'ctlRelease'; fh: number }
  | { t: 'interrupt'; unique: number }
  | { t: 'bug'; message: string }
  | { t: 'ended'; how: 'unmounted' | 'aborted' }
