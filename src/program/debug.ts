// maps.debug and progs.debug: the iterators that a kernel with bpf_preload pins into each new bpffs.
import { bpf_map_sum_elem_count } from '../kernel/view.ts'
import type { Ctx, Iter } from './module.ts'

/** A program of iterfs itself, and the file it is pinned as. */
export interface DebugProg {
  readonly name: string
  readonly file: 'maps.debug' | 'progs.debug'
  readonly iter: Iter
}

const dump_bpf_map: Iter<'bpf_map'> = {
  target: 'bpf_map',
  run({ meta, map }) {
    if (!map) return
    if (meta.seq_num === 0n) meta.seq.printf('  id name             max_entries  cur_entries\n')
    meta.seq.printf('%4u %-16s  %10d   %10lld\n', map.id, map.name, map.max_entries, bpf_map_sum_elem_count(map))
  },
}

const dump_bpf_prog: Iter<'bpf_prog'> = {
  target: 'bpf_prog',
  run({ meta, prog }: Ctx<'bpf_prog'>) {
    const aux = prog?.aux
    if (!aux) return
    if (meta.seq_num === 0n) meta.seq.printf('  id name             attached\n')
    meta.seq.printf('%4u %-16s %s %s\n', aux.id, aux.name, aux.attach_func_name, '')
  },
}

export const DEBUG_PROGS: readonly DebugProg[] = [
  { name: 'dump_bpf_map', file: 'maps.debug', iter: dump_bpf_map as Iter },
  { name: 'dump_bpf_prog', file: 'progs.debug', iter: dump_bpf_prog as Iter },
]
