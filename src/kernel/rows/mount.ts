// Rows of mounts and of the network namespaces that iterfs finds.
import type { MountSource } from '../../sources/mount.ts'
import type { NetNamespace } from '../../sources/net-namespaces.ts'
import { OPTIONAL_TEXT, type Rows, row } from '../types.ts'

const MOUNTINFO = '/proc/PID/mountinfo of the opener'
const AS_TEXT = 'the text of mountinfo, which the kernel makes of paths and by calls of the file system'
const mount = {
  mnt_parent: row(
    'struct mount *',
    `${MOUNTINFO}; of the parent of the topmost only mnt_id is known`,
    (m: MountSource) => m.parent,
  ),
  mnt_mountpoint: row('struct dentry *', MOUNTINFO, (m: MountSource) => m.mountpoint),
  mnt: row('struct vfsmount', MOUNTINFO, (m: MountSource) => m),
  mnt_devname: row(
    'const char *',
    `${MOUNTINFO}: what the file system says, where it says something else`,
    (m: MountSource) => m.devname,
  ),
  mnt_ns: row('struct mnt_namespace *', '/proc/PID/ns/mnt of the opener', (m: MountSource) => m.namespace),
  mnt_id: row('int', MOUNTINFO, (m: MountSource) => m.number),
  mnt_group_id: row('int', `${MOUNTINFO} shared:N; 0 when it is not shared`, (m: MountSource) => m.group),
  iterfs_root: row('const char *', `${MOUNTINFO}, with \\040 for a space`, (m: MountSource) => m.line.root, AS_TEXT),
  iterfs_mountpoint: row('const char *', `${MOUNTINFO}, with \\040 for a space`, (m: MountSource) => m.line.mountpoint, AS_TEXT),
  iterfs_source: row('const char *', `${MOUNTINFO}, with \\040 for a space`, (m: MountSource) => m.line.source, AS_TEXT),
  iterfs_type: row('const char *', `${MOUNTINFO}: type and subtype`, (m: MountSource) => m.line.type, AS_TEXT),
  iterfs_optional: row(
    'const char *',
    `${MOUNTINFO}: shared:1 master:2, or nothing`,
    (m: MountSource) => m.line.optional,
    AS_TEXT,
  ),
  iterfs_super_options: row('const char *', MOUNTINFO, (m: MountSource) => m.line.superOptions, AS_TEXT),
  iterfs_idmapped: row('bool', MOUNTINFO, (m: MountSource) => (m.isIdmapped ? 1 : 0), 'mnt_idmap, of which no more is known'),
} satisfies Rows
const vfsmount = {
  mnt_root: row('struct dentry *', MOUNTINFO, (m: MountSource) => m.root),
  mnt_sb: row('struct super_block *', MOUNTINFO, (m: MountSource) => m.superBlock),
  mnt_flags: row(
    'int',
    `${MOUNTINFO}: MNT_NOSUID to MNT_NOSYMFOLLOW, and MNT_READONLY; no other bits`,
    (m: MountSource) => m.flags,
  ),
} satisfies Rows

const iterfs_netns = {
  processes: row('unsigned int', '/proc/PID/ns/net: processes with a thread in it', (n: NetNamespace) => n.processes),
  pid: row('pid_t', '/proc/PID/ns/net: the smallest of them, 0 for none', (n: NetNamespace) => n.pid),
  path: row(
    OPTIONAL_TEXT,
    'mountinfo: where it is mounted first, with \\040 for a space; NULL when it is not',
    (n: NetNamespace) => n.path,
  ),
} satisfies Rows

/** What stands behind the structs of this file. */
export interface MountSources {
  mount: MountSource
  vfsmount: MountSource
  iterfs_netns: NetNamespace
}

export const mountStructs = { mount, vfsmount, iterfs_netns }
