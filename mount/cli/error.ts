// How a command fails: one line on stderr and bpftool's exit status, -errno as the shell sees it.
import { ErrnoError, errnoOf, strerror } from '../../src/util/errno.ts'

/** A failure with the text to print; `errno` (positive) makes the exit status, 255 without one. */
export class CliError extends Error {
  readonly status: number
  constructor(message: string, errno = 1) {
    super(message)
    this.status = (256 - errno) & 0xff
  }
}

/** `what` failed with `err`: a CliError whose line ends in the reason. */
export function cliError(what: string, err: unknown): CliError {
  if (err instanceof CliError && !what) return err
  const errno = err instanceof CliError ? 256 - err.status : errnoOf(err, () => {})
  const own =
    err instanceof ErrnoError
      ? err.message
      : (err as { code?: string } | null)?.code
        ? strerror(errno)
        : String((err as Error).message)
  return new CliError(what ? `${what}: ${own}` : own, errno)
}

/** A whole number from an option's text. @throws CliError */
export function wholeNumber(option: string, text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > 0xffff_ffff) throw new CliError(`${option}: want a whole number, got "${text}"`, 22)
  return value
}
