// The rows of what the kernel has once, whoever asks: symbols, slab caches.
import { type SlabSources, slabStructs } from './slab.ts'
import { type SymbolSources, symbolStructs } from './symbol.ts'

/** What stands behind the structs of these files. */
export interface SystemSources extends SlabSources, SymbolSources {}

export const systemStructs = { ...slabStructs, ...symbolStructs }
