// Entry of an engine worker thread: loads one module, or BPF objects, and serves their pins until it is retired or terminated.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import {
  compileWasm,
  errnoOf,
  hookModules,
  kernelTypes,
  type LoadedProg,
  nodePlatform,
  pidOfPidfd,
  Recording,
  registerTargets,
  setPointerKey,
} from '../../src/index.ts'
import { writeReply } from '../transport/devfuse.ts'
import { EngineHost } from './host.ts'
import type { EngineCommand, EngineEvent, EngineInit, EngineNotice, EngineRequest, ProgDesc } from './messages.ts'
import { PendingReplies } from './pending.ts'
import { ProgressWriter } from './watch.ts'

const { init, port } = workerData as { init: EngineInit; port: MessagePort }
const mail = new Int32Array(init.mail)
const toMain = (event: EngineEvent): void => parentPort!.postMessage(event)

const report = (err: unknown): void => {
  toMain({ t: 'log', level: 'error', fields: { err: String((err as Error | null)?.stack ?? err) }, message: 'program failed' })
}

const denied = (what: string, times: number): void =>
  toMain({ t: 'log', level: 'warn', fields: { what, times }, message: 'not allowed to read; left out' })

const missing = (what: string): void => toMain({ t: 'log', level: 'error', fields: { what }, message: 'not in the recording' })
const replay = init.replay === null ? undefined : new Recording(init.replay, { missing })
if (replay) setPointerKey(replay.pointerKey)
const platform = replay?.platform ?? nodePlatform()
const objects = registerTargets(platform, {
  denied,
  map: id => host.engine.bpf.map(id),
  sockets: () => host.engine.bpf.sockets,
  pidOfPidfd: fd => pidOfPidfd(platform, caller, fd),
  attacher: () => caller,
})
/** Who attaches at the moment. */
let caller = 0
const mapIds = new Int32Array(init.mapIds)
if (init.kind === 'module') hookModules(new URL('../../src/index.js', import.meta.url).href)

const host: EngineHost = new EngineHost({
  pending: new PendingReplies(init.pending),
  sessions: new BigInt64Array(init.sessions),
  progress: new ProgressWriter(init.progress),
  replay,
  bpf: {
    platform,
    compile: compileWasm,
    progLimitMs: init.progLimitMs,
    nextMapId: () => Atomics.add(mapIds, 0, 1) + 1,
    denied,
    progFailed: (prog, err) =>
      toMain({
        t: 'log',
        level: 'error',
        fields: { prog, err: err.message },
        message: 'program was ended; its reader gets an error',
      }),
    trace: (prog, text) => toMain({ t: 'log', level: 'info', fields: { prog }, message: `bpf_trace_printk: ${text}` }),
  },
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
    case 'unload':
      return host.engine.bpf.unload(message.prog)
    case 'freeMap':
      return host.engine.bpf.freeMap(message.map)
    case 'attach':
      caller = message.caller
      return toMain({ t: 'attached', id: message.id, attached: host.engine.attach(message.prog, message.target, message.info) })
    case 'map':
      return toMain({ t: 'mapped', id: message.id, answer: host.engine.bpf.request(message.request, message.caller) })
    case 'counts':
      return toMain({ t: 'counted', id: message.id, counts: host.engine.bpf.counts() })
    case 'createMap':
      return toMain({ t: 'loaded', id: message.id, progs: [], maps: [host.engine.bpf.createMap(message.map)] })
    case 'loadObject': {
      const { progs, maps } = host.engine.loadObject(message.object)
      return toMain({ t: 'loaded', id: message.id, progs: progs.map(describeProg), maps: [...maps] })
    }
    case 'load': {
      const found = await host.engine.load(message.path, message.set)
      const tag = createHash('sha1').update(readFileSync(message.path)).digest('hex').slice(0, 16)
      const progs = found.map(({ name, target }) => ({ name, target, key: name, tag, sleepable: false, gpl: true, mapIds: [] }))
      return toMain({ t: 'loaded', id: message.id, progs, maps: [] })
    }
  }
}

/** prog_tag is the beginning of the SHA-256 of the instructions (bpf_prog_calc_tag of 6.18). */
const describeProg = ({ name, target, key, sleepable, gpl, mapIds, tagBytes, xlated }: LoadedProg): ProgDesc => ({
  ...{ name, target, key, sleepable, gpl, mapIds },
  tag: createHash('sha256').update(tagBytes).digest('hex').slice(0, 16),
  sizes: { xlated },
})

parentPort!.on('message', (message: EngineCommand) => {
  command(message).catch((err: unknown) => {
    const id = 'id' in message ? message.id : 0
    const errno = errnoOf(err, () => {})
    toMain({ t: 'failed', id, failure: { errno, message: (err as Error | null)?.message ?? String(err) } })
  })
})
port.on('message', (request: EngineRequest) => host.handle(request))
// Made before the first object wants them.
if (init.kind === 'objects') kernelTypes()
process.on('unhandledRejection', report)
