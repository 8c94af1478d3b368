// Options that several verbs share: an iterator's parameters, globals, and which program of a module.
import { openSync, readFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { IterLinkInfo } from '../../src/index.ts'
import { EBADF, EINVAL, ENOENT } from '../../src/util/errno.ts'
import { CliError, cliError, wholeNumber } from './error.ts'

export interface ProgOptions {
  pid?: string
  tid?: string
  pidFd?: string
  cgroup?: string
  cgroupId?: string
  cgroupFd?: string
  order?: string
  set: Record<string, string>
  prog?: string
}

/** enum bpf_cgroup_iter_order */
const ORDERS = { self_only: 1, descendants_pre: 2, descendants_post: 3, ancestors_up: 4 } as const

/** Adds the options. */
export function progOptions(command: Command): Command {
  return command
    .option('--pid <n>', 'iterate the process with this id')
    .option('--tid <n>', 'iterate the thread with this id')
    .option('--pid-fd <n>', 'iterate the process behind this pidfd, a descriptor that iterfs inherits')
    .option(
      '--cgroup <dir>',
      'begin at the cgroup of this folder, of v2 or v1; without it, --cgroup-id and --cgroup-fd at the root of v2',
    )
    .option('--cgroup-id <n>', 'begin at the v2 cgroup with this id, the inode number of its folder')
    .option('--cgroup-fd <n>', 'begin at the cgroup behind this descriptor, which iterfs inherits')
    .option('--order <name>', `how to go on from the first cgroup: ${Object.keys(ORDERS).join(', ')}`)
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
  const cgroup = cgroupInfo(options)
  if (cgroup) {
    if (pid !== undefined || tid !== undefined || pidFd !== undefined)
      throw new CliError('want parameters of tasks or of cgroups, got both', EINVAL)
    return { cgroup }
  }
  if (pid === undefined && tid === undefined && pidFd === undefined) return undefined
  const task: { pid?: number; tid?: number; pid_fd?: number } = {}
  if (pid !== undefined) task.pid = wholeNumber('--pid', pid)
  if (tid !== undefined) task.tid = wholeNumber('--tid', tid)
  if (pidFd !== undefined) task.pid_fd = wholeNumber('--pid-fd', pidFd)
  return { task }
}

function cgroupInfo({ cgroup, cgroupId, cgroupFd, order }: ProgOptions): IterLinkInfo['cgroup'] {
  if (cgroup === undefined && cgroupId === undefined && cgroupFd === undefined && order === undefined) return undefined
  if (order !== undefined && !Object.hasOwn(ORDERS, order))
    throw new CliError(`--order: want ${Object.keys(ORDERS).join(', ')}, got "${order}"`, EINVAL)
  if (cgroup !== undefined && cgroupFd !== undefined) throw new CliError('want one of --cgroup and --cgroup-fd, got both', EINVAL)
  if (cgroupId !== undefined && !/^\d+$/.test(cgroupId))
    throw new CliError(`--cgroup-id: want a whole number, got "${cgroupId}"`, EINVAL)
  return {
    order: order === undefined ? 0 : ORDERS[order as keyof typeof ORDERS],
    ...(cgroup === undefined ? {} : { cgroup_fd: openFolder(cgroup) }),
    ...(cgroupFd === undefined ? {} : { cgroup_fd: wholeNumber('--cgroup-fd', cgroupFd) }),
    ...(cgroupId === undefined ? {} : { cgroup_id: BigInt.asUintN(64, BigInt(cgroupId)) }),
  }
}

/** A descriptor of a cgroup's folder, open until the command ends. */
function openFolder(dir: string): number {
  try {
    return openSync(dir, 'r')
  } catch (err) {
    throw cliError(`--cgroup ${dir}`, err)
  }
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

/**
 * As linkInfoOf(), for a daemon: a descriptor means nothing there, so a pidfd is sent as the number it stands for, and a cgroup as
 * its place. A descriptor that is no cgroup stays what it is: the target refuses it when its turn comes.
 */
export async function remoteLinkInfo(options: ProgOptions): Promise<IterLinkInfo | undefined> {
  const info = linkInfoOf(options)
  if (info?.cgroup?.cgroup_fd) {
    const { nodePlatform, placeOfFd } = await import('../../src/index.ts')
    const { cgroup_fd, ...rest } = info.cgroup
    const place = placeOfFd(nodePlatform(), cgroup_fd)
    return { cgroup: { ...rest, ...(place ? { place } : { cgroup_fd }) } }
  }
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
