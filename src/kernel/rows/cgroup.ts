// Rows of cgroups.
import { CgroupSource } from '../../sources/cgroup.ts'
import type { TaskSource } from '../../sources/task.ts'
import { type Rows, row } from '../types.ts'

const CGROUP = '/proc/TGID/task/TID/cgroup, line 0::'
const css_set = {
  dfl_cgrp: row('struct cgroup *', CGROUP, (t: TaskSource) => {
    const path = t.cgroup2()
    return path === null ? null : new CgroupSource(t.session.platform, path)
  }),
} satisfies Rows
const cgroup = {
  self: row('struct cgroup_subsys_state', 'the cgroup itself', (c: CgroupSource) => c),
  kn: row('struct kernfs_node *', CGROUP, (c: CgroupSource) => c),
  level: row('int', 'depth of the path', (c: CgroupSource) => c.names.length),
} satisfies Rows
const cgroup_subsys_state = {
  cgroup: row('struct cgroup *', 'the cgroup that it is part of', (c: CgroupSource) => c),
} satisfies Rows
const kernfs_node = {
  name: row('const char *', 'last part of the path, empty for the root', (c: CgroupSource) => c.names.at(-1) ?? ''),
  id: row('u64', "inode number of the folder in the daemon's cgroup2 mount, 0 without one", (c: CgroupSource) => c.number),
} satisfies Rows

/** What stands behind the structs of this file. */
export interface CgroupSources {
  css_set: TaskSource
  cgroup: CgroupSource
  cgroup_subsys_state: CgroupSource
  kernfs_node: CgroupSource
}

export const cgroupStructs = { css_set, cgroup, cgroup_subsys_state, kernfs_node }
