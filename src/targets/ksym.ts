// The target ksym: the symbols of /proc/kallsyms (kernel/kallsyms.c).
import { BPF_ITER_RESCHED, type IterReg } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import type { Platform } from '../platform/platform.ts'
import type { CtxArgs, SeqOperations } from '../seq/seq-operations.ts'
import { KsymSource } from '../sources/ksym.ts'

class KsymOps implements SeqOperations<KsymSource> {
  readonly #symbol: KsymSource
  /** The same for all calls, that at the end too: the last symbol again. */
  readonly #args: CtxArgs
  #due: KsymSource | null

  constructor(symbol: KsymSource) {
    this.#symbol = symbol
    this.#args = { ksym: view('kallsym_iter', symbol) }
    this.#due = symbol.next()
  }
  start(): KsymSource | null {
    return this.#due
  }
  next(): KsymSource | null {
    this.#due = this.#symbol.next()
    return this.#due
  }
  ctx(): CtxArgs {
    return this.#args
  }
  stop(): void {}
  close(): void {}
}

export const ksymTarget = (platform: Platform): IterReg => ({
  target: 'ksym',
  ctx_arg_info: [{ name: 'ksym', type: 'struct kallsym_iter *', orNull: true }],
  feature: BPF_ITER_RESCHED,
  seq_info: { open: (_aux, opener) => new KsymOps(new KsymSource(platform, opener.pid)) as SeqOperations },
})
