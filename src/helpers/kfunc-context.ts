// What the files of kfuncs have in common.
import type { Run } from './context.ts'
import type { KfuncName } from './kfunc-protos.ts'

/** All kfuncs by name; a file of them gives those that it has. */
export type Kfuncs = { readonly [N in KfuncName]: Run }
