// Types of the package fuse-native 2.2.6 as far as iterfs uses it. Callbacks take a negative errno (or a result) first.
declare module 'fuse-native' {
  type Done = (result: number, value?: unknown) => void
  export type FuseNativeOps = Record<string, (...args: never[]) => void>
  export default class Fuse {
    constructor(dir: string, ops: FuseNativeOps, options: Record<string, unknown>)
    mount(done: (err: Error | null) => void): void
    unmount(done: (err: Error | null) => void): void
  }
  export type { Done }
}
