// Rows of the kernel's symbols.
import type { KsymSource } from '../../sources/ksym.ts'
import { type Rows, row } from '../types.ts'

const KALLSYMS = '/proc/kallsyms'
const kallsym_iter = {
  pos: row('loff_t', 'place in /proc/kallsyms; one more for symbols of the kernel itself', (k: KsymSource) => BigInt(k.pos)),
  value: row(
    'long unsigned int',
    `${KALLSYMS}, whether the opener may see it or not; 0 when the daemon may not`,
    (k: KsymSource) => k.value,
  ),
  type: row('char', `${KALLSYMS}; a small letter for symbols of modules`, (k: KsymSource) => k.type),
  name: row('char[512]', KALLSYMS, (k: KsymSource) => k.name),
  module_name: row('char[56]', `${KALLSYMS}; __builtin__kprobes in the call at the end`, (k: KsymSource) => k.module),
  exported: row('int', `${KALLSYMS}: a symbol of a module with a large letter`, (k: KsymSource) => (k.isExported ? 1 : 0)),
  show_value: row(
    'int',
    "/proc/sys/kernel/kptr_restrict and perf_event_paranoid, and the opener's capabilities at open",
    (k: KsymSource) => (k.showsValue ? 1 : 0),
  ),
} satisfies Rows

/** What stands behind the structs of this file. */
export interface SymbolSources {
  kallsym_iter: KsymSource
}

export const symbolStructs = { kallsym_iter }
