// Errors of BPF objects: a code, the data it is about, and a text made from them that says place, wanted and got. Each stage (elf,
// btf, core-relo, object, insn, vm) has a table of its own and throws through failer().
import { EINVAL, ErrnoError } from './errno.ts'

/** A table of error texts by code. */
export type ErrorTable = Readonly<Record<string, (data: never) => string>>

/** An object or a program that is refused. Its errno is what bpf(2) or libbpf would give. */
export class BpfError extends ErrnoError {
  readonly code: string
  readonly data: unknown
  constructor(code: string, data: unknown, message: string, errno: number) {
    super(errno, message)
    this.name = 'BpfError'
    this.code = code
    this.data = data
  }
}

/** The function that throws the errors of one table; it never returns. `errno` is positive, EINVAL by default. */
export const failer =
  <T extends ErrorTable>(table: T) =>
  <C extends keyof T & string>(code: C, data: Parameters<T[C]>[0], errno: number = EINVAL): never => {
    throw new BpfError(code, data, table[code]!(data as never), errno)
  }
