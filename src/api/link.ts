// Links: a program attached to its target with parameters. Each createIter() is an open file: a fresh iteration.
import type { Readable } from 'node:stream'
import type { Attached } from '../engine.ts'
import type { LinkInfo } from '../iter/link.ts'
import { decodeText } from '../util/bytes.ts'
import { EBADF } from '../util/errno.ts'
import type { Dependent, ObjectCore } from './core.ts'
import { fail, SyscallError, sysError } from './error.ts'
import { runtime } from './runtime.ts'
import { type ReadFile, streamOf } from './stream.ts'

/** How an iteration is read. */
export interface IterOptions {
  /** Bytes asked for by each read, and kept ready for the consumer (65536). */
  readonly highWaterMark?: number
}

const READ_SIZE = 65536
const MAX_READ = 1 << 30

/** What a link is made of. @internal */
export interface LinkParts {
  readonly core: ObjectCore
  /** Of another object, to whose map the link is attached. */
  readonly other: ObjectCore | null
  readonly prog: { readonly name: string; readonly key: string; readonly id: number; readonly target: string }
  readonly attached: Attached
}

/** An attached iterator. */
export class IterLink {
  /** struct bpf_link_info: its id and that of the program, the target, and the target's parameters. */
  readonly info: LinkInfo
  readonly #parts: LinkParts
  readonly #dependent: Dependent = { end: () => this.destroy() }
  #gone = false

  /** @internal */
  constructor(parts: LinkParts) {
    const { prog, attached, core, other } = parts
    this.#parts = parts
    this.info = { id: runtime.next(), type: 'iter', prog_id: prog.id, target_name: prog.target, ...attached.info }
    runtime.addLink({ id: this.info.id, prog: { id: prog.id, name: prog.name, target: prog.target } })
    core.dependents.add(this.#dependent)
    other?.dependents.add(this.#dependent)
  }

  /**
   * Opens the iterator: the first object is looked at when the stream is read. Destroy a stream that is not read to its end, or leave
   * its `for await` loop, which does so. An error of a read destroys the stream with a SyscallError, whose code is `EAGAIN`, `E2BIG`,
   * `ETIMEDOUT`, `EFAULT`, ... : what read(2) of the pinned iterator would have failed with.
   * @throws SyscallError EBADF when the link is gone, and what the target's source says
   */
  createIter({ highWaterMark = READ_SIZE }: IterOptions = {}): Readable {
    if (!Number.isInteger(highWaterMark) || highWaterMark < 1 || highWaterMark > MAX_READ)
      return fail('API_CHUNK', { got: String(highWaterMark) })
    if (this.#gone) throw new SyscallError('open', EBADF, `link ${this.info.id} was destroyed`)
    return streamOf(new IterFile(this.#parts), highWaterMark)
  }

  /** The whole text of a fresh iteration. Bytes that are no UTF-8 become lone surrogates, which Buffer.from() does not take back. */
  async text(): Promise<string> {
    const parts: Uint8Array[] = []
    for await (const part of this.createIter()) parts.push(part as Uint8Array)
    return decodeText(join(parts))
  }

  /** The link is gone; iterations that are open go on to their end, as in the kernel. Safe to call twice. */
  destroy(): void {
    if (this.#gone) return
    this.#gone = true
    const { core, other, attached, prog } = this.#parts
    core.dependents.delete(this.#dependent)
    other?.dependents.delete(this.#dependent)
    runtime.remove(this.info.id)
    core.loaded('destroy').engine.detach(prog.target, attached.aux)
  }

  /** As destroy(), at the end of a `using` declaration. */
  [Symbol.dispose](): void {
    this.destroy()
  }
}

/** One open iteration. */
class IterFile implements ReadFile, Dependent {
  readonly #parts: LinkParts
  readonly #loaded: ReturnType<ObjectCore['loaded']>
  readonly #handle = runtime.next()
  readonly #opener = { pid: process.pid, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  #open = true

  constructor(parts: LinkParts) {
    const { core, other, prog, attached } = parts
    const loaded = core.loaded('createIter')
    this.#parts = parts
    this.#loaded = loaded
    try {
      const session = BigInt(this.#handle)
      runtime.during(loaded.denied, () =>
        loaded.engine.open(this.#handle, prog.key, prog.target, attached.aux, this.#opener, session),
      )
    } catch (err) {
      throw sysError('open', err)
    }
    core.dependents.add(this)
    other?.dependents.add(this)
  }

  read(size: number): Uint8Array {
    if (!this.#open) throw new SyscallError('read', EBADF, `${this.#parts.core.label} was closed`)
    const { engine, denied } = this.#loaded
    try {
      return runtime.during(denied, () => engine.read(this.#handle, size, this.#opener).slice())
    } catch (err) {
      throw sysError('read', err)
    }
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#parts.core.dependents.delete(this)
    this.#parts.other?.dependents.delete(this)
    const { engine, denied } = this.#loaded
    runtime.during(denied, () => engine.close(this.#handle))
  }

  end(): void {
    this.close()
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
