// All helpers of an address space by id, and what a program may call.
import { EACCES } from '../util/errno.ts'
import { FUEL_SLICE, type HelperCode } from '../vm/engine.ts'
import { type AvailableHelper, HelperContext, type Helpers, type Run, retKindOf } from './context.ts'
import { dynptrHelpers } from './dynptr.ts'
import type { HelperEnv } from './env.ts'
import { helperError } from './error.ts'
import type { Kfuncs } from './kfunc-context.ts'
import { iteratorKfuncs, OpenIterators } from './kfunc-iters.ts'
import { objectKfuncs } from './kfunc-objects.ts'
import { KFUNCS, type KfuncName, type KfuncProto, kfuncArgCount, MISSING_KFUNCS } from './kfunc-protos.ts'
import { stringKfuncs } from './kfunc-strings.ts'
import { mapHelpers } from './map-calls.ts'
import { objectHelpers } from './objects.ts'
import { probeHelpers } from './probe.ts'
import { HELPER_NAMES, HELPERS, type HelperName, type HelperProto, protoOf } from './protos.ts'
import { printHelpers } from './seq.ts'
import { storageHelpers } from './storage.ts'
import { taskHelpers } from './task-calls.ts'
import { textHelpers } from './text-calls.ts'
import { timeHelpers } from './time.ts'

/** What a program calls, by id and by name. */
export interface HelperSet {
  /** @throws BpfError for one that does not exist, that no iterator has, or that cannot be had outside the kernel */
  helper(id: number): HelperCode
  /** @throws BpfError as helper() */
  kfunc(name: string): HelperCode
  /** A run of a program has ended: drops open-coded iterators that it left open. */
  endRun(): void
}

/** Registers that helpers take beside those of their prototypes: the verifier leaves them alone. */
const MORE_ARGS: { readonly [N in HelperName]?: number } = { trace_printk: 3, get_branch_snapshot: 1 }

/** Those that read files of /proc or cgroupfs, or walk through types: they take from some us to some ms. */
const COSTLY: ReadonlySet<string> = new Set<AvailableHelper | KfuncName>([
  ...(['get_current_task', 'get_current_task_btf', 'get_current_comm', 'get_current_cgroup_id'] as const),
  ...(['get_current_ancestor_cgroup_id', 'get_ns_current_pid_tgid', 'get_task_stack', 'get_stack', 'task_pt_regs'] as const),
  ...(['d_path', 'find_vma', 'sock_from_file', 'seq_printf_btf', 'snprintf_btf', 'trace_printk', 'trace_vprintk'] as const),
  ...(['sk_storage_get', 'sk_storage_delete', 'task_storage_get', 'task_storage_delete', 'cgrp_storage_get'] as const),
  ...(['cgrp_storage_delete', 'probe_read', 'probe_read_str', 'probe_read_user', 'probe_read_user_str'] as const),
  ...(['copy_from_user', 'copy_from_user_task', 'bpf_task_from_pid', 'bpf_task_from_vpid', 'bpf_task_under_cgroup'] as const),
  ...(['bpf_cgroup_ancestor', 'bpf_cgroup_from_id', 'bpf_iter_task_new', 'bpf_iter_task_next', 'bpf_iter_css_new'] as const),
  ...(['bpf_iter_css_next', 'bpf_iter_css_task_new', 'bpf_iter_css_task_next', 'bpf_iter_task_vma_new'] as const),
  ...(['bpf_iter_task_vma_next', 'bpf_probe_read_user_dynptr', 'bpf_probe_read_user_str_dynptr'] as const),
  ...(['bpf_copy_from_user_dynptr', 'bpf_copy_from_user_str_dynptr', 'bpf_copy_from_user_task_dynptr'] as const),
  ...(['bpf_copy_from_user_task_str_dynptr', 'bpf_copy_from_user_str', 'bpf_copy_from_user_task_str'] as const),
  'bpf_stream_vprintk_impl',
])
/** Fuel for one: overestimated, so that the clock is looked at after a few of them. */
const COST = FUEL_SLICE / 8

/** The helpers that programs of one address space call. bpf_tail_call is the engine's own. */
export function makeHelpers(env: HelperEnv): HelperSet {
  const c = new HelperContext(env)
  // A helper that no file implements does not compile.
  const runs: Helpers = {
    ...printHelpers(c),
    ...probeHelpers(c),
    ...mapHelpers(c),
    ...taskHelpers(c),
    ...timeHelpers(c),
    ...textHelpers(c),
    ...dynptrHelpers(c),
    ...storageHelpers(c),
    ...objectHelpers(c),
  }
  const costly = (name: string, run: Run): Run => {
    if (!COSTLY.has(name)) return run
    return () => {
      env.burn(COST)
      return run()
    }
  }
  const codes = new Map<number, HelperCode>()
  for (const name of Object.keys(runs) as AvailableHelper[]) {
    const proto: HelperProto = HELPERS[name]
    const argCount = proto.args.length + (MORE_ARGS[name] ?? 0)
    codes.set(proto.id, { name: `bpf_${name}`, argCount, ret: retKindOf(proto), run: costly(name, runs[name]) })
  }
  const open = new OpenIterators()
  const kfuncRuns: Kfuncs = { ...objectKfuncs(c), ...iteratorKfuncs(c, open), ...stringKfuncs(c) }
  const kfuncs = new Map<string, HelperCode>()
  for (const name of Object.keys(kfuncRuns) as KfuncName[]) {
    const proto: KfuncProto = KFUNCS[name]
    kfuncs.set(name, { name, argCount: kfuncArgCount(proto), ret: proto.r0, run: costly(name, kfuncRuns[name]) })
  }
  return {
    helper: id => codes.get(id) ?? refuse(id, null),
    kfunc: name => kfuncs.get(name) ?? refuseKfunc(name),
    endRun: () => open.dropAll(),
  }
}

/** Why iterators of `target` (null: any target) cannot call a helper. */
function refuse(id: number, target: string | null): never {
  const name = HELPER_NAMES[id]
  if (name === undefined || id === 0) return helperError('HELPER_UNKNOWN', { id })
  const proto =
    target === null && Object.hasOwn(HELPERS, name) ? (HELPERS[name as HelperName] as HelperProto) : protoOf(id, target ?? '')
  if (proto?.missing !== undefined) return helperError('HELPER_UNAVAILABLE', { name, id, reason: proto.missing })
  return helperError('HELPER_REFUSED', { name, id, target: target ?? 'any target' })
}

/** What of a program says which helpers it may call. */
export interface Caller {
  /** Of the section license. */
  readonly license: string
  readonly gpl: boolean
  readonly sleepable: boolean
  /** The target that it iterates. */
  readonly target: string
}

/** check_helper_call(): whether the program may call the helper. @throws BpfError EINVAL as the kernel's verifier */
export function checkHelper(id: number, caller: Caller): HelperProto {
  const proto = protoOf(id, caller.target)
  if (proto === null) return refuse(id, caller.target)
  const name = HELPER_NAMES[id]!
  if (proto.gpl && !caller.gpl) return helperError('HELPER_GPL', { name, id, license: caller.license })
  if (proto.sleeps && !caller.sleepable) return helperError('HELPER_SLEEPS', { name, id })
  return proto.missing === undefined ? proto : refuse(id, caller.target)
}

function refuseKfunc(name: string): never {
  for (const [reason, names] of Object.entries(MISSING_KFUNCS))
    if (names.includes(name)) return helperError('KFUNC_UNAVAILABLE', { name, reason })
  return helperError('KFUNC_REFUSED', { name }, EACCES)
}

/** check_kfunc_call(): whether the program may call the kfunc. @throws BpfError EINVAL or EACCES as the kernel's verifier */
export function checkKfunc(name: string, caller: Caller): KfuncProto {
  if (!caller.gpl) return helperError('KFUNC_GPL', { name, license: caller.license })
  if (!Object.hasOwn(KFUNCS, name)) return refuseKfunc(name)
  const proto: KfuncProto = KFUNCS[name as KfuncName]
  if (proto.flags?.includes('sleepable') && !caller.sleepable) return helperError('KFUNC_SLEEPS', { name }, EACCES)
  return proto
}
