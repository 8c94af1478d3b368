// Rows of the small structs of which others are made.
import { type Rows, row } from '../types.ts'

const HOLDER = 'as the field that holds it'
const atomic_t = { counter: row('int', HOLDER, (value: number) => value) } satisfies Rows
const refcount_struct = { refs: row('atomic_t', HOLDER, (value: number) => value) } satisfies Rows
const atomic64_t = { counter: row('s64', HOLDER, (value: bigint) => value) } satisfies Rows
const kuid_t = { val: row('uid_t', HOLDER, (id: number) => id) } satisfies Rows
const kgid_t = { val: row('gid_t', HOLDER, (id: number) => id) } satisfies Rows

/** What stands behind the structs of this file. */
export interface BasicSources {
  atomic_t: number
  refcount_struct: number
  atomic64_t: bigint
  atomic_long_t: bigint
  kuid_t: number
  kgid_t: number
}

/** Small structs; entries with the same rows are one type with two names. */
export const basicStructs = { atomic_t, refcount_struct, atomic64_t, atomic_long_t: atomic64_t, kuid_t, kgid_t }
