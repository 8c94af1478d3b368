// The transport over /dev/fuse: blocking reads in a thread of its own.
import { readSync, writeSync } from 'node:fs'
import type { FuseServer } from './transport.ts'

/** A request: header, MAX_WRITE of data and room for names; the kernel refuses reads into less. */
const BUFFER_SIZE = 256 * 1024
/** How long, in ms, to wait for mount(2) between two looks. */
const MOUNT_POLL_MS = 1

/**
 * Serves until the mount is gone. Errors of /dev/fuse: ENODEV unmounted; ECONNABORTED the connection was aborted;
 * ENOENT the request was interrupted before it was read; EPERM nothing is mounted yet.
 */
export function serveDevFuse(fd: number, server: FuseServer): 'unmounted' | 'aborted' {
  const buffer = new Uint8Array(BUFFER_SIZE)
  const clock = new Int32Array(new SharedArrayBuffer(4))
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
      if (code === 'ECONNABORTED') return 'aborted'
      throw err
    }
    const reply = server.handle(buffer.subarray(0, n))
    if (reply) send(fd, reply)
  }
}

function send(fd: number, reply: Uint8Array): void {
  try {
    writeSync(fd, reply)
  } catch (err) {
    // ENOENT: the request was interrupted. ENODEV, ECONNABORTED: the next read says so too.
    const { code } = err as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENODEV' && code !== 'ECONNABORTED') throw err
  }
}
