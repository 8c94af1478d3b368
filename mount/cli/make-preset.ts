// Makes a preset in a mount, through .iterfs/ctl as any client does: calls wait for the daemon, so this is nothing for its own threads.
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Client, mountOf, withClient } from './client.ts'
import { pinIterator } from './commands/pin.ts'
import type { Preset, PresetLinks, PresetPin } from './presets.ts'

/** Where the build puts the objects that ship with iterfs. */
const PROGRAMS = fileURLToPath(new URL('../../programs/', import.meta.url))
const FOLDER_MODE = 0o755

/**
 * Pins what the preset lists, then makes its links. One that fails is left out.
 * @returns what was left out and why, a line each
 * @throws CliError when the daemon at `dir` does not let this user pin
 */
export function makePreset(dir: string, { host, pins: all, links }: Preset): string[] {
  const pins = all.filter(({ path }) => existsSync(join(host, path)))
  const left: string[] = []
  const attempt = (what: string, body: () => void): void => {
    try {
      body()
    } catch (err) {
      left.push(`${what}: ${(err as Error).message}`)
    }
  }
  const folders = new Set([...pins.map(({ path }) => dirname(path)), ...links.map(({ path }) => path)])
  for (const folder of folders) if (folder !== '.' && folder !== '') attempt(folder, () => makeFolder(join(dir, folder)))
  withClient(mountOf(dir), client => {
    for (const pin of pins) if (existsSync(objectOf(pin))) attempt(`${pin.path} is not pinned`, () => makePin(client, dir, pin))
  })
  const missing = pins.filter(pin => !existsSync(objectOf(pin)))
  if (missing.length > 0) left.push(missingText(missing))
  const taken = new Set(pins.flatMap(({ path }) => [path, dirname(path)]))
  for (const row of links) attempt(`links to ${row.host}`, () => makeLinks(dir, row, taken))
  return left
}

const objectOf = ({ program }: PresetPin): string => join(PROGRAMS, `${program}.bpf.o`)

const missingText = (missing: readonly PresetPin[]): string =>
  `${missing.map(({ path }) => path).join(', ')}: not pinned, for want of ${missing.map(({ program }) => `${program}.bpf.o`).join(', ')} ` +
  `in ${PROGRAMS}; \`npm run build\` makes them where clang and libbpf's headers are`

/** With its mode whatever the umask is. */
function makeFolder(path: string): void {
  mkdirSync(path)
  chmodSync(path, FOLDER_MODE)
}

function makePin(client: Client, dir: string, pin: PresetPin): void {
  const path = join(dir, pin.path)
  pinIterator(client, objectOf(pin), path, { set: pin.set ?? {} }, undefined, undefined)
  chmodSync(path, pin.mode)
}

/** Numbers are left out, since processes come and go, and names with a dot, which no link may have. */
function makeLinks(dir: string, { host, path }: PresetLinks, taken: ReadonlySet<string>): void {
  for (const name of readdirSync(host)) {
    if (/^\d+$|\./.test(name) || taken.has(join(path, name))) continue
    symlinkSync(join(host, name), join(dir, path, name))
  }
}
