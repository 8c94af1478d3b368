// iterfs read: one iteration to standard output, without a mount.
import { writeSync } from 'node:fs'
import { resolve } from 'node:path'
import { type MapInfo, nodePlatform, Recording, setPointerKey } from '../../../src/index.ts'
import { CliError, cliError } from '../error.ts'
import { LocalEngine } from '../local-engine.ts'
import { parseMapRef, Words } from '../map-args.ts'
import type { MapRef } from '../map-client.ts'
import { chooseProg, linkInfoOf, type ProgOptions } from '../params.ts'

const STDOUT = 1

export async function readCommand(
  program: string,
  rest: string[],
  options: ProgOptions & { readonly replay?: string },
): Promise<void> {
  const ref = rest.length === 0 ? undefined : mapRef(new Words(rest))
  const engine = options.replay === undefined ? new LocalEngine(nodePlatform()) : replaying(options.replay)
  let read: () => Uint8Array
  try {
    const loaded = await engine.load(program, options.set)
    const prog = chooseProg(loaded.progs, options.prog)
    engine.show(loaded, prog)
    read = engine.open(prog, ref ? { map: { map_fd: ownMap(program, loaded.maps, ref) } } : linkInfoOf(options))
  } catch (err) {
    throw cliError(`can't run ${program}`, err)
  }
  try {
    for (let data = read(); data.length > 0; data = read()) writeAll(data)
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'EPIPE') return
    throw cliError(program, err)
  }
  engine.tellDenied()
}

function replaying(dir: string): LocalEngine {
  try {
    const recording = new Recording(resolve(dir))
    setPointerKey(recording.pointerKey)
    return new LocalEngine(recording.platform, recording)
  } catch (err) {
    throw cliError(`can't replay ${dir}`, err)
  }
}

function mapRef(words: Words): MapRef {
  const word = words.take()
  if (word !== 'map') throw new CliError(`expected no more arguments or 'map', got: '${word}'?`)
  return parseMapRef(words)
}

/** Without a mount the only maps are those of the object itself. */
function ownMap(program: string, maps: readonly MapInfo[], ref: MapRef): number {
  const found = 'name' in ref ? maps.find(map => map.name === ref.name) : undefined
  if (!found) {
    throw new CliError(
      `${program}: want \`map name NAME\` of a map of the object, which has: ${maps.map(map => map.name).join(', ') || 'none'}`,
      22,
    )
  }
  return found.id
}

function writeAll(data: Uint8Array): void {
  for (let at = 0; at < data.length; ) {
    try {
      at += writeSync(STDOUT, data, at)
    } catch (err) {
      // A non-blocking pipe that is full: wait for the reader.
      if ((err as NodeJS.ErrnoException).code !== 'EAGAIN') throw err
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}
