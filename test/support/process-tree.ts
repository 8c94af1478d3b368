// A controlled process: three threads beside the leader, one of them with an fd table of its own, all asleep.
import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { cleanEnv, scratch } from './daemon.ts'

const SCRIPT = `
import ctypes, os, socket, sys, threading, time, mmap
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(15, b'leader (x) y', 0, 0, 0)
folder = sys.argv[1]
ready = threading.Barrier(4)
tids = {}
def body(name, own):
    libc.prctl(15, name.encode(), 0, 0, 0)
    if own:
        assert libc.unshare(0x400) == 0
        keep.append(os.open('/dev/zero', os.O_RDWR))
        os.close(first)
    tids[name] = threading.get_native_id()
    ready.wait()
    time.sleep(3600)
keep = [os.open('/dev/null', os.O_RDONLY), os.open(folder + '/data', os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)]
first = keep[0]
os.write(keep[1], b'0123456789' * 500)
os.lseek(keep[1], 4, 0)
keep += list(os.pipe()) + [socket.socket(), os.eventfd(0), os.open('/proc/self/status', os.O_RDONLY), os.open('/', os.O_PATH | os.O_DIRECTORY)]
gone = os.open(folder + '/gone', os.O_RDWR | os.O_CREAT); os.unlink(folder + '/gone'); keep.append(gone)
os.ftruncate(keep[1], 4096); m = mmap.mmap(keep[1], 4096); s = mmap.mmap(-1, 8192)
for name, own in (('shares', False), ('own-table', True), ('third', False)):
    threading.Thread(target=body, args=(name, own), daemon=True).start()
ready.wait()
if len(sys.argv) > 2: os.nice(3)
print(os.getpid(), tids['shares'], tids['own-table'], tids['third'], flush=True)
sys.stdout.close(); os.close(1)
time.sleep(3600)
`

export interface ProcessTree {
  readonly pid: number
  readonly shares: number
  readonly ownTable: number
  readonly third: number
  readonly child: ChildProcess
  stop(): void
}

/** Starts it and waits until it sleeps. */
export function startProcessTree(): Promise<ProcessTree> {
  const folder = scratch()
  const child = spawn('python3', ['-c', SCRIPT, folder, 'nice'], {
    env: cleanEnv(),
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return new Promise((done, fail) => {
    let text = ''
    child.stdout!.on('data', part => {
      text += String(part)
      if (!text.endsWith('\n')) return
      const [pid, shares, ownTable, third] = text.trim().split(' ').map(Number) as [number, number, number, number]
      const stop = (): void => {
        child.kill('SIGKILL')
        rmSync(join(folder), { recursive: true, force: true })
      }
      setTimeout(() => done({ pid, shares, ownTable, third, child, stop }), 200)
    })
    child.on('exit', code => fail(new Error(`the helper process ended with ${code}`)))
  })
}
