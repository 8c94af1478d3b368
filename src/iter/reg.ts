// The register of iterator targets: what struct bpf_iter_reg and bpf_iter_reg_target() are in the kernel.

import type { SeqOperations } from '../seq/seq-operations.ts'
import { EEXIST, EINVAL, ErrnoError } from '../util/errno.ts'
import type { IterAux, IterLinkInfo, LinkInfo } from './link.ts'

/** Verifier state of one context argument (enum bpf_reg_type with its flags), as kernel-semantics section 4 lists it. */
export interface CtxArgInfo {
  /** Name of the context field, e.g. `task`. */
  readonly name: string
  /** C type of the field, e.g. `struct task_struct *`, `u32`. */
  readonly type: string
  /** Pointers only: may be NULL, so that a program must test it. */
  readonly orNull?: boolean
  /** Pointers only: PTR_TRUSTED. */
  readonly trusted?: boolean
  /** Buffers only (map key and value): read-only or writable. */
  readonly buf?: 'rdonly' | 'rdwr'
}

/** The only feature bit of the kernel: the session may yield between two objects, and sleepable programs may link. */
export const BPF_ITER_RESCHED = 1

/** What an open session knows of the one who opened it. */
export interface Opener {
  /** Thread id of the caller in the daemon's pid namespace; 0 when the transport does not tell. */
  readonly pid: number
  readonly uid: number
  readonly gid: number
}

export interface SeqInfo {
  /**
   * init_seq_private with seq_ops: makes the state of one open file. Called at open.
   * @throws ErrnoError when the source is not there or may not be used
   */
  open(aux: IterAux, opener: Opener): SeqOperations
}

/** struct bpf_iter_reg: one row per target. */
export interface IterReg {
  readonly target: string
  /** The member of union bpf_iter_link_info that attach_target looks at. */
  readonly parameters?: keyof IterLinkInfo
  /** Checks and resolves the parameters at link creation. @throws ErrnoError with the kernel's errno */
  readonly attach_target?: (info: IterLinkInfo | undefined) => IterAux
  /** Gives back what attach_target took. */
  readonly detach_target?: (aux: IterAux) => void
  /** The target's lines of a link's fdinfo, each ending in a newline. */
  readonly show_fdinfo?: (aux: IterAux) => string
  /** Adds the target's fields to the link info. */
  readonly fill_link_info?: (aux: IterAux, info: LinkInfo) => void
  /** Names of helpers that programs of this target may call beyond the common set. */
  readonly get_func_proto?: readonly string[]
  readonly ctx_arg_info: readonly CtxArgInfo[]
  readonly feature: number
  readonly seq_info: SeqInfo
}

const targets = new Map<string, IterReg>()

/**
 * Registers a target. Public API: a TypeScript module calls it to add a target of its own.
 * @throws ErrnoError EEXIST for a name that is taken, EINVAL for a name that no BPF function could have
 */
export function bpf_iter_reg_target(reg: IterReg): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(reg.target))
    throw new ErrnoError(EINVAL, `bpf_iter_reg_target: want a C identifier as target name, got "${reg.target}"`)
  if (targets.has(reg.target)) throw new ErrnoError(EEXIST, `bpf_iter_reg_target: target "${reg.target}" is registered already`)
  targets.set(reg.target, reg)
}

/** The target of that name, or undefined. */
export const findTarget = (name: string): IterReg | undefined => targets.get(name)

/** All targets, in the order of their registration. */
export const listTargets = (): readonly IterReg[] => [...targets.values()]
