// Programs of an object.
import type { IterLinkInfo } from '../iter/link.ts'
import { CORE, type ObjectCore } from './core.ts'
import { fail, sysError } from './error.ts'
import { IterLink } from './link.ts'
import { ObjectMap } from './map.ts'
import { runtime } from './runtime.ts'
import { CGROUP_ORDERS, type IterParams, type ParamsOf } from './types.ts'

/** A program; `Target` is its target as a string literal where the compiler knows it. */
export class ObjectProg<Target extends string | null = string | null> {
  readonly name: string
  /** As in C: `iter/task`. */
  readonly section: string
  /** What it iterates; null for programs of other sections, which cannot be attached here. */
  readonly target: Target
  /** SEC("iter.s/..."): it may call helpers that sleep. */
  readonly sleepable: boolean
  readonly #core: ObjectCore

  /** @internal */
  constructor(core: ObjectCore, name: string) {
    const { section, entry } = core.spec.funcs.find(func => func.entry !== null && func.name === name)!
    this.#core = core
    this.name = name
    this.section = section
    this.target = (entry?.target ?? null) as Target
    this.sleepable = entry?.sleepable ?? false
  }

  /** Whether load() takes it: false for SEC("?..."). May be set before load (bpf_program__set_autoload). */
  get autoload(): boolean {
    return this.#core.autoload(this.name)
  }
  set autoload(value: boolean) {
    this.#core.setAutoload(this.name, value)
  }

  /**
   * Attaches it to its target (bpf_program__attach_iter).
   * @throws BpfError for parameters that make no sense; SyscallError EINVAL, EBADF, ... : what the target says to them
   */
  attachIter(
    ...params: Record<string, never> extends ParamsOf<Target> ? [params?: ParamsOf<Target>] : [params: ParamsOf<Target>]
  ): IterLink {
    const { name, section } = this
    const { engine, progs, space } = this.#core.loaded(`attachIter of program ${name}`)
    if (this.target === null) fail('API_NOT_ITER', { name, section })
    const { prog, id } = progs.get(name) ?? fail('API_AUTOLOAD', { name })
    const { info, map } = linkInfo(name, (params[0] ?? {}) as IterParams)
    const other = map === null || map[CORE] === this.#core ? null : map[CORE]
    if (map && map[CORE].loaded(`map ${map.name}`).space !== space) fail('API_SHARE', { prog: name, map: map.name })
    if (map && !runtime.ownsTargets) fail('API_TARGETS', { prog: name })
    try {
      const attached = engine.attach(prog.key, prog.target, info)
      return new IterLink({ core: this.#core, other, prog: { name, key: prog.key, id, target: prog.target }, attached })
    } catch (err) {
      throw sysError('attach', err)
    }
  }
}

/** What each parameter is made of. */
const PARAMS: Readonly<Record<keyof IterParams, readonly string[]>> = {
  task: ['pid', 'tid'],
  map: ['map'],
  cgroup: ['order', 'id', 'fd'],
}

/** union bpf_iter_link_info; undefined when there are no parameters. */
function linkInfo(prog: string, params: IterParams): { readonly info: IterLinkInfo | undefined; readonly map: ObjectMap | null } {
  for (const [name, value] of Object.entries(params)) {
    const parts = Object.hasOwn(PARAMS, name) ? PARAMS[name as keyof IterParams] : undefined
    if (!parts) return fail('API_PARAM', { prog, want: `parameters ${Object.keys(PARAMS).join(', ')}`, got: name })
    const unknown = Object.keys(Object(value)).find(part => !parts.includes(part))
    if (unknown !== undefined || typeof value !== 'object')
      return fail('API_PARAM', { prog, want: `${name}: { ${parts.join(', ')} }`, got: unknown ?? String(value) })
  }
  const { task, map, cgroup } = params
  if (map && !(map.map instanceof ObjectMap))
    return fail('API_PARAM', { prog, want: 'map: { map } of an object', got: String(map.map) })
  for (const [part, value] of Object.entries(task ?? {})) {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
      return fail('API_PARAM', { prog, want: `a whole number as ${part}`, got: String(value) })
  }
  if (cgroup && !Object.hasOwn(CGROUP_ORDERS, cgroup.order))
    return fail('API_PARAM', { prog, want: `order: ${Object.keys(CGROUP_ORDERS).join(', ')}`, got: String(cgroup.order) })
  if (!task && !map && !cgroup) return { info: undefined, map: null }
  const info: IterLinkInfo = {
    ...(task ? { task } : {}),
    ...(map ? { map: { map_fd: map.map.id } } : {}),
    ...(cgroup ? { cgroup: cgroupInfo(cgroup) } : {}),
  }
  return { info, map: map?.map ?? null }
}

function cgroupInfo({ order, id, fd }: NonNullable<IterParams['cgroup']>): NonNullable<IterLinkInfo['cgroup']> {
  return {
    order: CGROUP_ORDERS[order],
    ...(id === undefined ? {} : { cgroup_id: id }),
    ...(fd === undefined ? {} : { cgroup_fd: fd }),
  }
}
