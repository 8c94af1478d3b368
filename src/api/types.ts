// The types of the API: those of one object, which `iterfs gen skeleton` writes, and the parameters of the targets.
import type { BtfValue } from '../btf/value.ts'
import type { ObjectMap } from './map.ts'

/** What an object has, by name. A skeleton declares an interface of this shape for its object. */
export interface ObjectTypes {
  /** By section: `.bss`, `.data`, `.rodata`, `.kconfig`, `.data.NAME` ... : the variables. */
  readonly globals: object
  /** By name: `{ key, value }`. */
  readonly maps: object
  /** By name: the target as a string literal, null for programs that are no iterators. */
  readonly progs: object
}

/** The variables of a section, when their types are not declared. */
export interface Globals {
  [name: string]: BtfValue
}

/** An object of which no types are declared. */
export interface AnyTypes extends ObjectTypes {
  readonly globals: Readonly<Record<string, Globals>>
  readonly maps: Readonly<Record<string, { readonly key: BtfValue; readonly value: BtfValue }>>
  readonly progs: Readonly<Record<string, string | null>>
}

/** What may be written where T is read: members that are not given become zero, 64-bit integers may be numbers. */
export type Input<T> = T extends bigint
  ? bigint | number
  : T extends string | number | boolean | Uint8Array
    ? T
    : T extends readonly (infer E)[]
      ? readonly Input<E>[] | Uint8Array
      : T extends object
        ? { readonly [K in keyof T]?: Input<T[K]> }
        : T

/** Parameters of task, task_file and task_vma: the threads of one process, or one thread; all without them. */
export interface TaskParams {
  readonly task?: { readonly pid: number } | { readonly tid: number }
}

/** Parameters of bpf_map_elem: the map, of the same object or of one that it was loaded with (LoadOptions.share). */
export interface MapParams {
  readonly map: { readonly map: ObjectMap<unknown, unknown> }
}

/** enum bpf_cgroup_iter_order */
export const CGROUP_ORDERS = { self_only: 1, descendants_pre: 2, descendants_post: 3, ancestors_up: 4 } as const

/** Parameters of cgroup: where to begin, by id or by descriptor, and in which order to go on. */
export interface CgroupParams {
  readonly cgroup: { readonly order: keyof typeof CGROUP_ORDERS; readonly id?: bigint; readonly fd?: number }
}

/** union bpf_iter_link_info: what attachIter() takes for any target. */
export type IterParams = Partial<TaskParams & MapParams & CgroupParams>

/** The targets that take parameters. */
export interface TargetParams {
  readonly task: TaskParams
  readonly task_file: TaskParams
  readonly task_vma: TaskParams
  readonly bpf_map_elem: MapParams
  readonly cgroup: CgroupParams
}

/** Parameters of a target by its name; none for targets that take none, any when the name is not known to the compiler. */
export type ParamsOf<T> = [T] extends [keyof TargetParams]
  ? TargetParams[T]
  : string extends T
    ? IterParams
    : Readonly<Record<string, never>>
