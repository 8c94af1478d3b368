// The transport over /dev/fuse: blocking reads in a thread of its own.
import { readSync, writeSync, writevSync } from 'node:fs'
import type { FuseServer } from './transport.ts'

/** A request: header, MAX_WRITE of data and room for names; the kernel refuses reads into less. */
const BUFFER_SIZE = 256 * 1024
/** How long, in ms, to wait for mount(2) between two looks. */
const MOUNT_POLL_MS = 1

/**
 * Serves until the mount is gone. Errors of /dev/fuse: ENODEV unmounted; ECONNABORTED the connection was aborted;
 * ENOENT the request was interrupted before it was read; EPERM nothing is mounted yet.
 * @param report hears of a reply that the kernel refused; the next request is served all the same
 */
export function serveDevFuse(fd: number, server: FuseServer, report: (err: unknown) => void): 'unmounted' | 'aborted' {
  const buffer = new Uint8Array(BUFFER_SIZE)
  const clock = new Int32Array(new SharedArrayBuffer(4))
  let aborted = false
  for (;;) {
    let n: number
    try {
      n = readSync(fd, buffer, 0, BUFFER_SIZE, null)
    } catch (err) {
      const { code } = err as NodeJS.ErrnoException
      if (code === 'EINTR' || code === 'EAGAIN' || code === 'ENOENT') continue
      if (code === 'EPERM') {
        Atomics.wait(clock, 0, 0, MOUNT_POLL_MS)
        continue
      }
      if (code === 'ENODEV') return 'unmounted'
      if (code === 'ECONNABORTED') {
        // An unmount may say it once, of a request that was being read; the next read tells (fuse_dev_do_read).
        if (aborted) return 'aborted'
        aborted = true
        continue
      }
      throw err
    }
    const reply = server.handle(buffer.subarray(0, n))
    try {
      if (reply) writeReply(fd, reply)
    } catch (err) {
      report(err)
    }
  }
}

/** Nobody waits for the reply: the request was aborted, the mount is gone, the connection was aborted. */
const UNWANTED = new Set(['ENOENT', 'ENODEV', 'ECONNABORTED'])

/**
 * Writes a reply, in one or two parts, from any thread. One that nobody waits for is dropped.
 * @throws what write(2) says besides: EINVAL for a malformed reply, whose caller waits on
 */
export function writeReply(fd: number, header: Uint8Array, data?: Uint8Array): void {
  try {
    if (data) writevSync(fd, [header, data])
    else writeSync(fd, header)
  } catch (err) {
    if (!UNWANTED.has((err as NodeJS.ErrnoException).code ?? '')) throw err
  }
}
