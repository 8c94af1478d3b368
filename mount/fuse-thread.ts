// Entry of the FUSE thread of the transport devfuse: reads /dev/fuse until the mount is gone.
import { parentPort, workerData } from 'node:worker_threads'
import type { FuseEvent } from './engine/messages.ts'
import { createServer, type ServerInit } from './server.ts'
import { serveDevFuse, writeReply } from './transport/devfuse.ts'

const { fd, init } = workerData as { fd: number; init: ServerInit }
const tell = (event: FuseEvent): void => parentPort!.postMessage(event)
const report = (err: unknown): void => tell({ t: 'bug', message: String((err as Error | null)?.stack ?? err) })

const server = createServer(init, parentPort!, bytes => {
  try {
    writeReply(fd, bytes)
  } catch (err) {
    report(err)
  }
})
tell({ t: 'ended', how: serveDevFuse(fd, server, report) })
