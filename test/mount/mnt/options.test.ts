// The `-o` table: ours, and the same texts given to a real bpffs.
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseMountOptions } from '../../../mount/mnt/options.ts'
import { MS, mount, namesOfFlags, umount2 } from '../../../mount/sys.ts'
import { EINVAL, EPERM, type ErrnoError } from '../../../src/util/errno.ts'
import { scratch } from '../../support/daemon.ts'

interface Root {
  readonly uid?: number
  readonly gid?: number
  readonly mode?: number
}

/** What the root folder becomes (left out: the default), or the option that is refused. */
const CASES: Record<string, Root | 'uid' | 'gid' | 'mode'> = {
  '': {},
  'mode=0': { mode: 0 },
  'mode=700': { mode: 0o700 },
  'mode=0700': { mode: 0o700 },
  'mode=07777': { mode: 0o7777 },
  'mode=+700': { mode: 0o700 },
  'mode=100700': { mode: 0o700 },
  'mode=00000000000000700': { mode: 0o700 },
  'mode=37777777777': { mode: 0o7777 },
  'mode=40000000000': 'mode',
  'mode=999': 'mode',
  'mode=abc': 'mode',
  'mode=0x1ff': 'mode',
  'mode=-1': 'mode',
  'uid=5,gid=6': { uid: 5, gid: 6 },
  'uid=0x10': { uid: 16 },
  'uid=0X1f': { uid: 31 },
  'uid=010': { uid: 8 },
  'uid=+5': { uid: 5 },
  'uid=+0x10': { uid: 16 },
  'uid=++5': 'uid',
  'uid=4294967294': { uid: 4294967294 },
  'uid=4294967295': 'uid',
  'uid=037777777777': 'uid',
  'uid=4294967296': 'uid',
  'uid=99999999999999999999': 'uid',
  'uid=08': 'uid',
  'uid=0x': 'uid',
  'uid=-1': 'uid',
  'uid=abc': 'uid',
  'uid= 5': 'uid',
  'uid=5 ': 'uid',
  'gid=1.5': 'gid',
  'gid=1e3': 'gid',
  'gid=5,gid=6': { gid: 6 },
  'uid=1,uid=x': 'uid',
  'mode=700,mode=711': { mode: 0o711 },
  nonsense: {},
  'nonsense=1,mode=700': { mode: 0o700 },
  'toString=1,__proto__=2': {},
  ',,mode=700,': { mode: 0o700 },
}

t.test('ours', async t => {
  for (const [text, want] of Object.entries(CASES)) {
    if (typeof want === 'string') {
      const value = text.slice(text.lastIndexOf('=') + 1)
      t.throws(() => parseMountOptions(text), { errno: EINVAL, message: new RegExp(`^-o ${want}: want an? .*, got "`) }, text)
      t.throws(() => parseMountOptions(text), { message: `got "${value}"` }, text)
    } else {
      const defaults = { uid: process.getuid!(), gid: process.getgid!(), mode: 0o777, flags: MS.nosuid | MS.nodev }
      t.same(parseMountOptions(text), { ...defaults, ...want }, text)
    }
  }
})

t.test('generic options become flags', async t => {
  t.equal(parseMountOptions('ro,noexec,mode=700').flags, MS.ro | MS.noexec | MS.nosuid | MS.nodev)
  t.equal(parseMountOptions('rw,suid,dev,exec').flags, MS.nosuid | MS.nodev, 'set-id bits and devices are never honoured')
  t.same(namesOfFlags(parseMountOptions('ro').flags), ['ro', 'nosuid', 'nodev'])
})

const dir = join(scratch(), 'bpffs')
mkdirSync(dir)
t.teardown(() => rmSync(join(dir, '..'), { recursive: true }))

/** Root of a bpffs mounted with `text`, or the error. */
function onKernel(text: string): { uid: number; gid: number; mode: number } | ErrnoError {
  try {
    mount('bpf', dir, 'bpf', 0, text)
  } catch (err) {
    return err as ErrnoError
  }
  try {
    return statSync(dir)
  } finally {
    umount2(dir, 0)
  }
}

/** Why a bpffs cannot be mounted here; false when it can. */
function noBpffs(): string | false {
  const root = onKernel('')
  if (!(root instanceof Error)) return false
  if (process.getuid!() === 0 && root.errno !== EPERM) throw root
  return `a bpffs cannot be mounted: ${root.message}`
}

t.test('a real bpffs', { skip: noBpffs() }, async t => {
  for (const [text, want] of Object.entries(CASES)) {
    const root = onKernel(text)
    if (typeof want === 'string') t.match(root, { errno: EINVAL }, text)
    else t.match(root, { uid: want.uid ?? 0, gid: want.gid ?? 0, mode: 0o41000 | (want.mode ?? 0o777) }, text)
  }
})
