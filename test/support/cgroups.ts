// Cgroups of a test's own, below the root of a hierarchy of this machine.
import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from './daemon.ts'

/** Folder of the first mount of cgroup2, or of the v1 hierarchy with this controller; null without one. */
export function hierarchyFolder(controller: string): string | null {
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [left, right] = line.split(' - ')
    const [type, , options] = (right ?? '').split(' ')
    const wanted = controller === '' ? type === 'cgroup2' : type === 'cgroup' && options!.split(',').includes(controller)
    if (wanted && left!.split(' ')[3] === '/') return left!.split(' ')[4]!
  }
  return null
}

/** A cgroup with others in it; all of them go with it. */
export class Cgroups {
  readonly dir: string

  /** @param root the folder of a hierarchy */
  constructor(root: string) {
    this.dir = join(root, `iterfs-test-${process.pid}`)
    mkdirSync(this.dir)
  }

  /** Creates one, and those above it; its folder. */
  add(path: string): string {
    const dir = join(this.dir, path)
    mkdirSync(dir, { recursive: true })
    return dir
  }

  id(path: string): bigint {
    return statSync(join(this.dir, path), { bigint: true }).ino
  }

  /** Writes one of its files. */
  write(path: string, text: string): void {
    writeFileSync(join(this.dir, path), text)
  }

  /** Waits until those that were removed are really gone: until then they use numbers up. */
  async settle(): Promise<void> {
    const stat = (): string => readFileSync(join(this.dir, 'cgroup.stat'), 'utf8')
    await until('no dying cgroups', () => /^nr_dying_descendants 0$/m.test(stat()))
  }

  /** Removes all of them. */
  remove(dir = this.dir): void {
    for (const entry of readdirSync(dir, { withFileTypes: true })) if (entry.isDirectory()) this.remove(join(dir, entry.name))
    rmdirSync(dir)
  }
}
