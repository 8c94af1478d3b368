// The kernel's own iterators as the oracle: compiles BPF C, pins into a bpffs of the test's own.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Ran, run, scratch } from './daemon.ts'
import { ROOT } from './paths.ts'

let reason: string | undefined

/** Why the kernel's BPF iterators cannot be used here; false when they can. */
export function noKernelBpf(): string | false {
  if (reason === undefined) reason = probe()
  return reason === '' ? false : reason
}

function probe(): string {
  if (process.getuid!() !== 0) return 'needs root for the bpf iterators of the kernel'
  if (!existsSync('/sys/kernel/btf/vmlinux')) return 'the kernel has no BTF'
  for (const tool of ['clang', 'bpftool', 'cc'])
    if (run('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${tool}`]).status !== 0) return `${tool} is not installed`
  let kernel: Kernel
  try {
    kernel = new Kernel()
  } catch (err) {
    return `no bpffs can be mounted: ${(err as Error).message}`
  }
  try {
    // A program that does not compile is a failure of ours, and no reason to skip.
    const object = kernel.compile('example.bpf.c', { TARGET: 1 })
    try {
      kernel.pin(object, 'probe')
      return ''
    } catch (err) {
      return `the kernel refuses iterators: ${(err as Error).message}`
    }
  } finally {
    kernel.close()
  }
}

/** A scratch folder with a bpffs and compiled objects. */
export class Kernel {
  readonly #work = scratch()
  readonly dir = join(this.#work, 'bpffs')

  constructor() {
    mkdirSync(this.dir)
    must('mount', ['-t', 'bpf', 'bpf', this.dir])
  }

  /** Folder of scratch files, which goes when this is closed. */
  get work(): string {
    return this.#work
  }

  /** A folder in it. */
  folder(name: string): string {
    const path = join(this.#work, name)
    mkdirSync(path, { recursive: true })
    return path
  }

  /** Compiles test/bpf/NAME with -D defines; the object's path. */
  compile(name: string, defines: Record<string, number> = {}): string {
    return this.#clang(join(ROOT, 'test/bpf', name), defines)
  }

  /** Compiles programs/NAME against the kernel's types. */
  compileProgram(name: string): string {
    return this.#clang(join(ROOT, 'programs', name), {})
  }

  /** Compiles a program given as text. */
  compileText(text: string, name: string): string {
    const file = join(this.#work, `${name}.c`)
    writeFileSync(file, text)
    return this.#clang(file, {})
  }

  #clang(source: string, defines: Record<string, number>): string {
    this.vmlinux()
    const object = join(this.#work, `${basename(source, '.c')}-${Object.values(defines).join('-')}.o`)
    const flags = Object.entries(defines).map(([key, value]) => `-D${key}=${value}`)
    must('clang', ['-target', 'bpf', '-O2', '-g', '-Wall', '-Werror', '-I', this.#work, ...flags, '-c', source, '-o', object])
    return object
  }

  /** Writes the kernel's vmlinux.h when it is not there yet; the folder that it is in. */
  vmlinux(): string {
    const header = join(this.#work, 'vmlinux.h')
    if (!existsSync(header)) writeFileSync(header, bpftool('btf', 'dump', 'file', '/sys/kernel/btf/vmlinux', 'format', 'c'))
    return this.#work
  }

  /**
   * Pins an object's iterator; `info` is what bpftool cannot say, as iter_pin takes it: `tid N`, `pid N`, `map PIN`, `order N`, `cgroup DIR`, `prog NAME`,
   * `set NAME=VALUE`.
   * The path of the pin.
   */
  pin(object: string, name: string, info: readonly string[] = []): string {
    const path = join(this.dir, name)
    if (info.length === 0) bpftool('iter', 'pin', object, path)
    else must(this.#pinner(), [object, path, ...info])
    return path
  }

  /** As pin(), with what iter_pin prints (the link's fdinfo for `fdinfo -`), for a pin that may fail: the status is 256 - errno. */
  tryPin(object: string, name: string, info: readonly string[]): Ran {
    return run(this.#pinner(), [object, join(this.dir, name), ...info])
  }

  /** Creates a map with bpftool's words (`type hash key 4 ...`), pins it, and updates it (`key 1 0 0 0 value ...`). The path of the pin. */
  map(name: string, create: string, updates: readonly string[]): string {
    const path = join(this.dir, name)
    bpftool('map', 'create', path, ...create.split(' '))
    for (const update of updates) bpftool('map', 'update', 'pinned', path, ...update.split(' '))
    return path
  }

  /** Runs test/bpf/verdicts: what the verifier says of each helper or kfunc, by number or name. */
  verdicts(...args: readonly (string | number)[]): Map<string, string> {
    const program = join(this.#work, 'verdicts')
    if (!existsSync(program)) must('cc', ['-O1', '-o', program, join(ROOT, 'test/bpf/verdicts.c'), '-lbpf'])
    const lines = must(program, args.map(String)).trim().split('\n')
    return new Map(lines.map(line => line.split(' ') as [string, string]))
  }

  read(path: string): string {
    return readFileSync(path, 'latin1')
  }

  /** Unmounts; the objects go with it. */
  close(): void {
    run('umount', ['-l', this.dir])
    run('rm', ['-rf', this.#work])
  }

  #pinner(): string {
    const program = join(this.#work, 'iter_pin')
    if (!existsSync(program)) must('cc', ['-O1', '-o', program, join(ROOT, 'test/bpf/iter_pin.c'), '-lbpf'])
    return program
  }
}

/** Runs bpftool, which ordinary paths do not lead to. */
export const bpftool = (...args: string[]): string =>
  must('sh', ['-c', 'PATH=$PATH:/usr/sbin; exec bpftool "$@"', 'bpftool', ...args])

function must(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = run(command, args)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${status} ${stderr}`)
  return stdout
}
