// iterfs map: the verbs of ./map.ts on the maps of all mounts.
import { withMaps } from '../daemon-maps.ts'
import { runMap } from './map.ts'

export function mapCommand(words: string[]): void {
  const output = {
    stdout: (text: string) => process.stdout.write(text),
    stderr: (text: string) => process.stderr.write(text),
  }
  process.exitCode = withMaps(maps => runMap(words, maps, output))
}
