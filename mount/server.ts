// The request side of a mount: protocol, tree and control file over one router. Runs in the FUSE thread, or in main with
// the transport fuse-native.
import type { MessagePort } from 'node:worker_threads'
import { decodeText } from '../src/util/bytes.ts'
import { EINVAL } from '../src/util/errno.ts'
import { BpffsTree } from './bpffs/tree.ts'
import type { CtlRequest } from './engine/messages.ts'
import { Router } from './engine/router.ts'
import { DEFERRED, FuseProtocol } from './fuse/protocol.ts'
import type { FuseServer } from './transport/transport.ts'

/** What a server starts with; crosses threads. */
export interface ServerInit {
  readonly uid: number
  readonly gid: number
  readonly mode: number
  /** Who started the daemon. */
  readonly ownerUid: number
  /** Access to .iterfs/ctl: 0666 where requests carry the caller's uid, else 0600. */
  readonly ctlMode: number
  readonly mail: SharedArrayBuffer
}

/** Requests whose answer says where objects are pinned. */
const LISTS: ReadonlySet<string> = new Set(['link_list', 'map_list'])

/** One request to .iterfs/ctl: a JSON object with a `cmd`, in one write. Null when it is not that. */
function parseRequest(data: Uint8Array): CtlRequest | null {
  try {
    const request: unknown = JSON.parse(decodeText(data))
    return typeof request === 'object' && request !== null && typeof (request as CtlRequest).cmd === 'string'
      ? (request as CtlRequest)
      : null
  } catch {
    return null
  }
}

/**
 * @param port main's end: FuseCommands come, FuseEvents go
 * @param reply sends a reply out of turn
 */
export function createServer(init: ServerInit, port: MessagePort, reply: (bytes: Uint8Array) => void): FuseServer {
  const router: Router = new Router({
    port,
    mail: new Int32Array(init.mail),
    reply,
    openFailed: fh => tree.openFailed(fh),
    command: command => {
      if (command.t === 'arm') tree.armPin(command.pid, command.uid, command.object, command.dots)
      else if (command.t === 'debug') tree.addDebug(command.name, command.object)
    },
  })
  const tree: BpffsTree = new BpffsTree({ uid: init.uid, gid: init.gid, mode: init.mode, ownerUid: init.ownerUid, host: router })
  tree.addControl('ctl', init.ctlMode, {
    open(req, fh) {
      router.tell({ t: 'ctlOpen', fh, uid: req.uid, gid: req.gid, pid: req.pid })
      return 0
    },
    write(req, fh, data) {
      const request = parseRequest(data)
      if (!request) return -EINVAL
      // What only the tree knows goes along: the object behind an inode number, and where objects are pinned.
      const inoObject = typeof request.ino === 'number' ? tree.objectOfInode(request.ino) : undefined
      const pins = LISTS.has(request.cmd) ? tree.pins() : []
      router.tell({ t: 'ctlWrite', fh, request, pins, inoObject, uid: req.uid, gid: req.gid, pid: req.pid })
      return data.length
    },
    read(req, fh, size, offset) {
      router.tell({ t: 'ctlRead', fh, unique: req.unique, offset, size })
      return DEFERRED
    },
    release(fh) {
      router.tell({ t: 'ctlRelease', fh })
    },
  })
  const protocol = new FuseProtocol(tree.handlers, {
    report: (err: unknown) => router.tell({ t: 'bug', message: String((err as Error | null)?.stack ?? err) }),
  })
  return {
    handle(request) {
      router.takeMail()
      return protocol.handle(request)
    },
  }
}
