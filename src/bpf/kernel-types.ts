// The one BTF that all programs of this process are resolved against.

import { listKfuncs } from '../helpers/kfunc-protos.ts'
import { HELPER_NAMES, HELPERS, type HelperName, type HelperProto } from '../helpers/protos.ts'
import { listTargets } from '../iter/reg.ts'
import { type KernelBtf, kernelBtf } from '../kernel/btf.ts'
import { StructLeaves } from '../kernel/leaves.ts'

/** The BTF, and how its structs lie in memory. */
export interface KernelTypes {
  readonly btf: KernelBtf
  readonly leaves: StructLeaves
}

let made: KernelTypes | undefined

/** Made at the first use, from the targets that are registered then. */
export function kernelTypes(): KernelTypes {
  if (!made) {
    const btf = kernelBtf({ targets: listTargets(), kfuncs: listKfuncs(), helpers: servedHelpers() })
    made = { btf, leaves: new StructLeaves(btf) }
  }
  return made
}

/** Helpers that programs may call here. */
const servedHelpers = (): { id: number; name: string }[] =>
  HELPER_NAMES.flatMap((name, id) => {
    const proto: HelperProto | undefined = Object.hasOwn(HELPERS, name) ? HELPERS[name as HelperName] : undefined
    return proto && proto.missing === undefined ? [{ id, name }] : []
  })
