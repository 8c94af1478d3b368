// Test doubles of the platform: one that refuses everything, and one that serves a tree of fixture files.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Dir, ENOENT, ErrnoError, type Platform } from '../../src/index.ts'
import { ROOT } from './paths.ts'

const refuse = (what: string) => (): never => {
  throw new Error(`the test did not grant ${what}`)
}

/** Grants nothing; a test spreads it and adds what it expects to be used. */
export const noPlatform: Platform = {
  openDir: refuse('openDir'),
  read: refuse('read'),
  list: refuse('list'),
  stat: refuse('stat'),
  exists: refuse('exists'),
  sameFiles: refuse('sameFiles'),
  parentNs: refuse('parentNs'),
  openNet: refuse('openNet'),
  socketOf: refuse('socketOf'),
  nowMs: refuse('nowMs'),
  sleptNs: refuse('sleptNs'),
  clockNs: refuse('clockNs'),
  readMemory: refuse('readMemory'),
  kconfig: refuse('kconfig'),
  cpu: refuse('cpu'),
  cpus: 2,
  userHz: 100,
  pageSize: 4096,
}

/** A folder of test/fixtures/proc, whose files stand for those of every task. `reads` hears of each look, in order. */
export function fixturePlatform(name: string, reads: string[] = []): Platform {
  const root = join(ROOT, 'test/fixtures/proc', name)
  const files = new Set(readdirSync(root))
  const openDir = (path: string): Dir => {
    reads.push(`open ${path}`)
    return {
      read(file) {
        reads.push(file)
        if (!files.has(file)) throw new ErrnoError(ENOENT, file)
        return readFileSync(join(root, file))
      },
      readlink: refuse('readlink'),
      list: refuse('list'),
      stat: refuse('stat'),
      close: () => void reads.push('close'),
    }
  }
  return { ...noPlatform, openDir, sleptNs: () => 0n }
}
