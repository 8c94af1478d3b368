// The recorder and the recording over a platform that counts what it is asked.
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  EACCES,
  EEXIST,
  EINTR,
  EINVAL,
  EIO,
  ENODATA,
  ENOENT,
  ErrnoError,
  type FileStat,
  type Platform,
  Recorder,
  Recording,
} from '../../../src/index.ts'
import { scratch } from '../../support/daemon.ts'
import { noPlatform } from '../../support/no-platform.ts'

const READER = { pid: 77, uid: 1000, gid: 100 }
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

const STAT: FileStat = {
  ...{
    mode: 0o100644,
    nlink: 2,
    uid: 1,
    gid: 2,
    blksize: 4096,
    dev: 0x10_0000_0801n,
    ino: 2n ** 64n - 1n,
    rdev: 0xff_ff00_0103n,
  },
  ...{ size: 5n, blocks: 8n, atime: -1n, mtime: 1_700_000_000_123_456_789n, ctime: 0n },
}

/** Two netlink messages of 16 bytes in one datagram, and NLMSG_DONE in another. */
const message = (type: number, flags: number): Uint8Array => bytes(16, 0, 0, 0, type, 0, flags, 0, 1, 0, 0, 0, 9, 0, 0, 0)
const ANSWER = [new Uint8Array([...message(20, 2), ...message(20, 2)]), message(3, 2)]

/** A machine that says something else each time it is asked, and keeps count. */
function machine(asked: string[]): Platform {
  const fail = (errno: number): never => {
    throw new ErrnoError(errno)
  }
  const look = <T>(what: string, value: T): T => {
    asked.push(what)
    return value
  }
  const read = (path: string): Uint8Array =>
    path.endsWith('io')
      ? look(path, fail)(EACCES)
      : path.endsWith('odd')
        ? fail(999)
        : look(path, text(`${path} ${asked.length}`))
  let dumps = 0
  return {
    ...noPlatform,
    ...{ cpus: 3, userHz: 250, pageSize: 16384 },
    read,
    openDir: path => ({
      read: name => read(`${path}/${name}`),
      readlink: name => look(`link ${name}`, `socket:[${asked.length}] \udcff`),
      list: name => look(`list ${name}`, ['2', '1', 'a "b"\n']),
      stat: name => look(`stat ${name}`, STAT),
      close: () => asked.push('close'),
    }),
    list: path => look(`list ${path}`, ['9', '1']),
    stat: path => (path.endsWith('gone') ? fail(ENOENT) : look(`stat ${path}`, STAT)),
    exists: path => look(`exists ${path}`, path !== '/none'),
    sameFiles: (tid1, tid2) => look(`same ${tid1} ${tid2}`, tid1 === 1 ? null : tid1 === tid2),
    parentNs: (path, levels) => look(`parent ${path}`, 4_026_531_836 + levels),
    openNet: function openNet(tid): ReturnType<Platform['openNet']> {
      return {
        again: () => openNet(tid),
        inum: tid === 8 ? 0 : 4_026_531_840,
        netlink: protocol => (protocol === 9 && dumps++ === 0 ? fail(EINTR) : look(`netlink ${protocol}`, ANSWER)),
        read: name => look(`net ${name}`, text(`net ${name} of ${tid}\n`)),
        inodes: () => look(`inodes of ${tid}`, [7, 8]),
        close: () => void asked.push('close net'),
      }
    },
    sleptNs: () => -5n,
    clockNs: clock => ({ monotonic: 1n, boottime: 2n ** 62n, tai: 3n })[clock],
    readMemory: (pid, address, size) => look(`memory ${pid} ${address}`, new Uint8Array(size).fill(0xab)),
    kconfig: () => look('kconfig', 'CONFIG_HZ=300\n'),
    cpu: () => 2,
  }
}

/** What each look answers, as plain values; errors by their numbers. */
function lookAtAll(platform: Platform): unknown[] {
  const answers: unknown[] = []
  const look = (work: () => unknown): void => {
    try {
      const value = work()
      answers.push(value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value)
    } catch (err) {
      answers.push((err as ErrnoError).errno)
    }
  }
  const dir = platform.openDir('/proc/1/task/1')
  for (const name of ['stat', 'io', 'odd', '../../map_files/x']) look(() => dir.read(name))
  look(() => dir.readlink('fd/1'))
  look(() => dir.list('fd'))
  look(() => dir.stat('fd/1'))
  dir.close()
  look(() => platform.read('/proc/1/task/1/stat'))
  look(() => platform.list('/proc'))
  for (const path of ['/', '/gone']) look(() => platform.stat(path))
  for (const path of ['/some', '/none']) look(() => platform.exists(path))
  for (const [a, b] of [
    [1, 2],
    [2, 2],
    [2, 3],
  ] as const)
    look(() => platform.sameFiles(a, b))
  look(() => platform.parentNs('/proc/1/ns/pid', 2))
  for (const tid of [0, 7, 8]) {
    const net = platform.openNet(tid)
    look(() => net.inum)
    look(() => net.read('tcp'))
    look(() => net.netlink(4, bytes(1, 2, 3)).map(datagram => Buffer.from(datagram).toString('hex')))
    look(() => [...net.inodes()])
    net.close()
  }
  look(() => platform.readMemory(1, 0xffff_ffff_0000_0000n, 3))
  look(() => platform.kconfig())
  look(() => [platform.cpu(), platform.cpus, platform.userHz, platform.pageSize, platform.sleptNs()])
  for (const clock of ['monotonic', 'boottime', 'tai'] as const) look(() => platform.clockNs(clock))
  return answers
}

function record(asked: string[] = []): { recorder: Recorder; dir: string } {
  const recorder = new Recorder(machine(asked), READER)
  lookAtAll(recorder.platform)
  const dir = scratch()
  recorder.save(dir)
  return { recorder, dir }
}

t.test('a recording answers as the recorder did, which asks the machine once', async t => {
  const asked: string[] = []
  const recorder = new Recorder(machine(asked), READER)
  const answers = lookAtAll(recorder.platform)
  const once = asked.length
  t.same(lookAtAll(recorder.platform), answers, 'the second time')
  t.equal(asked.length, once, 'nothing was asked again')
  t.equal(asked.filter(what => what === 'close').length, 1)
  t.equal(answers[0], answers[7], 'one file, whichever way it is read')
  const dir = scratch()
  t.teardown(() => rmSync(dir, { recursive: true }))
  recorder.save(dir)
  const recording = new Recording(dir)
  t.same(lookAtAll(recording.platform), answers)
  t.same(lookAtAll(recording.platform), answers, 'also in another order of looks before')
  t.same(recording.platform.openDir('/proc/1/task/1').stat('fd/1'), STAT)
  t.equal(recording.takeComplaint(), null)
  t.same([recording.reader, recording.pointerKey], [READER, recorder.head.pointerKey])
  t.equal(recording.platform.nowMs(), recorder.platform.nowMs(), 'time stands still in both')
})

t.test('plain files, one line a look, in one order', async t => {
  const { recorder, dir } = record()
  t.teardown(() => rmSync(dir, { recursive: true }))
  const lines = readFileSync(join(dir, 'manifest.jsonl'), 'utf8').trimEnd().split('\n')
  t.match(JSON.parse(lines[0]!), { iterfs: 'recording', format: 1, pid: 77, cpus: 3, boottime: `${2n ** 62n}` })
  t.same(lines.slice(1), lines.slice(1).sort())
  t.ok(lines.includes('{"path":"/proc/1/task/1/io","look":"read","errno":"EACCES"}'))
  t.ok(lines.includes('{"path":"/proc/1/task/1/odd","look":"read","errno":"errno 999"}'))
  t.equal(readFileSync(join(dir, 'files/proc/1/task/1/stat'), 'utf8'), '/proc/1/task/1/stat 0')
  t.equal(readFileSync(join(dir, 'net/4026531840/tcp'), 'utf8'), 'net tcp of 0\n')
  t.equal(readFileSync(join(dir, 'net/of-8/tcp'), 'utf8'), 'net tcp of 8\n', 'a namespace without a number is that of its thread')
  const hex = readdirSync(join(dir, 'net/4026531840')).find(name => name.startsWith('netlink-4-'))!
  const line = (message: Uint8Array): string => Buffer.from(message).toString('hex')
  const [two, done] = ANSWER as [Uint8Array, Uint8Array]
  t.equal(
    readFileSync(join(dir, 'net/4026531840', hex), 'utf8'),
    `${line(two.subarray(0, 16))}\n${line(two.subarray(16))}\n\n${line(done)}\n\n`,
    'one message a line, a datagram a paragraph',
  )
  const again = scratch()
  t.teardown(() => rmSync(again, { recursive: true }))
  recorder.save(again)
  t.equal(readFileSync(join(again, 'manifest.jsonl'), 'utf8'), `${lines.join('\n')}\n`)
})

t.test('a recording is not written over files', async t => {
  const { recorder, dir } = record()
  t.teardown(() => rmSync(dir, { recursive: true }))
  t.throws(() => recorder.save(dir), { errno: EEXIST, message: /want a new or empty folder/ })
})

t.test('a dump that is to be made again is asked for again', async t => {
  const recorder = new Recorder(machine([]), READER)
  const net = recorder.platform.openNet(0)
  t.throws(() => net.netlink(9, bytes(1)), { errno: EINTR, name: 'ErrnoError' })
  t.same(net.netlink(9, bytes(1)), ANSWER)
})

t.test('one answer of sock_diag serves requests for some and for all attributes', async t => {
  const asked: number[][] = []
  const real = machine([])
  const recorder = new Recorder(
    {
      ...real,
      openNet: tid => ({
        ...real.openNet(tid),
        netlink(_protocol, request) {
          asked.push([...request.subarray(16, 20)])
          return ANSWER
        },
      }),
    },
    READER,
  )
  const request = (type: number, ...payload: number[]): Uint8Array =>
    bytes(20, 0, 0, 0, type, 0, 1, 3, 1, 0, 0, 0, 0, 0, 0, 0, ...payload)
  const net = recorder.platform.openNet(0)
  for (const extensions of [0, 3, 0x40]) {
    t.same(net.netlink(4, request(18, 2, 0, 0, extensions)), ANSWER, 'TCPDIAG_GETSOCK')
    t.same(net.netlink(4, request(20, 10, 17, extensions, 0)), ANSWER, 'SOCK_DIAG_BY_FAMILY')
  }
  t.same(asked, [
    [2, 0, 0, 0xff],
    [10, 17, 0xff, 0],
  ])
  for (const [protocol, type] of [
    [4, 20],
    [0, 18],
  ] as const) {
    net.netlink(protocol, request(type, 1, 2, 3, 4))
    t.same(asked.at(-1), [1, 2, 3, 4], 'other families and protocols are asked as they are')
  }
})

t.test('what was not looked at is an error, and is not forgotten', async t => {
  const { dir } = record()
  t.teardown(() => rmSync(dir, { recursive: true }))
  const missing: string[] = []
  const recording = new Recording(dir, { missing: what => missing.push(what) })
  const at = recording.platform
  const net = at.openNet(0)
  const looks: readonly [string, () => unknown][] = [
    ['/proc/1/task/1/maps: content', () => at.openDir('/proc/1/task/1').read('maps')],
    ['/proc/2/task/2: the folder', () => at.openDir('/proc/2/task/2')],
    ['/proc/1/task/1/fd/2: text of the link', () => at.openDir('/proc/1/task/1').readlink('fd/2')],
    ['/sys: names in the folder', () => at.list('/sys')],
    ['/proc/3/task: stat(2)', () => at.stat('/proc/3/task')],
    ['/proc/3: whether it exists', () => at.exists('/proc/3')],
    ['kcmp(2) of fd tables tid1 5 tid2 6', () => at.sameFiles(5, 6)],
    ['/proc/1/ns/pid: the namespace above', () => at.parentNs('/proc/1/ns/pid', 1)],
    ['network namespace tid 99', () => at.openNet(99)],
    ['/proc/net net 4026531840 name udp', () => net.read('udp')],
    ['answer to a netlink request net 4026531840 protocol 4 request 09', () => net.netlink(4, bytes(9))],
    ['memory pid 1 address 0x10 size 4', () => at.readMemory(1, 16n, 4)],
  ]
  for (const [what, look] of looks) {
    t.throws(look, { errno: ENODATA, message: `${what} is not in the recording ${dir}` }, what)
    t.throws(look, { errno: ENODATA, name: 'ErrnoError' }, 'and again')
    t.match(recording.takeComplaint(), { errno: ENODATA, message: `${what} is not in the recording ${dir}` })
    t.equal(recording.takeComplaint(), null, 'told once')
  }
  t.same(
    missing,
    looks.map(([what]) => what),
    'the log hears of each once',
  )
})

t.test('files that someone added need no line', async t => {
  const { dir } = record()
  t.teardown(() => rmSync(dir, { recursive: true }))
  mkdirSync(join(dir, 'files/proc/5'))
  writeFileSync(join(dir, 'files/proc/5/comm'), 'added\n')
  writeFileSync(join(dir, 'net/4026531840/unix'), 'also\n')
  const { platform } = new Recording(dir)
  t.equal(Buffer.from(platform.read('/proc/5/comm')).toString(), 'added\n')
  t.equal(Buffer.from(platform.openNet(7).read('unix')).toString(), 'also\n')
})

interface Damage {
  readonly what: string
  readonly damage: (dir: string) => void
  readonly message: RegExp
  readonly errno?: number
}

/** Writes the line `number` anew. */
const line =
  (number: number, now: string | ((before: string) => string)) =>
  (dir: string): void => {
    const path = join(dir, 'manifest.jsonl')
    const lines = readFileSync(path, 'utf8').split('\n')
    lines[number - 1] = typeof now === 'string' ? now : now(lines[number - 1]!)
    writeFileSync(path, lines.join('\n'))
  }
const added =
  (text: string) =>
  (dir: string): void =>
    appendFileSync(join(dir, 'manifest.jsonl'), `${text}\n`)
const stat = (fields: object): string =>
  JSON.stringify({
    ...{ path: '/x', look: 'stat', mode: '0100644', nlink: 1, uid: 0, gid: 0, dev: '8:1', ino: '2', rdev: '0:0', size: '0' },
    ...{ blksize: 4096, blocks: '0', atime: '0', mtime: '0', ctime: '0', ...fields },
  })

const DAMAGES: readonly Damage[] = [
  {
    what: 'no manifest',
    damage: dir => rmSync(join(dir, 'manifest.jsonl')),
    message: /: want a folder that iterfs record made.* got none$/,
    errno: ENOENT,
  },
  {
    what: 'an empty manifest',
    damage: dir => truncateSync(join(dir, 'manifest.jsonl')),
    message: /manifest.jsonl line 1: want a JSON object, got an empty line$/,
  },
  { what: 'another file', damage: line(1, '{"a":1}'), message: /line 1: "iterfs": want "recording", got none$/ },
  {
    what: 'a later format',
    damage: line(1, text => text.replace('"format":1', '"format":2')),
    message: /line 1: "format": want 1, got 2$/,
  },
  {
    what: 'no clock',
    damage: line(1, text => text.replace('"tai":', '"tay":')),
    message: /line 1: "tai": want a decimal number in quotes, got none$/,
  },
  {
    what: 'a CPU that is not there',
    damage: line(1, text => text.replace('"cpu":2', '"cpu":3')),
    message: /line 1: "cpu": want one below "cpus", which is 3, got 3$/,
  },
  {
    what: 'no ticks',
    damage: line(1, text => text.replace('"userHz":250', '"userHz":0')),
    message: /line 1: "userHz" and "pageSize": want more than 0, got 0$/,
  },
  {
    what: 'a short key',
    damage: line(1, text => text.replace(/"pointerKey":"\w{4}/, '"pointerKey":"')),
    message: /"pointerKey": want 8 bytes as hex, got 6$/,
  },
  { what: 'half a line', damage: line(3, text => text.slice(0, 20)), message: /line 3: want a JSON object, got \{"look"/ },
  { what: 'no object', damage: added('[1]'), message: /want a JSON object, got \[1\]$/ },
  { what: 'no look', damage: added('{"path":"/x"}'), message: /"look": want a text, got none$/ },
  {
    what: 'an unknown look',
    damage: added('{"look":"toString"}'),
    message: /"look": want a name that docs\/recording.md lists, got "toString"$/,
  },
  { what: 'no path', damage: added('{"look":"list","names":[]}'), message: /"path": want a text, got none$/ },
  {
    what: 'a bad value',
    damage: added('{"path":"/x","look":"list","names":[1]}'),
    message: /"names": want a list of texts, got \[1\]$/,
  },
  {
    what: 'a bad flag',
    damage: added('{"path":"/x","look":"exists","exists":"yes"}'),
    message: /"exists": want true or false, got "yes"$/,
  },
  {
    what: 'a bad errno',
    damage: added('{"path":"/x","look":"list","errno":"EWHAT"}'),
    message: /"errno": want a name such as ENOENT, got "EWHAT"$/,
  },
  { what: 'a bad mode', damage: added(stat({ mode: '644' })), message: /"mode": want an octal number in quotes, got "644"$/ },
  { what: 'a bad device', damage: added(stat({ dev: '8' })), message: /"dev": want "MAJOR:MINOR", got "8"$/ },
  { what: 'a bad number', damage: added(stat({ ino: 2 })), message: /"ino": want a decimal number in quotes, got 2$/ },
  { what: 'a negative count', damage: added(stat({ uid: -1 })), message: /"uid": want a whole number, got -1$/ },
  {
    what: 'bad memory',
    damage: added('{"look":"memory","pid":1,"address":"0x1","size":1,"hex":"abc"}'),
    message: /"hex": want bytes as hex, got "abc"$/,
  },
  {
    what: 'a look twice',
    damage: added('{"path":"/none","look":"exists","exists":true}'),
    message: /want one line for each look, got a second one for \/none: whether it exists$/,
  },
  {
    what: 'a missing file',
    damage: dir => rmSync(join(dir, 'files/proc/1/task/1/stat')),
    message: /line \d+: want a file files\/proc\/1\/task\/1\/stat of 21 bytes in the recording, got none$/,
  },
  {
    what: 'a cut file',
    damage: dir => truncateSync(join(dir, 'kconfig'), 3),
    message: /line \d+: want 14 bytes in kconfig, got 3$/,
  },
  {
    what: 'a file outside',
    damage: added('{"path":"/../../etc/passwd","look":"read","bytes":1}'),
    message: /want a file files\/..\/..\/etc\/passwd of 1 bytes in the recording, got none$/,
  },
  {
    what: 'a link',
    damage: dir => symlinkSync('/etc/passwd', join(dir, 'files/proc/link')),
    message: /files\/proc\/link: want plain files and folders in a recording, got another kind$/,
  },
]

t.test('damage is told when the recording is opened: place, wanted, got', async t => {
  const { dir } = record()
  t.teardown(() => rmSync(dir, { recursive: true }))
  t.ok(new Recording(dir), 'without damage it is taken')
  for (const { what, damage, message, errno = EINVAL } of DAMAGES) {
    const copy = scratch()
    cpSync(dir, copy, { recursive: true })
    damage(copy)
    t.throws(() => new Recording(copy), { errno, message }, what)
    rmSync(copy, { recursive: true })
  }
})

t.test('damage done later is told by the look', async t => {
  const { dir } = record()
  t.teardown(() => rmSync(dir, { recursive: true }))
  const recording = new Recording(dir)
  const path = join(dir, 'files/proc/1/task/1/stat')
  truncateSync(path, 2)
  const message = `${path}: want the 21 bytes of the recording, got`
  t.throws(() => recording.platform.read('/proc/1/task/1/stat'), { errno: EIO, message: `${message} 2` })
  t.match(recording.takeComplaint(), { errno: EIO, message: `${message} 2` })
  rmSync(path)
  t.throws(() => recording.platform.read('/proc/1/task/1/stat'), { errno: EIO, message: `${message} No such file or directory` })
})
