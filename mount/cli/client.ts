// The client's side of .iterfs/ctl.
import { closeSync, constants, openSync, readFileSync, readSync, realpathSync, statSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { deviceName, splitDevice } from '../../src/util/device.ts'
import { ErrnoError } from '../../src/util/errno.ts'
import { CliError, cliError } from './error.ts'

/** An iterfs mount that this process can see. */
export interface MountPoint {
  readonly dir: string
  /** major:minor of the file system, as mountinfo has it */
  readonly dev: string
}

/** All iterfs mounts whose root is visible, in mount order; bind mounts of folders inside are left out. */
export function listMounts(): MountPoint[] {
  const mounts: MountPoint[] = []
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [left, right] = line.split(' - ')
    const fields = left!.split(' ')
    if (!right?.startsWith('fuse.iterfs ') || fields[3] !== '/') continue
    mounts.push({
      dev: fields[2]!,
      dir: fields[4]!.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(parseInt(octal, 8))),
    })
  }
  return mounts
}

/** The iterfs mount that holds `dir`. @throws CliError when it is on another file system */
export function mountOf(dir: string): MountPoint {
  const name = deviceName(splitDevice(BigInt(statSync(dir).dev)))
  const found = listMounts().findLast(mount => mount.dev === name)
  if (!found) throw new CliError(`${dir} is not on an iterfs mount; start one with: iterfs mount DIR`)
  return found
}

/** The parent folder of `path`, resolved, and the last name: what open(O_CREAT) will look at. */
export function splitPath(path: string): { dir: string; name: string } {
  try {
    return { dir: realpathSync(dirname(path)), name: basename(path) }
  } catch (err) {
    throw cliError(`${dirname(path)}`, err)
  }
}

/** A connection to a daemon: programs and links made through it live until close(), unless pinned. */
export class Client {
  readonly mount: MountPoint
  readonly #fd: number

  constructor(mount: MountPoint) {
    this.mount = mount
    try {
      this.#fd = openSync(join(mount.dir, '.iterfs/ctl'), 'r+')
    } catch (err) {
      throw cliError(`iterfs at ${mount.dir}`, err)
    }
  }

  /** @throws ErrnoError what the daemon answered */
  request<T>(cmd: string, fields: Record<string, unknown> = {}): T {
    writeSync(
      this.#fd,
      JSON.stringify({ cmd, ...fields }, (_key, value) => (typeof value === 'bigint' ? String(value) : value)),
    )
    const parts: Buffer[] = []
    for (let at = 0; ; ) {
      const part = Buffer.alloc(65536)
      const n = readSync(this.#fd, part, 0, part.length, at)
      if (n === 0) break
      parts.push(part.subarray(0, n))
      at += n
    }
    const answer = JSON.parse(Buffer.concat(parts).toString()) as T & { error?: { errno: number; message: string } }
    if (answer.error) throw new ErrnoError(answer.error.errno, answer.error.message)
    return answer
  }

  /** BPF_OBJ_PIN: the daemon expects the file that we create, and the kernel checks path and permissions. */
  pin(object: { readonly link_id: number } | { readonly map_id: number }, path: string): void {
    this.request('obj_pin', { ...object, path })
    closeSync(openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600))
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** Runs `body` with a client and closes it. */
export function withClient<T>(mount: MountPoint, body: (client: Client) => T): T {
  const client = new Client(mount)
  try {
    return body(client)
  } finally {
    client.close()
  }
}
