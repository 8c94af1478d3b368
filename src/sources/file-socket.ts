// sock_from_file(): from an open file to the socket behind it.
import type { NetNs, Platform } from '../platform/platform.ts'
import { ObjectGone } from '../util/object-gone.ts'
import type { FdSource } from './file.ts'
import { findSocket } from './find-socket.ts'
import { isGone } from './session.ts'
import type { SocketSource } from './socket.ts'

/** The namespace of a task, entered anew at each use: nothing keeps it alive in between. */
class TaskNet implements NetNs {
  readonly inum: number
  readonly #platform: Platform
  /** One of the tasks in it. */
  tid = 0

  constructor(platform: Platform, inum: number) {
    this.#platform = platform
    this.inum = inum
  }
  netlink(protocol: number, request: Uint8Array): Uint8Array[] {
    return this.#during(net => net.netlink(protocol, request))
  }
  read(name: string): Uint8Array {
    return this.#during(net => net.read(name))
  }
  inodes(): readonly number[] {
    return [] // none is open between two uses
  }
  again(): NetNs {
    return this.#platform.openNet(this.tid)
  }
  close(): void {}

  #during<T>(use: (net: NetNs) => T): T {
    let net: NetNs
    try {
      net = this.#platform.openNet(this.tid)
    } catch (err) {
      throw isGone(err) ? new ObjectGone(`task ${this.tid}`) : err
    }
    try {
      return use(net)
    } finally {
      net.close()
    }
  }
}

/** Finds the sockets of files, in the namespaces of the tasks that have them open. */
export class FileSockets {
  readonly #platform: Platform
  readonly #nets = new Map<number, TaskNet>()

  constructor(platform: Platform) {
    this.#platform = platform
  }

  /** Null when the file is no socket, or one of a kind or a namespace that is not to be seen. @throws ObjectGone */
  of(file: FdSource): SocketSource | null {
    const inode = /^socket:\[(\d+)\]$/.exec(file.link())?.[1]
    if (inode === undefined) return null
    const { task } = file
    const inum = task.namespace('net')
    let net = this.#nets.get(inum)
    if (!net) {
      net = new TaskNet(this.#platform, inum)
      this.#nets.set(inum, net)
    }
    net.tid = task.tid
    return findSocket(this.#platform, net, Number(inode))
  }
}
