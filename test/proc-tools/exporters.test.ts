// Prometheus exporters on the mount. Each runs in the network namespace for as long as its metrics are read.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { iterfs } from '../support/daemon.ts'
import { ROOT } from '../support/paths.ts'
import { bothWays, type ProcTools, PYTHON, ROUTES, rows, SOCKETS, startProcTools } from '../support/proc-tools.ts'

/** Name that the process of the sockets goes by. */
const NAME = 'iterfs-load'
const OBJECTS = join(ROOT, 'dist/programs')

/** Programs of tasks_prom.bpf.c, each with one metric. */
const METRICS = ['cpu_seconds', 'resident_bytes', 'open_files', 'threads', 'context_switches']

/** Starts an exporter, prints what it says at /metrics, and ends it. */
const SCRAPE = `
import subprocess, sys, time, urllib.request
exporter = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
try:
    end = time.time() + 20
    while True:
        try:
            text = urllib.request.urlopen("http://%s/metrics" % sys.argv[1]).read().decode()
            break
        except OSError:
            if exporter.poll() is not None or time.time() > end: raise RuntimeError(exporter.stderr.read().decode())
            time.sleep(0.05)
finally:
    exporter.kill(); exporter.wait()
print(text)
`
const LISTEN = '127.0.0.1:9100'

/** The samples whose names match, sorted. */
function scrape(tools: ProcTools, words: readonly string[], names: RegExp): string[] {
  const text = tools.sh(`${PYTHON} -c '${SCRAPE}' ${LISTEN} ${words.join(' ')} --web.listen-address=${LISTEN}`)
  return rows(text).filter(line => !line.startsWith('#') && names.test(line))
}

const nodeExporter = (procfs: string, collectors: readonly string[], more: readonly string[] = []): string[] => [
  ...['prometheus-node-exporter', `--path.procfs=${procfs}`, '--collector.disable-defaults', '--web.disable-exporter-metrics'],
  ...[...collectors.map(name => `--collector.${name}`), ...more],
]

t.test('exporters', async t => {
  const tools = await startProcTools(`open('/proc/self/comm', 'w').write('${NAME}')${SOCKETS}${ROUTES}`)
  t.teardown(() => tools.stop())
  const { dir, netns } = tools
  const pid = `${netns.pid}`

  for (const [collector, least, more] of [
    ['udp_queues', 4, []],
    ['arp', 1, []],
    ['netdev', 30, ['--no-collector.netdev.netlink']],
    ['sockstat', 10, []],
    ['stat', 1, []],
  ] as const) {
    t.test(`node exporter: ${collector}`, async t => {
      // What the scrape itself moves: time, processes and the connection to the exporter.
      const read = (procfs: string): string[] =>
        scrape(tools, nodeExporter(procfs, [collector], more), /./).filter(
          line =>
            !/duration_seconds|^node_(cpu|context|forks|intr|procs|softirqs)|sockstat_(sockets|TCP)_|_memory|^go_|^process_/.test(
              line,
            ),
        )
      const { real, ours } = bothWays(
        () => read('/proc'),
        () => read(dir),
      )
      t.same(ours, real)
      t.ok(real.includes(`node_scrape_collector_success{collector="${collector}"} 1`), 'the collector succeeded')
      t.ok(real.length > least, `${real.length} samples`)
    })
  }

  t.test('node exporter: all that it does by default', async t => {
    const read = (procfs: string): string[] =>
      scrape(tools, ['prometheus-node-exporter', `--path.procfs=${procfs}`], /^node_scrape_collector_success/)
    t.same(read(dir), read('/proc'), 'the same collectors succeed')
  })

  t.test('node exporter: slabinfo', async t => {
    // The counts change all the time: which caches there are, and the size of their objects, do not.
    const read = (procfs: string): string[] =>
      scrape(tools, nodeExporter(procfs, ['slabinfo']), /slabinfo/).map(line =>
        /object_size|success/.test(line) ? line : line.replace(/ \S+$/, ''),
      )
    const { real, ours } = bothWays(
      () => read('/proc').filter(line => !line.includes('duration')),
      () => read(dir).filter(line => !line.includes('duration')),
    )
    t.same(ours, real)
    t.ok(real.length > 100, `${real.length} samples`)
  })

  t.test('node exporter: textfile collector', async t => {
    const folder = join(dir, 'metrics')
    mkdirSync(folder)
    for (const prog of METRICS)
      t.match(iterfs('pin', join(OBJECTS, 'tasks_prom.bpf.o'), join(folder, `${prog}.prom`), '--prog', prog), {
        status: 0,
        stderr: '',
      })
    const empty = mkdtempSync(join(tmpdir(), 'iterfs-test-'))
    t.teardown(() => rmSync(empty, { recursive: true }))
    const read = (textfiles: string): string[] =>
      scrape(
        tools,
        nodeExporter('/proc', ['textfile'], [`--collector.textfile.directory=${textfiles}`]),
        /^(?!node_scrape|node_exporter|promhttp)/,
      )
    const samples = read(folder)
    t.ok(samples.includes('node_textfile_scrape_error 0'), 'it parses')
    t.equal(samples.filter(line => line.startsWith('node_textfile_mtime_seconds{')).length, METRICS.length, 'each pin has a time')
    const names = (text: readonly string[]): string[] => [...new Set(text.map(line => /^[\w:]+/.exec(line)![0]))].sort()
    const pinned = rows(tools.sh(`cat ${folder}/*.prom`)).filter(line => !line.startsWith('#'))
    t.equal(names(pinned).length, METRICS.length)
    t.same(
      names(samples).filter(name => !name.startsWith('node_textfile_')),
      names(pinned),
      'the metrics of the pins, and no others',
    )
    t.same(read(empty), ['node_textfile_scrape_error 0'], 'which do not come from elsewhere')
  })

  t.test('process exporter', async t => {
    // A folder of a process: what a program of ours serves is a pin, all else a link.
    const folder = join(dir, pid)
    mkdirSync(folder)
    t.same(iterfs('pin', '--pid', pid, join(OBJECTS, 'proc_maps.bpf.o'), join(folder, 'maps')), {
      status: 0,
      stdout: '',
      stderr: '',
    })
    for (const name of readdirSync(`/proc/${pid}`)) if (name !== 'maps') symlinkSync(`/proc/${pid}/${name}`, join(folder, name))
    // The proportional memory depends on who else has the same libraries mapped.
    const read = (procfs: string): string[] =>
      scrape(
        tools,
        ['prometheus-process-exporter', '-procfs', procfs, '-procnames', NAME],
        /^namedprocess_namegroup_.*iterfs-load/,
      ).map(line => line.replace(/(memtype="proportional.*}) .*/, '$1'))
    const { real, ours } = bothWays(
      () => read('/proc'),
      () => read(dir),
    )
    t.same(ours, real)
    t.ok(real.includes(`namedprocess_namegroup_num_procs{groupname="${NAME}"} 1`))
    t.ok(real.length > 20, `${real.length} samples`)
    const maps = (file: string): string => tools.sh(`grep -v vsyscall ${file}`)
    t.equal(maps(`${folder}/maps`), maps(`/proc/${pid}/maps`), 'its maps; [vsyscall] is no mapping of the process')
  })
})
