// Tools that list sockets: what they show of the mount is what they show of /proc.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test as Tap } from 'tap'
import { PRESETS } from '../../mount/cli/presets.ts'
import { bothWays, PYTHON, ROUTES, rows, SOCKETS, startProcTools } from '../support/proc-tools.ts'

t.test('on the mount and on /proc', async t => {
  const tools = await startProcTools(SOCKETS + ROUTES)
  t.teardown(() => tools.stop())
  const { dir, netns } = tools
  t.same(tools.mounted.stderr, '', 'every program is there')
  // What a numeric folder of /proc has is not served: the processes that are asked for are links.
  symlinkSync(`/proc/${netns.pid}`, join(dir, `${netns.pid}`))

  /** One assertion: a line's rows as a set, where DIR stands for the folder. */
  const same = (t: Tap, line: string, least: number): void => {
    const { real, ours } = bothWays(
      () => rows(tools.sh(line.replaceAll('DIR', '/proc'))),
      () => rows(tools.sh(line.replaceAll('DIR', dir))),
    )
    t.same(ours, real, line)
    t.ok(real.length >= least, `${line}: ${real.length} rows, want at least ${least}`)
  }

  t.test('the files themselves', async t => {
    for (const { path } of PRESETS.proc!.pins) if (path.startsWith('net/')) same(t, `cat DIR/${path}`, 2)
  })

  t.test('ss', async t => {
    same(t, 'PROC_ROOT=DIR ss -tanu', 140)
    same(t, 'PROC_ROOT=DIR ss -tan state fin-wait-2', 7)
    same(t, 'PROC_ROOT=DIR ss -xa', 18)
    same(t, 'PROC_ROOT=DIR ss -a -f netlink', 2)
    same(t, 'PROC_ROOT=DIR ss -tanup', 140)
    same(t, 'PROC_NET_TCP=DIR/net/tcp PROC_NET_TCP6=DIR/net/tcp6 ss -tln', 7)
    t.match(tools.sh(`PROC_ROOT=${dir} ss -tanp`), `pid=${netns.pid},`, 'the process is found through its link')
  })

  /** As root of a user namespace: the mount's folder lies over /proc/net of one process, which becomes the tool. */
  const bound = (folder: string, line: string): string =>
    folder === '/proc/net' ? line : `unshare -Urm sh -c 'mount --bind ${folder} /proc/$$/net && exec ${line}'`
  /** As bound(), with single files: a tmpfs lies below, since the kernel looks a file of /proc/net up anew each time and forgets what lies over it. */
  const boundFiles = (folder: string, line: string): string =>
    folder === '/proc/net'
      ? line
      : `unshare -Urm sh -c 'mount -t tmpfs none /proc/$$/net && for f in tcp tcp6 udp udp6; do
          : > /proc/$$/net/$f && mount --bind ${folder}/$f /proc/$$/net/$f; done && exec ${line}'`

  t.test('netstat, and others of net-tools', async t => {
    for (const [how, line, least] of [
      [bound, 'netstat -tan', 80],
      [boundFiles, 'netstat -tan', 80],
      [boundFiles, 'netstat -uan', 20],
      [bound, 'netstat -xan', 18],
      [bound, 'netstat -rn', 4],
      [bound, 'netstat -rn -A inet6', 4],
      [bound, 'arp -an', 2],
      [bound, 'netstat -i', 3],
    ] as const) {
      const { real, ours } = bothWays(
        () => rows(tools.sh(how('/proc/net', line))),
        () => rows(tools.sh(how(join(dir, 'net'), line))),
      )
      t.same(ours, real, `${line} (${how.name})`)
      t.ok(real.length >= least, `${line}: ${real.length} rows, want at least ${least}`)
    }
  })

  t.test('what is bound is what they read', async t => {
    const scratch = mkdtempSync(join(tmpdir(), 'iterfs-test-'))
    t.teardown(() => rmSync(scratch, { recursive: true }))
    for (const name of ['tcp', 'tcp6', 'udp', 'udp6']) writeFileSync(join(scratch, name), 'head\n')
    for (const how of [bound, boundFiles])
      t.equal(rows(tools.sh(how(scratch, 'netstat -tan'))).length, 2, `the two lines of head of empty files (${how.name})`)
  })

  t.test('lsof', async t => {
    for (const option of ['-i', '-iTCP -sTCP:LISTEN', '-iUDP', '-U']) {
      const [real, ours] = JSON.parse(tools.sh(`unshare -Urm ${PYTHON} -c '${LSOF}' ${dir}/net '${option}'`)) as [string, string]
      t.same(rows(ours), rows(real), `lsof ${option}`)
      t.ok(rows(real).length >= 4, `lsof ${option}: ${rows(real).length} rows`)
    }
  })

  t.test('psutil', async t => {
    const { real, ours } = bothWays(
      () => JSON.parse(tools.sh(`${PYTHON} -c '${PSUTIL}' /proc ${netns.pid}`)) as Psutil,
      () => JSON.parse(tools.sh(`${PYTHON} -c '${PSUTIL}' ${dir} ${netns.pid}`)) as Psutil,
    )
    t.same(ours, real)
    t.ok(real.inet.length >= 140 && real.unix.length >= 15, `${real.inet.length} inet, ${real.unix.length} unix`)
  })
})

/** Holds sockets, and lets lsof list them twice: a process that sees /proc, and one that has the folder over its /proc/net. */
const LSOF = `
import json, os, socket, subprocess, sys
folder, option = sys.argv[1:]
socks = []
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        for _ in range(3):
            s = socket.socket(family, kind); s.bind((host, 0)); socks.append(s)
            if kind == socket.SOCK_STREAM: s.listen(3)
            c = socket.socket(family, kind); c.connect(s.getsockname()); socks.append(c)
for i in range(3):
    s = socket.socket(socket.AF_UNIX); s.bind(chr(0) + "iterfs-lsof-%d" % i); s.listen(3); socks.append(s)
lsof = "exec lsof -n -P -a %s -p %d" % (option, os.getpid())
def text(line): return subprocess.run(["sh", "-c", line], stdout=subprocess.PIPE, check=True, text=True).stdout
print(json.dumps([text(lsof), text("mount --bind %s /proc/$$/net && %s" % (folder, lsof))]))
`

/** What psutil says of sockets and of the machine, in an order of its own. */
const PSUTIL = `
import json, sys
import psutil
psutil.PROCFS_PATH = sys.argv[1]
pid = int(sys.argv[2])
def sockets(kind): return sorted(repr(c) for c in psutil.net_connections(kind))
print(json.dumps({
    "inet": sockets("inet"), "tcp4": sockets("tcp4"), "udp6": sockets("udp6"), "unix": sockets("unix"),
    "process": sorted(repr(c) for c in psutil.Process(pid).connections("inet")),
    "nics": repr(psutil.net_io_counters(pernic=True)),
    "boot": psutil.boot_time(), "memory": psutil.virtual_memory().total, "cpus": psutil.cpu_count(),
    "name": psutil.Process(pid).name(), "fds": psutil.Process(pid).num_fds(),
}))
`

interface Psutil {
  readonly inet: string[]
  readonly unix: string[]
}
