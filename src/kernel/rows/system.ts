// The rows of what does not belong to one task or socket.
import { type DmabufSources, dmabufStructs } from './dmabuf.ts'
import { type MountSources, mountStructs } from './mount.ts'
import { type SlabSources, slabStructs } from './slab.ts'
import { type SymbolSources, symbolStructs } from './symbol.ts'

/** What stands behind the structs of these files. */
export interface SystemSources extends DmabufSources, MountSources, SlabSources, SymbolSources {}

export const systemStructs = { ...dmabufStructs, ...mountStructs, ...slabStructs, ...symbolStructs }
