// The target cgroup (kernel/bpf/cgroup_iter.c).

import type { IterAux, IterLinkInfo, LinkInfo } from '../iter/link.ts'
import { BPF_ITER_RESCHED, type IterReg } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import type { Platform } from '../platform/platform.ts'
import type { CtxArgs, SeqOperations } from '../seq/seq-operations.ts'
import { type CgroupPlace, CgroupSource, cgroupAt, cgroupById, cgroupRoot, placeOfFd } from '../sources/cgroup.ts'
import type { Caller } from '../sources/descriptor.ts'
import { hierarchyOf, mountOf } from '../sources/hierarchy.ts'
import { EBADF, EINVAL, ENOENT, EOPNOTSUPP, ErrnoError } from '../util/errno.ts'

export interface CgroupHooks {
  /** Who attaches: whose descriptors are meant. Default: nobody, then none are open. */
  attacher?(): Caller
}

/** A cgroup that was removed: it is visited, but not shown. */
const DEAD = Symbol('removed cgroup')
type Visited = CgroupSource | typeof DEAD

function* descendantsPre(from: CgroupSource): Generator<Visited> {
  yield from
  for (const child of from.children()) yield* descendantsPre(child)
}

function* descendantsPost(from: CgroupSource): Generator<Visited> {
  for (const child of from.children()) yield* descendantsPost(child)
  yield from
}

/** enum bpf_cgroup_iter_order from 1 on: the name in fdinfo, and the walk. */
const ORDERS: readonly { readonly name: string; readonly walk: (chain: readonly Visited[]) => Iterable<Visited> }[] = [
  { name: 'self_only', walk: ([self]) => [self!] },
  { name: 'descendants_pre', walk: ([self]) => (self === DEAD ? [DEAD] : descendantsPre(self as CgroupSource)) },
  { name: 'descendants_post', walk: ([self]) => (self === DEAD ? [DEAD] : descendantsPost(self as CgroupSource)) },
  { name: 'ancestors_up', walk: chain => chain },
]
const orderOf = (order: number) => ORDERS[order - 1]

type CgroupAux = NonNullable<IterAux['cgroup']>

class CgroupOps implements SeqOperations<Visited> {
  readonly onReturnOne = 'finish'
  readonly #platform: Platform
  readonly #aux: CgroupAux
  #walk: Iterator<Visited> | null = null
  #visitedAll = false

  constructor(platform: Platform, aux: CgroupAux) {
    this.#platform = platform
    this.#aux = aux
  }

  /** The position is lost with cgroup_mutex: a walk that was left cannot be taken up. */
  start(): Visited | null {
    if (this.#visitedAll) return null
    if (this.#walk) throw new ErrnoError(EOPNOTSUPP, 'cgroup: want the whole walk in one read, got a second one')
    this.#walk = orderOf(this.#aux.order)!.walk(chainOf(this.#platform, this.#aux))[Symbol.iterator]()
    return this.next()
  }
  next(): Visited | null {
    const { done, value } = this.#walk!.next()
    if (done) this.#visitedAll = true
    return done ? null : (value as Visited)
  }
  ctx(cgroup: Visited | null): CtxArgs | null {
    return cgroup === DEAD ? null : { cgroup: view('cgroup', cgroup) }
  }
  stop(): void {}
  close(): void {}
}

/** The cgroup of a link and those above it, up to the root, as they are now. */
function chainOf(platform: Platform, { controllers, path, ids }: CgroupAux): Visited[] {
  const hierarchy = hierarchyOf(platform, controllers)
  if (!hierarchy) return ids.map(() => DEAD)
  mountOf(hierarchy)
  const chain = new CgroupSource(hierarchy, path).lineage().reverse()
  // A path may be that of a younger cgroup by now, and a cgroup of v1 may have another path.
  return ids.map((id, i) => (chain[i]!.number === id ? chain[i]! : (cgroupById(platform, id, hierarchy) ?? DEAD)))
}

/** bpf_iter_attach_cgroup */
function attachCgroup(platform: Platform, info: IterLinkInfo | undefined, hooks: CgroupHooks): IterAux {
  const { order = 0, cgroup_fd = 0, cgroup_id = 0n, place } = info?.cgroup ?? {}
  if (!orderOf(order))
    throw new ErrnoError(
      EINVAL,
      `cgroup: want as order ${ORDERS.map(({ name }, i) => `${name} (${i + 1})`).join(', ')}, got ${order}`,
    )
  if ((cgroup_fd !== 0 || place) && cgroup_id !== 0n) {
    throw new ErrnoError(EINVAL, `want one of cgroup_fd and cgroup_id, got both: ${place ? 'a cgroup' : cgroup_fd}, ${cgroup_id}`)
  }
  const found = startOf(
    platform,
    cgroup_id,
    place ??
      (cgroup_fd === 0 ? null : (hooks.attacher && placeOfFd(platform, cgroup_fd, hooks.attacher())) || noCgroup(cgroup_fd)),
  )
  const { hierarchy, path } = found
  const ids = found
    .lineage()
    .reverse()
    .map(one => one.number)
  return { cgroup: { id: found.number, order, controllers: hierarchy.controllers, path, ids } }
}

/** Where the walk begins: at the place, at the v2 cgroup with the id, or at the root of v2. @throws ErrnoError ENOENT */
function startOf(platform: Platform, id: bigint, place: CgroupPlace | null): CgroupSource {
  const root = cgroupRoot(platform)
  if (place)
    return cgroupAt(platform, place) ?? gone(`the cgroup behind the descriptor (${place.controllers || 'v2'}, id ${place.id})`)
  mountOf(root.hierarchy)
  return id === 0n ? root : (cgroupById(platform, id) ?? gone(`cgroup_id ${id}`))
}

const gone = (what: string): never => {
  throw new ErrnoError(ENOENT, `${what}: want a cgroup, there is none`)
}
const noCgroup = (fd: number): never => {
  throw new ErrnoError(EBADF, `cgroup_fd: want the folder of a cgroup, got descriptor ${fd}`)
}

/** bpf_iter_cgroup_show_fdinfo */
const showCgroup = ({ cgroup }: IterAux): string => `cgroup_path:\t${cgroup!.path}\norder: ${orderOf(cgroup!.order)!.name}\n`

/** bpf_iter_cgroup_fill_link_info */
function fillCgroup({ cgroup }: IterAux, info: LinkInfo): void {
  info.cgroup = { cgroup_id: cgroup!.id, order: cgroup!.order }
}

/** The target over a platform. */
export const cgroupTarget = (platform: Platform, hooks: CgroupHooks): IterReg => ({
  target: 'cgroup',
  ctx_arg_info: [{ name: 'cgroup', type: 'struct cgroup *', orNull: true, trusted: true }],
  feature: BPF_ITER_RESCHED,
  parameters: 'cgroup',
  attach_target: info => attachCgroup(platform, info, hooks),
  show_fdinfo: showCgroup,
  fill_link_info: fillCgroup,
  seq_info: { open: aux => new CgroupOps(platform, aux.cgroup!) as SeqOperations },
})
