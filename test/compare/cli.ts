// npm run compare -- OBJ [--pid N] [--tid N] [--prog NAME] [--set NAME=VALUE]... [map CREATE... [update KEY VALUE]...]
// Runs one object through the kernel and through iterfs, and shows the difference. OBJ may be C, which is compiled first.
// A map for bpf_map_elem programs is made on both sides, in bpftool's words:
//   npm run compare -- OBJ map type hash key 4 value 8 entries 16 name m update key 1 0 0 0 value 2 0 0 0 0 0 0 0
import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { compileAll } from '../support/clang.ts'
import { diffOf, runBoth, type Way } from '../support/compare.ts'
import { startDaemon } from '../support/daemon.ts'
import { Kernel, noKernelBpf } from '../support/kernel.ts'

const USAGE =
  'usage: npm run compare -- OBJ [--pid N] [--tid N] [--prog NAME] [--set NAME=VALUE]... [map CREATE... [update KEY VALUE]...]'
const STATUS = { same: 0, differ: 1, trouble: 2 }

class Usage extends Error {}

interface Request {
  readonly object: string
  readonly way: Way
}

function parse(args: readonly string[]): Request {
  const left = [...args]
  const set: Record<string, string> = {}
  let object: string | undefined
  let way: Way = { set }
  const value = (option: string): string => left.shift() ?? bad(`${option}: want a value`)
  const number = (option: string): number => {
    const text = value(option)
    return /^\d+$/.test(text) ? Number(text) : bad(`${option}: want a number, got "${text}"`)
  }
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    if (word === '--pid') way = { ...way, pid: number(word) }
    else if (word === '--tid') way = { ...way, tid: number(word) }
    else if (word === '--prog') way = { ...way, prog: value(word) }
    else if (word === '--set') {
      const [name, ...rest] = value(word).split('=')
      if (!name || rest.length === 0) bad('--set: want NAME=VALUE')
      else set[name] = rest.join('=')
    } else if (word === 'map') {
      const [create, ...updates] = left
        .splice(0)
        .join(' ')
        .split(/ ?\bupdate /)
      way = { ...way, map: { create: create || bad('map: want what `bpftool map create` takes after the path'), updates } }
    } else if (object === undefined && !word.startsWith('-')) object = word
    else bad(`unknown argument "${word}"`)
  }
  return { object: object ?? bad('want an object'), way }
}

function bad(message: string): never {
  throw new Usage(message)
}

async function compare({ object, way }: Request): Promise<number> {
  const reason = noKernelBpf()
  if (reason) throw new Error(`nothing to compare with: ${reason}`)
  if (!existsSync(object)) throw new Error(`${object}: no such file`)
  const kernel = new Kernel()
  const daemon = await startDaemon()
  try {
    let path = resolve(object)
    if (path.endsWith('.c')) {
      path = join(kernel.work, `${basename(path, '.c')}.o`)
      await compileAll([{ source: resolve(object), object: path, include: [kernel.vmlinux()] }])
    }
    const both = runBoth(kernel, daemon, path, way)
    const diff = diffOf(kernel, both)
    process.stdout.write(Buffer.from(diff || `the same ${both.kernel.length} bytes\n`, 'latin1'))
    return diff ? STATUS.differ : STATUS.same
  } finally {
    await daemon.stop()
    kernel.close()
  }
}

try {
  process.exitCode = await compare(parse(process.argv.slice(2)))
} catch (err) {
  process.stderr.write(`compare: ${(err as Error).message.trimEnd()}\n${err instanceof Usage ? `${USAGE}\n` : ''}`)
  process.exitCode = STATUS.trouble
}
