// The targets that no kernel has: their programs print what /proc/net has of a network namespace, wherever the kernel's answers come from.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { compileWasm } from '../../src/bpf/compile.ts'
import { kernelTypes } from '../../src/bpf/kernel-types.ts'
import { formatC } from '../../src/btf/format-c.ts'
import { Engine } from '../../src/engine.ts'
import { nodePlatform } from '../../src/platform/node.ts'
import { registerTargets } from '../../src/targets/register.ts'
import { EACCES, ErrnoError } from '../../src/util/errno.ts'
import { compileAll } from '../support/clang.ts'
import { startDaemon } from '../support/daemon.ts'
import { Kernel, noKernelBpf } from '../support/kernel.ts'
import { IPV4_ROUTES_AND_NEIGHBOURS, IPV6_ROUTES } from '../support/net-workloads.ts'
import { type NetnsProcess, startNetns } from '../support/netns.ts'
import { ROOT } from '../support/paths.ts'

/** Programs and the files of /proc/net that they print. */
const FILES = { 'ipv4_route.bpf.c': 'route', 'neigh.bpf.c': 'arp', 'netdev.bpf.c': 'dev', 'ipv6_route.bpf.c': 'ipv6_route' }
const EMPTY = 'ready()'
const ONE_NEIGHBOUR = `
sh('ip link add d0 type veth peer name d1 && ip link set d0 up && ip addr add 10.1.0.1/16 dev d0')
sh('ip neigh add 10.1.0.7 lladdr 02:00:00:00:00:07 dev d0')
ready()
`

/** Requests that netlink refuses in this process. */
const refused = new Set<number>()
const [RTM_GETLINK, RTM_GETROUTE, RTM_GETNEIGH, RTM_GETNEXTHOP] = [18, 26, 30, 106]
const left: string[] = []
const platform = nodePlatform()
const restricted = {
  ...platform,
  openNet(tid: number) {
    const net = platform.openNet(tid)
    const ask = net.netlink.bind(net)
    net.netlink = (protocol, request) => {
      if (refused.has(request[4]!)) throw new ErrnoError(EACCES)
      return ask(protocol, request)
    }
    return net
  },
}
const denied = (what: string): void => void left.push(what)
registerTargets(restricted, { denied })

/** What the file has, and what was read meanwhile: again while counters go on between two looks at the file, as reports of multicast groups make them. */
function steady(netns: NetnsProcess, file: string, read: () => string): { want: string; got: string } {
  for (let tries = 1; ; tries++) {
    const look = (): string => netns.run('cat', [`/proc/net/${file}`]).stdout
    const [before, got, want] = [look(), read(), look()]
    if (before === want || tries === 20) return { want, got }
  }
}

/** /proc/net/route has a flag for a gateway of IPv6, but not its address: without netlink there is none. */
const withoutIpv6Gateways = (text: string): string => text.replace(/\t00000000\t0003\t/g, '\t00000000\t0001\t')

/** What an object prints, read in this process for one that is in the namespace. */
function read(path: string, netns: NetnsProcess): string {
  let maps = 0
  const bpf = { platform: restricted, denied, compile: compileWasm, progLimitMs: 5000, nextMapId: () => ++maps, trace: () => {} }
  const engine = new Engine({ bpf: { ...bpf, progFailed: () => {} } })
  const { progs } = engine.loadObject({ number: 1, path, bytes: new Uint8Array(readFileSync(path)), set: {} })
  const { key, target } = progs[0]!
  engine.open(0, key, target, engine.attach(key, target, undefined).aux, { pid: netns.pid, uid: 0, gid: 0 }, 1n)
  try {
    const parts: Uint8Array[] = []
    for (let data = engine.read(0, 65536); data.length > 0; data = engine.read(0, 65536)) parts.push(data.slice())
    return Buffer.concat(parts).toString('latin1')
  } finally {
    engine.close(0)
  }
}

t.test('what /proc/net has', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  writeFileSync(join(kernel.folder('own-btf'), 'vmlinux.h'), formatC(kernelTypes().btf.btf))
  const objectOf = (file: string): string => join(kernel.work, file.replace(/c$/, 'o'))
  await compileAll(
    Object.keys(FILES).map(file => ({
      source: join(ROOT, 'programs', file),
      object: objectOf(file),
      include: [kernel.folder('own-btf')],
    })),
  )
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  for (const file of Object.keys(FILES)) daemon.pin(objectOf(file), file.split('.')[0]!)

  for (const [what, python] of Object.entries({ IPV4_ROUTES_AND_NEIGHBOURS, IPV6_ROUTES, EMPTY, ONE_NEIGHBOUR })) {
    const netns = await startNetns(python)
    t.teardown(() => netns.stop())
    for (const [program, file] of Object.entries(FILES)) {
      const pin = join(daemon.dir, program.split('.')[0]!)
      const whole = steady(netns, file, () => netns.run('cat', [pin]).stdout)
      t.equal(whole.got, whole.want, `${what}: ${file}`)
      const small = steady(netns, file, () => netns.run('dd', [`if=${pin}`, 'bs=41', 'status=none']).stdout)
      t.equal(small.got, small.want, `${what}: ${file} in small reads`)
    }
  }

  const netns = await startNetns(IPV4_ROUTES_AND_NEIGHBOURS)
  t.teardown(() => netns.stop())
  const arp = netns.run('cat', ['/proc/net/arp']).stdout
  t.match(arp, / {20}\* +tun0\n/, 'a device without addresses')
  t.match(arp, /\n10\.1\.0\.98 +0x0 /, 'a proxy of all devices')
  for (const requests of [
    [RTM_GETLINK],
    [RTM_GETNEXTHOP],
    [RTM_GETLINK, RTM_GETNEIGH],
    [RTM_GETLINK, RTM_GETROUTE, RTM_GETNEIGH, RTM_GETNEXTHOP],
  ]) {
    refused.clear()
    left.length = 0
    for (const type of requests) refused.add(type)
    for (const [program, file] of Object.entries(FILES)) {
      const { got, want } = steady(netns, file, () => read(objectOf(program), netns))
      const shown = refused.has(RTM_GETROUTE) && file === 'route' ? withoutIpv6Gateways(want) : want
      t.equal(got, shown, `without ${requests.join(', ')}: ${file}`)
    }
    t.equal(left.includes('IPv6 neighbours'), refused.has(RTM_GETLINK), `left out without ${requests.join(', ')}: ${left.join()}`)
    t.equal(left.includes('IPv4 routes outside the main table'), refused.has(RTM_GETROUTE), 'other tables are left out')
  }
  refused.clear()
})
