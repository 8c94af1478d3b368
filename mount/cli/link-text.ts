// bpftool's texts and JSON of iterator links and programs (bpftool 7.1, kernel-semantics section 6).
import type { LinkInfo, Prog } from '../../src/index.ts'

/** A link as .iterfs/ctl lists it. */
export interface ListedLink {
  readonly info: LinkInfo
  readonly pinned: readonly string[]
  readonly fdinfo: string
}

const ORDERS = ['order_unspec', 'self_only', 'descendants_pre', 'descendants_post', 'ancestors_up']

/** `90: iter  prog 107  target_name task  `, then a line for each pin. */
export function linkText({ info, pinned }: ListedLink): string {
  let line = `${info.id}: iter  prog ${info.prog_id}  target_name ${info.target_name}  `
  if (info.task?.tid) line += `tid ${info.task.tid} `
  else if (info.task?.pid) line += `pid ${info.task.pid} `
  else if (info.map) line += `map_id ${info.map.map_id}  `
  else if (info.cgroup) line += `cgroup_id ${info.cgroup.cgroup_id}  order ${ORDERS[info.cgroup.order]}  `
  return [line, ...pinned.map(path => `\tpinned ${path}`)].join('\n')
}

/** The object that `bpftool -j link show` prints. */
export function linkJson({ info, pinned }: ListedLink): Record<string, unknown> {
  const { id, type, prog_id, target_name, task, map, cgroup } = info
  return {
    id,
    type,
    prog_id,
    target_name,
    ...(task?.tid ? { tid: task.tid } : task?.pid ? { pid: task.pid } : {}),
    ...(map ? { map_id: map.map_id } : {}),
    ...(cgroup ? { cgroup_id: Number(cgroup.cgroup_id), order: ORDERS[cgroup.order] } : {}),
    ...(pinned.length > 0 ? { pinned } : {}),
  }
}

/** `bpftool prog show`, but for what WebAssembly has no number of, and the file that the program came from. */
export const progText = (prog: Prog): string =>
  [
    `${prog.id}: tracing  name ${prog.name}  tag ${prog.tag}${prog.gpl ? '  gpl' : ''}`,
    `loaded_at ${localTime(prog.loadedAt)}  uid ${prog.uid}`,
    ...(prog.sizes ? [`xlated ${prog.sizes.xlated}B${prog.mapIds.length > 0 ? `  map_ids ${prog.mapIds.join(',')}` : ''}`] : []),
    `attach_to bpf_iter_${prog.target}  file ${prog.path}`,
  ].join('\n\t')

export const progJson = (prog: Prog): Record<string, unknown> => ({
  ...{ id: prog.id, type: 'tracing', name: prog.name, tag: prog.tag, gpl_compatible: prog.gpl },
  ...{ loaded_at: Number(BigInt(prog.loadedAt) / 1_000_000_000n), uid: prog.uid },
  ...(prog.sizes ? { bytes_xlated: prog.sizes.xlated } : {}),
  ...(prog.mapIds.length > 0 ? { map_ids: prog.mapIds } : {}),
  ...{ attach_to: `bpf_iter_${prog.target}`, file: prog.path },
})

/** strftime %FT%T%z of ns since the epoch, in this process's time zone. */
function localTime(ns: bigint | string): string {
  const date = new Date(Number(BigInt(ns) / 1_000_000n))
  const offset = -date.getTimezoneOffset()
  const shifted = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, 19)
  const minutes = Math.abs(offset)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${shifted}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`
}
