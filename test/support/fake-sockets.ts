// Sockets for maps that need no machine: descriptor N is socket N; those up to 99 may be in maps, until they are closed.
import type { MapEnv } from '../../src/maps/base.ts'
import { EBADF, EOPNOTSUPP } from '../../src/util/errno.ts'

export class FakeSockets implements NonNullable<MapEnv['sockets']> {
  readonly closed = new Set<string>()
  /** References by key. */
  readonly holds = new Map<string, number>()

  at(fd: number): string | number {
    return fd < 100 ? `${fd}` : fd < 200 ? -EOPNOTSUPP : -EBADF
  }
  hold(key: string): void {
    this.holds.set(key, (this.holds.get(key) ?? 0) + 1)
  }
  put(key: string): void {
    const left = this.holds.get(key)! - 1
    if (left > 0) this.holds.set(key, left)
    else this.holds.delete(key)
  }
  isOpen(key: string): boolean {
    return !this.closed.has(key)
  }
  cookie(key: string): bigint {
    return BigInt(key) + 1000n
  }
}
