// Entry of the FUSE thread of the transport devfuse: reads /dev/fuse until the mount is gone.
import { writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import type { FuseEvent } from './engine/messages.ts'
import { createServer, type ServerInit } from './server.ts'
import { serveDevFuse } from './transport/devfuse.ts'

const { fd, init } = workerData as { fd: number; init: ServerInit }
const server = createServer(init, parentPort!, bytes => {
  try {
    writeSync(fd, bytes)
  } catch {
    // The request was aborted or the mount is gone: nobody waits.
  }
})
const how = serveDevFuse(fd, server)
parentPort!.postMessage({ t: 'ended', how } satisfies FuseEvent)
