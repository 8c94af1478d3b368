// Many readers while processes come and go: 200 threads read 20 pins, 50 processes a second start and exit. SOAK_SECONDS=60 for
// the long run.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { cleanEnv, sleep, startDaemon } from './support/daemon.ts'
import { ROOT } from './support/paths.ts'

const SECONDS = Number(process.env.SOAK_SECONDS ?? 10)
const READERS = 200
const PROCESSES = 4
/** Pins by the first four letters of their names, which test/support/readers.py knows. */
const PINS: Record<string, { program: string; count: number; args: string[] }> = {
  task: { program: 'task', count: 8, args: [] },
  file: { program: 'task_file', count: 6, args: [] },
  vma_: { program: 'task_vma', count: 6, args: [] },
}

interface Counts {
  readonly reads: number
  readonly bytes: number
  readonly lines: number
  readonly errors: string[]
  readonly torn: string[]
}

t.test(`${READERS} readers for ${SECONDS} s`, { timeout: (SECONDS + 120) * 1000 }, async t => {
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  const pins: string[] = []
  for (const [prefix, { program, count, args }] of Object.entries(PINS)) {
    for (let i = 0; i < count; i++) {
      daemon.pin(join(ROOT, 'programs', `${program}.ts`), `${prefix}${i}`, ...args)
      pins.push(join(daemon.dir, `${prefix}${i}`))
    }
  }
  const churn = spawn('sh', ['-c', 'while :; do true & sleep 0.02; done'], { env: cleanEnv(), stdio: 'ignore' })
  t.teardown(() => {
    churn.kill('SIGKILL')
  })
  const readers = Array.from({ length: PROCESSES }, (_, i) =>
    read(
      SECONDS,
      READERS / PROCESSES,
      pins.map((_pin, at) => pins[(at + i * (pins.length / PROCESSES)) % pins.length]!),
    ),
  )
  const rss = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.child.pid}/status`, 'latin1'))![1]) / 1024
  const samples: number[] = []
  for (let i = 0; i < 4; i++) {
    await sleep((SECONDS * 1000) / 4)
    samples.push(Math.round(rss()))
  }
  for (const counts of await Promise.all(readers)) {
    t.same(counts.errors, [])
    t.same(counts.torn, [])
    t.ok(counts.reads > READERS / PROCESSES, `${counts.reads} reads, ${counts.lines} lines, ${Math.round(counts.bytes / 1e6)} MB`)
  }
  t.comment(`memory of the daemon in MiB: ${samples.join(', ')}`)
  // Generous: V8's heaps breathe. A leak of one session a read would be hundreds of MiB.
  t.ok(samples[3]! < samples[1]! * 1.5 + 50, 'memory is flat')
  await sleep(500)
  t.ok(readdirSync(`/proc/${daemon.child.pid}/fd`).length < 200, 'no descriptor is left behind')
  t.notMatch(daemon.log(), /"level":50/)
})

function read(seconds: number, threads: number, pins: readonly string[]): Promise<Counts> {
  const child = spawn('python3', [join(ROOT, 'test/support/readers.py'), String(seconds), String(threads), ...pins], {
    env: cleanEnv(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', part => {
    text += String(part)
  })
  return new Promise(done => child.on('close', () => done(JSON.parse(text) as Counts)))
}
