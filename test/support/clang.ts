// Compiles many BPF programs, a few at a time.
import { spawn } from 'node:child_process'
import { cpus } from 'node:os'
import { cleanEnv } from './daemon.ts'

export interface Compilation {
  readonly source: string
  readonly object: string
  /** Folders of headers. */
  readonly include: readonly string[]
  /** Name of the compiler (default: clang). */
  readonly clang?: string
  /** -O (default: 2) */
  readonly level?: string
  /** -mcpu; the compiler's own default without it. */
  readonly cpu?: string
  /** More flags. */
  readonly flags?: readonly string[]
}

const AT_A_TIME = Math.min(2, cpus().length)

/** Compiles all. @throws Error with what a compiler said, for the first one that fails */
export async function compileAll(jobs: readonly Compilation[]): Promise<void> {
  const left = [...jobs]
  const worker = async (): Promise<void> => {
    for (let job = left.shift(); job; job = left.shift()) await compile(job)
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker))
}

function compile({ source, object, include, clang = 'clang', level = '2', cpu, flags: more = [] }: Compilation): Promise<void> {
  const args = ['-target', 'bpf', `-O${level}`, ...(cpu ? [`-mcpu=${cpu}`] : []), '-g', '-Wall', '-Werror', ...more]
  const flags = [...include.flatMap(dir => ['-I', dir]), '-c', source, '-o', object]
  const child = spawn(clang, [...args, ...flags], { env: cleanEnv(), stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', part => {
    stderr += String(part)
  })
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('close', status => (status === 0 ? done() : fail(new Error(`${clang} ${source}: ${status} ${stderr}`))))
  })
}
