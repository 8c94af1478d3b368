// Rows of cgroups.
import { CgroupSource } from '../../sources/cgroup.ts'
import { countOf, type Hierarchy, subsystemMask, unified } from '../../sources/hierarchy.ts'
import { CounterSource, CssSource, subsystemsOf } from '../../sources/memcg.ts'
import type { TaskSource } from '../../sources/task.ts'
import { EOPNOTSUPP, ErrnoError } from '../../util/errno.ts'
import { type Rows, row } from '../types.ts'

const CGROUP = '/proc/TGID/task/TID/cgroup, line 0::'
const FOLDER = 'the folder of the cgroup in the mount of its hierarchy'
/** INT_MAX stands for `max`. */
const NO_LIMIT = 0x7fff_ffff

const css_set = {
  dfl_cgrp: row('struct cgroup *', CGROUP, (t: TaskSource) => {
    const path = t.cgroup2()
    return path === null ? null : new CgroupSource(unified(t.session.platform), path)
  }),
} satisfies Rows

const limit = (c: CgroupSource, name: string): number => {
  const text = c.file(name)?.trim()
  return text === undefined || text === 'max' ? NO_LIMIT : Number(text)
}

const cgroup = {
  self: row('struct cgroup_subsys_state', 'the cgroup itself', (c: CgroupSource) => c),
  flags: row(
    'long unsigned int',
    'v1: notify_on_release (1), cgroup.clone_children (2); v2: cgroup.freeze (4), frozen of cgroup.events (8)',
    (c: CgroupSource) => flagsOf(c),
  ),
  kn: row('struct kernfs_node *', FOLDER, (c: CgroupSource) => c),
  level: row('int', 'depth of the path', (c: CgroupSource) => c.names.length),
  max_depth: row('int', 'cgroup.max.depth, INT_MAX in v1', (c: CgroupSource) => limit(c, 'cgroup.max.depth')),
  max_descendants: row('int', 'cgroup.max.descendants, INT_MAX in v1', (c: CgroupSource) => limit(c, 'cgroup.max.descendants')),
  nr_descendants: row(
    'int',
    'nr_descendants of cgroup.stat; in v1 the folders below it, counted',
    (c: CgroupSource) => c.value('cgroup.stat', 'nr_descendants') ?? c.countBelow(),
  ),
  nr_dying_descendants: row('int', 'nr_dying_descendants of cgroup.stat; v2 only, in v1 EOPNOTSUPP', (c: CgroupSource) =>
    dyingBelow(c),
  ),
  nr_threaded_children: row('int', 'children whose cgroup.type is threaded; 0 in v1', (c: CgroupSource) =>
    c.isV2 ? c.children().filter(child => child.file('cgroup.type') === 'threaded\n').length : 0,
  ),
  subtree_control: row('u16', 'cgroup.subtree_control; in v1 the controllers of the hierarchy', (c: CgroupSource) =>
    c.isV2 ? subsystemMask((c.file('cgroup.subtree_control') ?? '').trim().split(' ')) : c.subsystems(),
  ),
  subsys: row(
    'struct cgroup_subsys_state *[12]',
    'v1: the controllers of the hierarchy; v2: cgroup.controllers, at the root with those of /proc/cgroups that v1 does not use',
    (c: CgroupSource) => subsystemsOf(c),
  ),
  root: row('struct cgroup_root *', '/proc/self/cgroup', (c: CgroupSource) => c.hierarchy),
  ancestors: row('struct cgroup *[0]', 'the path, from the root down to the cgroup itself', (c: CgroupSource) => c.lineage()),
} satisfies Rows

type Css = CgroupSource | CssSource
const CSS_NO_REF = 1
const CSS_ONLINE = 2
const CSS_VISIBLE = 8
const cgroup_subsys_state = {
  cgroup: row('struct cgroup *', 'the cgroup that it is part of', (css: Css) => css.cgroup),
  parent: row('struct cgroup_subsys_state *', 'that of the folder above; NULL at the root', (css: Css) => {
    const { parent } = css.cgroup
    return parent && css instanceof CssSource ? new CssSource(parent, css.subsystem) : parent
  }),
  flags: row(
    'unsigned int',
    'CSS_ONLINE and CSS_VISIBLE, for a cgroup that has a folder; CSS_NO_REF at the root of v2',
    ({ cgroup }: Css) => CSS_ONLINE | CSS_VISIBLE | (cgroup.isRoot && cgroup.isV2 ? CSS_NO_REF : 0),
  ),
} satisfies Rows

const parentNode = row('struct kernfs_node *', 'the folder above; NULL at the root', (c: CgroupSource) => c.parent)
const kernfs_node = {
  name: row('const char *', 'last part of the path, empty for the root', (c: CgroupSource) => c.names.at(-1) ?? ''),
  id: row('u64', `${FOLDER}: its inode number, 0 without such a mount`, (c: CgroupSource) => c.number),
  __parent: parentNode,
  parent: { ...parentNode, compat: 'name of __parent before 6.15' },
  mode: row('umode_t', `${FOLDER}: st_mode`, (c: CgroupSource) => c.mode),
} satisfies Rows

const cgroup_root = {
  hierarchy_id: row('int', '/proc/self/cgroup, first column', (h: Hierarchy) => h.number),
  subsys_mask: row('unsigned int', 'subsys of the root cgroup', (h: Hierarchy) => new CgroupSource(h, '/').subsystems()),
  name: row('char[64]', '/proc/self/cgroup: name=NAME', (h: Hierarchy) => /(?:^|,)name=(.*)$/.exec(h.controllers)?.[1] ?? ''),
  nr_cgrps: row(
    'atomic_t',
    'v1: /proc/cgroups; v2: cgroup.stat of the root, and the root itself',
    (h: Hierarchy) => countOf(h) ?? countAll(new CgroupSource(h, '/')),
  ),
} satisfies Rows

const counter = (name: 'memory' | 'swap' | 'kmem' | 'tcpmem', from: string) =>
  row('struct page_counter', from, (css: CssSource) => new CounterSource(css, name))
const mem_cgroup = {
  css: row('struct cgroup_subsys_state', 'the controller of the cgroup', (css: CssSource) => css),
  memory: counter('memory', 'v1: memory.*_in_bytes; v2: memory.current, memory.max, ...'),
  swap: counter('swap', 'v2: memory.swap.*; v1: memory.memsw.*'),
  memsw: counter('swap', 'as swap: the two are one'),
  kmem: counter('kmem', 'v1: memory.kmem.*; not used in v2'),
  tcpmem: counter('tcpmem', 'v1: memory.kmem.tcp.*; not used in v2'),
  oom_group: row('bool', 'memory.oom.group; 0 in v1', ({ cgroup }: CssSource) => Number(cgroup.file('memory.oom.group') ?? 0)),
  under_oom: row('int', 'v1: memory.oom_control; 0 in v2', ({ cgroup }: CssSource) => oomControl(cgroup, 'under_oom')),
  oom_kill_disable: row('int', 'v1: memory.oom_control; 0 in v2', ({ cgroup }: CssSource) =>
    oomControl(cgroup, 'oom_kill_disable'),
  ),
} satisfies Rows

const page_counter = {
  usage: row(
    'atomic_long_t',
    'memory.usage_in_bytes or memory.current, and their kin: pages; at the root the sum of its children',
    (c: CounterSource) => c.usage,
  ),
  failcnt: row('long unsigned int', 'v1: memory.failcnt, ...; 0 in v2', (c: CounterSource) => c.failcnt),
  watermark: row('long unsigned int', 'memory.max_usage_in_bytes or memory.peak, ...: pages', (c: CounterSource) => c.watermark),
  min: row('long unsigned int', 'memory.min: pages; 0 in v1', (c: CounterSource) => (c.name === 'memory' ? c.min : 0n)),
  low: row('long unsigned int', 'memory.low: pages; 0 in v1', (c: CounterSource) => (c.name === 'memory' ? c.low : 0n)),
  high: row('long unsigned int', 'memory.high, memory.swap.high: pages; no limit in v1', (c: CounterSource) => c.high),
  max: row('long unsigned int', 'memory.limit_in_bytes or memory.max, ...: pages', (c: CounterSource) => c.max),
} satisfies Rows

/** What stands behind the structs of this file. */
export interface CgroupSources {
  css_set: TaskSource
  cgroup: CgroupSource
  cgroup_subsys_state: Css
  kernfs_node: CgroupSource
  cgroup_root: Hierarchy
  mem_cgroup: CssSource
  page_counter: CounterSource
}

export const cgroupStructs = { css_set, cgroup, cgroup_subsys_state, kernfs_node, cgroup_root, mem_cgroup, page_counter }

/** The struct that a css is the beginning of. */
export const cssStruct = (css: Css): 'cgroup' | 'mem_cgroup' | 'cgroup_subsys_state' =>
  css instanceof CgroupSource ? 'cgroup' : css.isMemory ? 'mem_cgroup' : 'cgroup_subsys_state'

function flagsOf(c: CgroupSource): bigint {
  const bit = (at: number, set: number | string | null | undefined): number => (Number(set ?? 0) ? 1 << at : 0)
  if (c.isV2) return BigInt(bit(2, c.file('cgroup.freeze')?.trim()) | bit(3, c.value('cgroup.events', 'frozen')))
  return BigInt(bit(0, c.file('notify_on_release')?.trim()) | bit(1, c.file('cgroup.clone_children')?.trim()))
}

function dyingBelow(c: CgroupSource): number {
  const count = c.value('cgroup.stat', 'nr_dying_descendants')
  if (count === null)
    throw new ErrnoError(EOPNOTSUPP, `nr_dying_descendants of cgroup ${c.path}: want cgroup.stat, which v1 does not have`)
  return count
}

const countAll = (root: CgroupSource): number =>
  1 + (root.value('cgroup.stat', 'nr_descendants') ?? 0) + (root.value('cgroup.stat', 'nr_dying_descendants') ?? 0)

const oomControl = (c: CgroupSource, key: string): number => c.value('memory.oom_control', key) ?? 0
