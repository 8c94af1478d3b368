// Options that several verbs share: a task iterator's parameters, globals, and which program of a module.
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { IterLinkInfo } from '../../src/index.ts'
import { EBADF, ENOENT } from '../../src/util/errno.ts'
import { CliError, wholeNumber } from './error.ts'

export interface ProgOptions {
  pid?: string
  tid?: string
  pidFd?: string
  set: Record<string, string>
  prog?: string
}

/** Adds the options. */
export function progOptions(command: Command): Command {
  return command
    .option('--pid <n>', 'iterate the process with this id')
    .option('--tid <n>', 'iterate the thread with this id')
    .option('--pid-fd <n>', 'iterate the process behind this pidfd, a descriptor that iterfs inherits')
    .option('--set <name=value>', 'set a global of the program before it is loaded (may be repeated)', addSet, {})
    .option('--prog <name>', 'the program to use when the module has several (default: the first)')
}

function addSet(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new CliError(`--set: want NAME=VALUE, got "${text}"`, 22)
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

/** union bpf_iter_link_info from the options; undefined when none is given. */
export function linkInfoOf(options: ProgOptions): IterLinkInfo | undefined {
  const { pid, tid, pidFd } = options
  if (pid === undefined && tid === undefined && pidFd === undefined) return undefined
  const task: { pid?: number; tid?: number; pid_fd?: number } = {}
  if (pid !== undefined) task.pid = wholeNumber('--pid', pid)
  if (tid !== undefined) task.tid = wholeNumber('--tid', tid)
  if (pidFd !== undefined) task.pid_fd = wholeNumber('--pid-fd', pidFd)
  return { task }
}

/**
 * The process that a pidfd of this process names, from its fdinfo: a number that no process has for one that is gone.
 * @throws CliError EBADF for any other descriptor
 */
export function pidOfPidfd(fd: number): number {
  let text = ''
  try {
    text = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
  } catch {
    // Not open: the same error as for a descriptor of another kind.
  }
  const pid = /^Pid:\t(-?\d+)$/m.exec(text)?.[1]
  if (pid === undefined)
    throw new CliError(
      `--pid-fd ${fd}: want a pidfd, got ${text ? 'another kind of descriptor' : 'one that is not open'}: Bad file descriptor`,
      EBADF,
    )
  return Number(pid) > 0 ? Number(pid) : 0x7fff_ffff
}

/** As linkInfoOf(), for a daemon: a descriptor means nothing there, so a pidfd is sent as the number it stands for. */
export function remoteLinkInfo(options: ProgOptions): IterLinkInfo | undefined {
  const info = linkInfoOf(options)
  if (info?.task?.pid_fd === undefined || info.task.pid !== undefined || info.task.tid !== undefined) return info
  return { task: { pid: pidOfPidfd(info.task.pid_fd) } }
}

/** The program that --prog names, or the first. @throws CliError */
export function chooseProg<T extends { name: string }>(progs: readonly T[], name: string | undefined): T {
  const found = name === undefined ? progs[0] : progs.find(prog => prog.name === name)
  const names = progs.map(prog => prog.name)
  if (!found)
    throw new CliError(
      name === undefined ? 'it has no iterator' : `no program "${name}"; it has: ${names.join(', ') || 'none'}`,
      ENOENT,
    )
  return found
}
