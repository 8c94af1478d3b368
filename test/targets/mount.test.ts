// mount: the text of /proc/self/mountinfo of a reader in a mount namespace of its own.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { iterfs, run, scratch, startDaemon } from '../support/daemon.ts'
import { type Files, runOn } from '../support/file-platform.ts'
import { ROOT } from '../support/paths.ts'

const OBJECT = join(ROOT, 'dist/programs/mount.bpf.o')

/** Every kind of option, propagation and odd name. $1 is a scratch folder, the others are printed. */
const MOUNTS = `
set -e
cd "$1"
mkdir 'a folder' tab peer slave bind lower upper work merged long
mount -t tmpfs -o nosuid,nodev,noexec,noatime,size=64k,mode=700 'a #source' 'a folder'
mkdir 'a folder/sub' "a folder/#hash"
mount --bind -o ro 'a folder/sub' bind
mount -o remount,bind,ro,nodiratime,nosymfollow bind
mount -t tmpfs -o ro,strictatime plain tab
mount --make-shared 'a folder'
mount --bind 'a folder' peer
mount --bind 'a folder' slave
mount --make-slave slave
mount --make-shared slave
mount --make-unbindable tab
mount -t tmpfs "$(printf 'line\\nbreak')" 'a folder/#hash'
name=$(printf 'x%.0s' $(seq 200))
mkdir "long/$name" "long/$name/$name" "long/$name/$name/$name"
mount -t tmpfs long "long/$name/$name/$name"
mount -t overlay overlay -o "lowerdir=lower:long/$name/$name,upperdir=upper,workdir=work" merged || true
shift
cat "$@"
`

t.test('the text of mountinfo', { skip: process.getuid!() !== 0 && 'needs root to mount' }, async t => {
  const daemon = await startDaemon()
  const dir = scratch()
  t.teardown(() => run('rm', ['-rf', dir]))
  t.teardown(() => daemon.stop())
  daemon.pin(OBJECT, 'mounts')
  const script = join(dir, 'mounts.sh')
  writeFileSync(script, MOUNTS)
  mkdirSync(join(dir, 'work'))
  const pin = join(daemon.dir, 'mounts')
  const { stdout, stderr } = run('unshare', ['-m', 'sh', script, join(dir, 'work'), pin, '/proc/self/mountinfo'])
  const half = stdout.length / 2
  t.ok(Number.isInteger(half), 'the same length')
  t.equal(stdout.slice(0, half), stdout.slice(half), stderr)
  for (const part of [
    'a\\040folder',
    'line\\012break',
    'shared:',
    'master:',
    'unbindable',
    'a\\040\\043source',
    'nosymfollow',
    'xxx/xxx',
  ]) {
    t.ok(stdout.includes(part), part)
  }
  t.notMatch(run('cat', [pin]).stdout, /043source/, 'the namespace of the one who opens it')
})

t.test('every field', async t => {
  const program = join(scratch(), 'mounts.ts')
  writeFileSync(
    program,
    `import type { Iter } from 'iterfs'
export const mounts: Iter<'mount'> = {
  target: 'mount',
  run({ meta, mount }) {
    if (!mount) return
    const { mnt, mnt_parent, mnt_mountpoint } = mount
    meta.seq.printf('%d %d %s %s %s\\n', mount.mnt_id, mnt_parent.mnt_parent.mnt_id, mount.mnt_devname, mnt_mountpoint.d_name.name, mnt.mnt_root.d_name.name)
    meta.seq.printf('%x %s %s %d %u\\n', mnt.mnt_sb.s_dev, mnt.mnt_sb.s_type.name, mnt.mnt_sb.s_subtype ?? 'none', mount.mnt_group_id, mount.mnt_ns.ns.inum)
  },
}
`,
  )
  const { stdout, stderr } = iterfs('read', program)
  t.equal(stderr, '')
  t.match(stdout, /^\d+ \d+ proc proc \/\n[\da-f]+ proc none 0 \d+$/m)
})

const TOP = '27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard\n'
const FUSE =
  '50 27 0:45 /a\\040b /mnt/x\\134y rw,nosuid,idmapped master:2 propagate_from:1 - fuse.sshfs host:/a\\040b rw,user_id=0\n'
const EMPTY = '51 27 0:46 / /empty rw - tmpfs  rw,odd=a - b\n'

t.test('recorded machines', async t => {
  const files: Files = { '/proc/9/mountinfo': TOP + FUSE + EMPTY, '/proc/self/mountinfo': TOP }
  const of = (pid: number): string => runOn(files, 'mount.bpf.c', { opener: { pid, uid: 0, gid: 0 } })
  t.equal(of(9), TOP + FUSE + EMPTY)
  t.equal(of(0), TOP, 'an opener who is not known sees what the daemon does')
  t.throws(() => of(10), { errno: 2, message: /\/proc\/10\/mountinfo/ })
  t.throws(() => runOn({ '/proc/1/mountinfo': 'nonsense\n' }, 'mount.bpf.c'), { errno: 61, message: /got "nonsense"/ })
})
