// A network namespace of a test's own: a Python program in it makes sockets, routes and the like, and keeps them until it is stopped.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { run } from './daemon.ts'

/** What every such program begins with. `ready()` says that everything is there; `serve()`, in its place, answers ask(). */
const PRELUDE = `
import fcntl, json, os, signal, socket, struct, subprocess, sys, threading, time
def sh(command): subprocess.run(command, shell=True, check=True)
def ready():
    print('READY', flush=True)
    sys.stdin.read()
def serve(commands):
    print('READY', flush=True)
    for line in sys.stdin:
        name, *args = line.split()
        print(json.dumps(commands[name](*args)), flush=True)
sh('ip link set lo up')
`

export interface NetnsProcess {
  /** Of the program, which is in the namespace. */
  readonly pid: number
  /** Runs a command there: `cat PIN` reads as a process of the namespace. */
  run(command: string, args: readonly string[]): ReturnType<typeof run>
  /** What the command of serve() with this name gives for these words, as JSON. */
  ask(...words: readonly string[]): Promise<unknown>
  /** Ends the program, and with it the namespace. Safe to call twice. */
  stop(): Promise<void>
}

/** Starts `python`, which calls ready() or serve() at its end, in a new network namespace. Needs root. @throws Error with what it printed */
export async function startNetns(python: string): Promise<NetnsProcess> {
  const child: ChildProcess = spawn('unshare', ['-n', 'python3', '-c', PRELUDE + python], { stdio: ['pipe', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stderr!.on('data', chunk => {
    err += chunk
  })
  const ended = once(child, 'exit')
  let wake: (() => void) | undefined
  child.stdout!.on('data', chunk => {
    out += chunk
    wake?.()
  })
  child.on('exit', () => wake?.())
  const line = async (): Promise<string> => {
    while (!out.includes('\n')) {
      if (child.exitCode !== null || child.signalCode) throw new Error(`workload ended with ${child.exitCode}: ${out}${err}`)
      await new Promise<void>(done => {
        wake = done
      })
    }
    const end = out.indexOf('\n')
    const text = out.slice(0, end)
    out = out.slice(end + 1)
    return text
  }
  for (let text = ''; text !== 'READY'; ) text = await line()
  return {
    pid: child.pid!, // unshare(1) becomes the program
    run: (command, args) => run('nsenter', ['-t', `${child.pid}`, '-n', command, ...args]),
    async ask(...words) {
      child.stdin!.write(`${words.join(' ')}\n`)
      return JSON.parse(await line())
    },
    async stop() {
      child.stdin!.end()
      child.kill('SIGKILL')
      await ended
    },
  }
}
