// iterfs record: what programs read of this machine, as a folder from which `--replay` reads it again.
import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import {
  type Ctx,
  checkEmpty,
  ErrnoError,
  type FoundProg,
  findTarget,
  type IterLinkInfo,
  listTargets,
  nodePlatform,
  type Platform,
  Recorder,
  setPointerKey,
  visitor,
} from '../../../src/index.ts'
import { CliError, cliError } from '../error.ts'
import { LocalEngine } from '../local-engine.ts'
import { chooseProg, linkInfoOf, type ProgOptions } from '../params.ts'

/** Targets whose objects are those of iterfs, not of the machine. */
const OWN = ['bpf_prog', 'bpf_map', 'bpf_link', 'bpf_map_elem']

export async function recordCommand(dir: string, what: string[], options: ProgOptions): Promise<void> {
  const to = resolve(dir)
  const recorder = new Recorder(nodePlatform(), { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() })
  setPointerKey(recorder.head.pointerKey)
  const engine = new LocalEngine(recorder.platform)
  const info = linkInfoOf(options)
  const failed: string[] = []
  const run = async (name: string, work: () => Promise<void> | void): Promise<void> => {
    try {
      await work()
    } catch (err) {
      if (err instanceof CliError) throw err
      failed.push(`${name}: ${cliError('', err).message}`)
    }
  }
  try {
    checkEmpty(to)
    for (const name of what) if (!existsSync(name) && !findTarget(name)) throw unknown(name)
    const all = what.length > 0 ? what : listTargets().flatMap(({ target }) => (OWN.includes(target) ? [] : [target]))
    for (const name of all) {
      if (findTarget(name)) await run(name, () => recordTarget(engine, recorder.platform, name, info))
      else await run(name, () => recordProgram(engine, recorder, name, options, info))
    }
    recorder.save(to)
  } catch (err) {
    throw cliError(`can't record ${dir}`, err)
  }
  engine.tellDenied()
  for (const text of failed) process.stderr.write(`iterfs: ${text}\n`)
  if (failed.length > 0 && what.length > 0) throw new CliError(`${dir}: recorded all but what is said above`, 1)
}

function unknown(name: string): CliError {
  const names = listTargets().map(({ target }) => target)
  return new CliError(`want a program's file or one of the targets ${names.join(', ')}, got ${name}`, 22)
}

/** Runs the programs of a file to their ends; what they print is kept. */
async function recordProgram(
  engine: LocalEngine,
  recorder: Recorder,
  file: string,
  options: ProgOptions,
  info: IterLinkInfo | undefined,
): Promise<void> {
  const loaded = await engine.load(file, options.set)
  const { progs } = loaded
  for (const prog of options.prog === undefined ? progs : [chooseProg(progs, options.prog)]) {
    const name = progs.length === 1 ? basename(file) : `${basename(file)}.${prog.name}`
    engine.show(loaded, prog)
    recorder.output(`${name}.txt`, readToEnd(engine, prog, info))
  }
}

/** Looks at all fields that programs of the target can read, and at what helpers want of a task and of the reader. */
function recordTarget(engine: LocalEngine, platform: Platform, target: string, info: IterLinkInfo | undefined): void {
  const { run } = visitor(target)
  engine.add(target, {
    target,
    run(ctx) {
      run(ctx)
      const task = (ctx as Partial<Ctx<'task'>>).task
      if (task) lookAt(platform, OF_TASK, `/proc/${task.tgid}/task/${task.pid}`)
      if (task) lookAt(platform, ['stack', 'status', 'comm', 'cgroup'], `/proc/${task.pid}`)
    },
  })
  readToEnd(engine, { key: target, target }, info)
  const own = `/proc/${process.pid}`
  lookAt(platform, ['comm', 'status', 'cgroup', '../self/mountinfo', '../sys/kernel/osrelease'], own)
  for (const task of [own, '/proc/self']) platform.stat(`${task}/ns/pid`)
  platform.kconfig()
}

/** What a cgroup iterator without parameters stands for here: from the root of v2 (BPF_CGROUP_ITER_DESCENDANTS_PRE). */
const ALL_CGROUPS: IterLinkInfo = { cgroup: { order: 2 } }

/** Programs that share a mount namespace or ask through helpers look at these of some tasks only, which no field tells. */
const OF_TASK = ['mountinfo', 'syscall']

function lookAt(platform: Platform, names: readonly string[], folder: string): void {
  for (const name of names) {
    try {
      platform.read(`${folder}/${name}`)
    } catch (err) {
      if (!(err instanceof ErrnoError)) throw err
    }
  }
}

function readToEnd(engine: LocalEngine, prog: Pick<FoundProg, 'key' | 'target'>, info: IterLinkInfo | undefined): Uint8Array {
  const read = engine.open(prog, prog.target === 'cgroup' && !info?.cgroup ? { ...info, ...ALL_CGROUPS } : info)
  const parts: Uint8Array[] = []
  for (let data = read(); data.length > 0; data = read()) parts.push(data.slice())
  return Buffer.concat(parts)
}
