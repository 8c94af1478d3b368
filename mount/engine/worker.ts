// Entry of an engine worker thread: loads one module and serves its pins until it is retired or terminated.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { errnoOf, hookModules, nodePlatform, registerTargets } from '../../src/index.ts'
import { writeReply } from '../transport/devfuse.ts'
import { EngineHost } from './host.ts'
import type { EngineCommand, EngineEvent, EngineInit, EngineNotice, EngineRequest } from './messages.ts'
import { PendingReplies } from './pending.ts'
import { ProgressWriter } from './watch.ts'

const { init, port } = workerData as { init: EngineInit; port: MessagePort }
const mail = new Int32Array(init.mail)
const toMain = (event: EngineEvent): void => parentPort!.postMessage(event)

const report = (err: unknown): void => {
  toMain({ t: 'log', level: 'error', fields: { err: String((err as Error | null)?.stack ?? err) }, message: 'program failed' })
}

const objects = registerTargets(nodePlatform(), {
  denied: (what, times) => toMain({ t: 'log', level: 'warn', fields: { what, times }, message: 'not allowed to read; left out' }),
})
hookModules(new URL('../../src/index.js', import.meta.url).href)

const host = new EngineHost({
  pending: new PendingReplies(init.pending),
  sessions: new BigInt64Array(init.sessions),
  progress: new ProgressWriter(init.progress),
  send: (header, data) => send(header, data),
  openFailed: fh => {
    port.postMessage({ t: 'openFailed', fh } satisfies EngineNotice)
    Atomics.add(mail, 0, 1)
  },
  report,
  done: () => toMain({ t: 'done' }),
})

function send(header: Uint8Array, data?: Uint8Array): void {
  if (init.fuseFd < 0) {
    toMain({ t: 'reply', bytes: data ? Buffer.concat([header, data]) : header })
    return
  }
  try {
    writeReply(init.fuseFd, header, data)
  } catch (err) {
    report(err)
  }
}

async function command(message: EngineCommand): Promise<void> {
  switch (message.t) {
    case 'objects':
      objects.update(message.objects)
      return
    case 'detach':
      return host.engine.detach(message.target, message.aux)
    case 'attach':
      return toMain({ t: 'attached', id: message.id, attached: host.engine.attach(message.target, message.info) })
    case 'load': {
      const progs = await host.engine.load(message.path, message.set)
      const tag = createHash('sha1').update(readFileSync(message.path)).digest('hex').slice(0, 16)
      return toMain({ t: 'loaded', id: message.id, progs, tag })
    }
  }
}

parentPort!.on('message', (message: EngineCommand) => {
  command(message).catch((err: unknown) => {
    const id = 'id' in message ? message.id : 0
    const errno = errnoOf(err, () => {})
    toMain({ t: 'failed', id, failure: { errno, message: (err as Error | null)?.message ?? String(err) } })
  })
})
port.on('message', (request: EngineRequest) => host.handle(request))
process.on('unhandledRejection', report)
