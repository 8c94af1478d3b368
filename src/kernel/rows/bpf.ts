// Rows of iterfs's own objects.

import type { MapInfo } from '../../maps/map.ts'
import { decodeText } from '../../util/bytes.ts'
import { type Rows, row } from '../types.ts'

const BPF_LINK_TYPE_ITER = 4
const BPF_PROG_TYPE_TRACING = 26
const BPF_TRACE_ITER = 28
const bpf_prog = {
  type: row('enum bpf_prog_type', 'iterfs: BPF_PROG_TYPE_TRACING', (_: ProgSource) => BPF_PROG_TYPE_TRACING),
  expected_attach_type: row('enum bpf_attach_type', 'iterfs: BPF_TRACE_ITER', (_: ProgSource) => BPF_TRACE_ITER),
  aux: row('struct bpf_prog_aux *', 'iterfs', (p: ProgSource) => p),
} satisfies Rows
const bpf_prog_aux = {
  id: row('u32', 'iterfs', (p: ProgSource) => p.id),
  name: row('char[16]', 'iterfs, cut to 15 bytes', (p: ProgSource) => decodeText(Buffer.from(p.name).subarray(0, 15))),
  attach_func_name: row('const char *', 'iterfs: bpf_iter_TARGET', (p: ProgSource) => `bpf_iter_${p.target}`),
} satisfies Rows
const bpf_map = {
  map_type: row('enum bpf_map_type', 'iterfs', (m: MapSource) => m.type),
  key_size: row('u32', 'iterfs', (m: MapSource) => m.key_size),
  value_size: row('u32', 'iterfs', (m: MapSource) => m.value_size),
  max_entries: row('u32', 'iterfs', (m: MapSource) => m.max_entries),
  map_extra: row('u64', 'iterfs', (m: MapSource) => m.map_extra),
  map_flags: row('u32', 'iterfs', (m: MapSource) => m.flags),
  id: row('u32', 'iterfs', (m: MapSource) => m.id),
  name: row('char[16]', 'iterfs', (m: MapSource) => m.name),
  frozen: row('bool', 'iterfs', (m: MapSource) => (m.frozen ? 1 : 0)),
} satisfies Rows
const bpf_link = {
  id: row('u32', 'iterfs', (l: LinkSource) => l.id),
  type: row('enum bpf_link_type', 'iterfs: BPF_LINK_TYPE_ITER', (_: LinkSource) => BPF_LINK_TYPE_ITER),
  prog: row('struct bpf_prog *', 'iterfs', (l: LinkSource) => l.prog),
  attach_type: row('enum bpf_attach_type', 'iterfs: BPF_TRACE_ITER', (_: LinkSource) => BPF_TRACE_ITER),
} satisfies Rows

/** iterfs's own objects, as the targets bpf_prog, bpf_map and bpf_link iterate them. */
export interface ProgSource {
  readonly id: number
  readonly name: string
  readonly target: string
}
export interface MapSource extends Omit<MapInfo, 'memlock' | 'btf_id'> {
  /** Elements of a hash, where they were counted. */
  readonly elements?: number
}
export interface LinkSource {
  readonly id: number
  readonly prog: ProgSource
}

/** What stands behind the structs of this file. */
export interface BpfSources {
  bpf_prog: ProgSource
  bpf_prog_aux: ProgSource
  bpf_map: MapSource
  bpf_link: LinkSource
}

export const bpfStructs = { bpf_prog, bpf_prog_aux, bpf_map, bpf_link }
