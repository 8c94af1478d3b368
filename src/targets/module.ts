// The target module, which no kernel has: the kernel's modules.
import { BPF_ITER_RESCHED, type IterReg } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import type { Platform } from '../platform/platform.ts'
import type { SeqOperations } from '../seq/seq-operations.ts'
import { kernelModules } from '../sources/module.ts'
import { ListOps } from './list.ts'

/** All modules in the order of /proc/modules. */
export const moduleTarget = (platform: Platform): IterReg => ({
  target: 'module',
  ctx_arg_info: [{ name: 'module', type: 'struct module *', orNull: true }],
  feature: BPF_ITER_RESCHED,
  seq_info: {
    open: (_aux, opener) =>
      new ListOps(kernelModules(platform, opener.pid), module => ({ module: view('module', module) })) as SeqOperations,
  },
})
