// Rows of the kernel's symbols and modules.
import type { KsymSource } from '../../sources/ksym.ts'
import type { ModuleSource } from '../../sources/module.ts'
import { OPTIONAL_TEXT, type Rows, row } from '../types.ts'

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

const MODULES = '/proc/modules'
const SUM = 'mem, of which the kernel shows no more than this'
const moduleStruct = {
  state: row('enum module_state', MODULES, (m: ModuleSource) => m.state),
  name: row('char[56]', MODULES, (m: ModuleSource) => m.name),
  version: row(OPTIONAL_TEXT, '/sys/module/NAME/version; NULL without one', (m: ModuleSource) => m.text('version')),
  srcversion: row(OPTIONAL_TEXT, '/sys/module/NAME/srcversion; NULL without one', (m: ModuleSource) => m.text('srcversion')),
  taints: row('long unsigned int', MODULES, (m: ModuleSource) => m.taints),
  refcnt: row('atomic_t', `${MODULES}; 0 where the kernel does not count`, (m: ModuleSource) => m.refcnt, 'CONFIG_MODULE_UNLOAD'),
  iterfs_base: row(
    'long unsigned int',
    `${MODULES}; 0 for an opener who may not see addresses`,
    (m: ModuleSource) => m.base,
    SUM,
  ),
  iterfs_size: row('unsigned int', `${MODULES}: bytes of all sections`, (m: ModuleSource) => m.size, SUM),
  iterfs_users: row('const char *', MODULES, (m: ModuleSource) => m.users, 'source_list, as text'),
} satisfies Rows

/** What stands behind the structs of this file. */
export interface SymbolSources {
  kallsym_iter: KsymSource
  module: ModuleSource
}

export const symbolStructs = { kallsym_iter, module: moduleStruct }
