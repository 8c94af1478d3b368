// A tree behind its protocol, with requests made from the operation table and a host that records what it is asked.

import type { PinHost } from '../../../mount/bpffs/host.ts'
import { BpffsTree } from '../../../mount/bpffs/tree.ts'
import * as abi from '../../../mount/fuse/abi.ts'
import { FUSE_OPS, type FuseOp, type OpName } from '../../../mount/fuse/ops.ts'
import { DEFERRED, FuseProtocol } from '../../../mount/fuse/protocol.ts'
import { encodeText } from '../../../src/util/bytes.ts'

export interface Reply {
  /** 0 or positive. */
  readonly errno: number
  readonly payload: Uint8Array
}

export interface Caller {
  uid?: number
  gid?: number
  pid?: number
}

/** Request bytes of an operation. */
export function encodeRequest(
  op: OpName,
  nodeid: number,
  fields: Record<string, number> = {},
  names: readonly (string | Uint8Array)[] = [],
  data: Uint8Array = new Uint8Array(),
  caller: Caller = {},
  unique = 2,
): Uint8Array {
  const row: FuseOp = FUSE_OPS[op]
  const fixed = row.in?.encode(fields) ?? new Uint8Array()
  const tail = names.flatMap(name => [...(typeof name === 'string' ? encodeText(name) : name), 0])
  const bytes = new Uint8Array(abi.fuse_in_header.size + fixed.length + tail.length + data.length)
  abi.fuse_in_header.encodeInto(bytes, 0, { len: bytes.length, opcode: row.code, unique, nodeid, ...caller })
  bytes.set(fixed, abi.fuse_in_header.size)
  bytes.set(tail, abi.fuse_in_header.size + fixed.length)
  bytes.set(data, abi.fuse_in_header.size + fixed.length + tail.length)
  return bytes
}

/** Plays the kernel: sends requests and keeps what the tree asks of its host. */
export class FakeKernel {
  readonly tree: BpffsTree
  readonly protocol: FuseProtocol
  /** Calls of the host, as texts. */
  readonly calls: string[] = []
  /** What was written to the control file. */
  readonly written: Uint8Array[] = []
  readonly bugs: unknown[] = []
  /** ns; every look at the clock moves it by 1 ms. */
  clock = 1_700_000_000_000_000_000n
  #unique = 0

  constructor(mode = 0o777) {
    const host: PinHost = {
      openPin: (req, link, fh) => void this.calls.push(`openPin ${req.pid} ${link} ${fh}`),
      readPin: (_req, fh, size) => void this.calls.push(`readPin ${fh} ${size}`),
      releasePin: fh => void this.calls.push(`releasePin ${fh}`),
      interrupt: unique => void this.calls.push(`interrupt ${unique}`),
      getObject: link => void this.calls.push(`getObject ${link}`),
      putObject: link => void this.calls.push(`putObject ${link}`),
      now: () => (this.clock += 1_000_000n),
    }
    this.tree = new BpffsTree({ uid: 0, gid: 0, mode, ownerUid: 0, host })
    this.tree.addControl('ctl', 0o666, {
      open: req => (req.uid === 666 ? -13 : 0),
      read: (_req, _fh, size, offset) => (offset > 5 ? DEFERRED : encodeText('hello').subarray(offset, offset + size)),
      write: (_req, _fh, data) => this.written.push(data.slice()) && data.length,
      release: fh => void this.calls.push(`ctlRelease ${fh}`),
    })
    this.protocol = new FuseProtocol(this.tree.handlers, { report: err => this.bugs.push(err) })
  }

  /** Null when the reply is deferred or none is due. */
  send(
    op: OpName,
    nodeid: number,
    fields: Record<string, number> = {},
    names: readonly (string | Uint8Array)[] = [],
    { data = new Uint8Array(), ...caller }: Caller & { data?: Uint8Array } = {},
  ): Reply | null {
    this.#unique += 2
    const reply = this.protocol.handle(encodeRequest(op, nodeid, fields, names, data, caller, this.#unique))
    if (!reply) return null
    return { errno: -abi.fuse_out_header.decode(reply).error, payload: reply.subarray(abi.fuse_out_header.size) }
  }

  /** Errno of an operation that is answered at once. */
  errno(...args: Parameters<FakeKernel['send']>): number {
    const reply = this.send(...args)
    if (!reply) throw new Error(`${args[0]}: no reply`)
    return reply.errno
  }

  /** The entry that an operation answers with. @throws Error when it fails */
  entry(...args: Parameters<FakeKernel['send']>): ReturnType<typeof abi.fuse_entry_out.decode> {
    const reply = this.send(...args)
    if (!reply || reply.errno) throw new Error(`${args[0]}: errno ${reply?.errno}`)
    return abi.fuse_entry_out.decode(reply.payload)
  }

  attr(nodeid: number): ReturnType<typeof abi.fuse_attr_out.decode> {
    const reply = this.send('GETATTR', nodeid)
    if (!reply || reply.errno) throw new Error(`GETATTR ${nodeid}: errno ${reply?.errno}`)
    return abi.fuse_attr_out.decode(reply.payload)
  }

  /** Arms and creates a pin; its node id, with the handle of the creator closed. */
  pin(dir: number, name: string, link: number, mode = 0o600, caller: Caller = {}, dots = false): number {
    this.tree.armPin(caller.pid ?? 0, caller.uid ?? 0, link, dots)
    const reply = this.send('CREATE', dir, { flags: 0o301, mode: 0o100000 | mode }, [name], caller)
    if (!reply || reply.errno) throw new Error(`CREATE ${name}: errno ${reply?.errno}`)
    const { fh } = abi.fuse_open_out.decode(reply.payload, abi.fuse_entry_out.size)
    this.send('RELEASE', 0, { fh })
    return abi.fuse_entry_out.decode(reply.payload).nodeid
  }

  mkdir(dir: number, name: string, mode = 0o755): number {
    return this.entry('MKDIR', dir, { mode }, [name]).nodeid
  }

  opendir(nodeid: number): number {
    return abi.fuse_open_out.decode(this.send('OPENDIR', nodeid)!.payload).fh
  }

  /** One READDIR: `[name, d_off, d_type, d_ino]`. */
  readdir(fh: number, offset = 0, size = 4096): [string, number, number, number][] {
    const { payload } = this.send('READDIR', 0, { fh, offset, size })!
    const list: [string, number, number, number][] = []
    for (let at = 0; at < payload.length; ) {
      const { ino, off, namelen, type } = abi.fuse_dirent.decode(payload, at)
      const name = payload.subarray(at + abi.fuse_dirent.size, at + abi.fuse_dirent.size + namelen)
      list.push([new TextDecoder().decode(name), off, type, ino])
      at += (abi.fuse_dirent.size + namelen + 7) & ~7
    }
    return list
  }

  /** Names of a whole listing, without "." and "..". */
  names(nodeid: number): string[] {
    const fh = this.opendir(nodeid)
    const list = this.readdir(fh).map(([name]) => name)
    this.send('RELEASEDIR', nodeid, { fh })
    return list.slice(2)
  }
}
