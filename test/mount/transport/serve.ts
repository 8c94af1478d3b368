// Serves the tiny file system in a process of its own: node serve.js TRANSPORT DIR [OPTIONS]. Prints a line of JSON once it is
// mounted and one when the mount is gone. TRANSPORT `early` is devfuse whose thread reads before mount(2) is called; `other` as
// `early`, under the name of another file system.
import { openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { mountDevice } from '../../../mount/mnt/mount.ts'
import { parseMountOptions } from '../../../mount/mnt/options.ts'
import { mount, namesOfFlags } from '../../../mount/sys.ts'
import { serveDevFuse, writeReply } from '../../../mount/transport/devfuse.ts'
import { createTinyServer } from './tiny-server.ts'

/** Milliseconds until a late reply. */
const LATE_MS = 30

const print = (line: object): boolean => process.stdout.write(`${JSON.stringify(line)}\n`)
const O_CLOEXEC = 0o2000000
const closesOnExec = (fd: number): boolean => {
  const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))![1]!
  return (parseInt(flags, 8) & O_CLOEXEC) !== 0
}

/** The thread that reads /dev/fuse; late replies are written by the main thread. */
function startThread(fd: number): void {
  const thread = new Worker(new URL(import.meta.url), { workerData: fd, execArgv: [] })
  thread.on('message', (message: { late: Uint8Array } | { ended: string }) => {
    if ('ended' in message) print(message)
    else setTimeout(() => writeReply(fd, message.late), LATE_MS)
  })
}

async function main(transport: string, dir: string, text: string): Promise<void> {
  const options = parseMountOptions(text)
  if (transport === 'fuse-native') {
    // Not in the thread: the add-on crashes there.
    const { FuseNativeTransport } = await import('../../../mount/transport/fuse-native.ts')
    const native: InstanceType<typeof FuseNativeTransport> = new FuseNativeTransport(
      dir,
      createTinyServer(bytes => setTimeout(() => native.reply(bytes), LATE_MS)),
      namesOfFlags(options.flags),
    )
    await native.mount()
    print({ mounted: true })
    await native.closed
    print({ ended: 'unmounted' })
    process.exit(0)
  }
  if (transport === 'early' || transport === 'other') {
    const name = transport === 'early' ? 'iterfs' : 'elsewhere'
    const fd = openSync('/dev/fuse', 'r+')
    startThread(fd)
    await sleep(200)
    mount(
      name,
      dir,
      `fuse.${name}`,
      options.flags,
      `fd=${fd},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions`,
    )
    print({ mounted: true })
    return
  }
  const { fd, allowOther } = mountDevice(dir, options)
  startThread(fd)
  print({ mounted: true, allowOther, closesOnExec: closesOnExec(fd) })
}

if (isMainThread) {
  main(process.argv[2]!, process.argv[3]!, process.argv[4] ?? '').catch((err: Error) => {
    process.stderr.write(`${err.message}\n`)
    process.exit(1)
  })
} else {
  const server = createTinyServer(late => parentPort!.postMessage({ late }))
  parentPort!.postMessage({
    ended: serveDevFuse(workerData as number, server, err => {
      throw err
    }),
  })
}
