// A network namespace of a test's own: a Python program in it makes sockets, routes and the like, and keeps them until it is stopped.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { run } from './daemon.ts'

/** What every such program begins with. `ready()` says that everything is there. */
const PRELUDE = `
import fcntl, os, signal, socket, struct, subprocess, sys, threading, time
def sh(command): subprocess.run(command, shell=True, check=True)
def ready():
    print('READY', flush=True)
    sys.stdin.read()
sh('ip link set lo up')
`

export interface NetnsProcess {
  /** Of the program, which is in the namespace. */
  readonly pid: number
  /** Runs a command there: `cat PIN` reads as a process of the namespace. */
  run(command: string, args: readonly string[]): ReturnType<typeof run>
  /** Ends the program, and with it the namespace. Safe to call twice. */
  stop(): Promise<void>
}

/** Starts `python`, which calls ready() at its end, in a new network namespace. Needs root. @throws Error with what it printed */
export async function startNetns(python: string): Promise<NetnsProcess> {
  const child: ChildProcess = spawn('unshare', ['-n', 'python3', '-c', PRELUDE + python], { stdio: ['pipe', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stderr!.on('data', chunk => {
    err += chunk
  })
  const ended = once(child, 'exit')
  await new Promise<void>((resolve, reject) => {
    child.stdout!.on('data', chunk => {
      out += chunk
      if (out.includes('READY\n')) resolve()
    })
    child.on('exit', code => reject(new Error(`workload ended with ${code}: ${out}${err}`)))
  })
  return {
    pid: child.pid!, // unshare(1) becomes the program
    run: (command, args) => run('nsenter', ['-t', `${child.pid}`, '-n', command, ...args]),
    async stop() {
      child.stdin!.end()
      child.kill('SIGKILL')
      await ended
    },
  }
}
