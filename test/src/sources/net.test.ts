// Routes, neighbours and devices from made-up answers of the kernel: what changes between two looks, and what is refused.
import t from 'tap'
import { type IterReg, listTargets, registerTargets } from '../../../src/index.ts'
import type { Struct } from '../../../src/kernel/types.ts'
import type { NetNs } from '../../../src/platform/platform.ts'
import { EACCES, ENOENT, EOPNOTSUPP, ErrnoError } from '../../../src/util/errno.ts'
import { noPlatform } from '../../support/no-platform.ts'

const [RTM_GETLINK, RTM_GETROUTE, RTM_GETNEIGH] = [18, 26, 30]
const [NLM_F_MULTI, NLMSG_DONE] = [2, 3]

/** A netlink message: header words of one byte each, and attributes. */
function message(
  type: number,
  header: readonly number[],
  attributes: Readonly<Record<number, readonly number[]>> = {},
): number[] {
  const words = Object.entries(attributes).flatMap(([name, value]) => {
    const padding = new Array<number>(-value.length & 3).fill(0)
    return [value.length + 4, 0, Number(name), 0, ...value, ...padding]
  })
  const size = 16 + header.length + words.length
  return [size & 255, size >> 8, 0, 0, type, 0, NLM_F_MULTI, 0, ...new Array<number>(8).fill(0), ...header, ...words]
}
const DONE = message(NLMSG_DONE, [0, 0, 0, 0])
const text = (value: string): number[] => [...Buffer.from(`${value}\0`)]
const number = (value: number): number[] => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24]

const LINK = message(16, [0, 0, 1, 0, ...number(3), ...number(0x1_1043), ...number(0)], {
  ...{ 1: [2, 0, 0, 0, 0, 0xf1], 3: text('eth0'), 30: number(1), 61: number(0) },
})
/** A route to 2001:db8:: with a prefix of that many bits. */
const route = (bits: number, table = 254, flags = 0): number[] =>
  message(24, [10, bits, 0, 0, table, 3, 0, 1, ...number(flags)], {
    ...{ 1: [0x20, 1, 0xd, 0xb8, ...new Array<number>(12).fill(0)], 4: number(3), 6: number(1024), 15: number(table) },
  })
const line = (bits: number, device = 'eth0'): string =>
  `20010db8000000000000000000000000 ${bits.toString(16)} ${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00000400 00000001 00000000 00000001 ${device.padStart(8)}\n`

interface Host {
  /** Answers to dumps, by the type and family asked for. */
  dump(type: number, family: number, flags: number): number[]
  file(name: string): string
}
let host: Host
const left: string[] = []
const net: NetNs = {
  inum: 77,
  netlink: (_protocol, request) => [Uint8Array.from([...host.dump(request[4]!, request[16]!, request[26] ?? 0), ...DONE])],
  read: name => new Uint8Array(Buffer.from(host.file(name))),
  inodes: () => [],
  again: () => net,
  close() {},
}
registerTargets({ ...noPlatform, openNet: () => net }, { denied: what => void left.push(what) })
const refuse = (): never => {
  throw new ErrnoError(EACCES)
}
const missing = (): never => {
  throw new ErrnoError(ENOENT)
}

/** What programs of the target are given, without the END call. */
function contexts(name: string): Record<string, unknown>[] {
  const target = listTargets().find(reg => reg.target === name) as IterReg
  const ops = target.seq_info.open({}, { pid: 1, uid: 0, gid: 0 })
  const found: Record<string, unknown>[] = []
  for (let object = ops.start(); object !== null; object = ops.next(object)) found.push(ops.ctx(object)!)
  ops.stop(null)
  ops.close()
  return found
}

t.test('a table that changes between the two looks is looked at again', t => {
  let looks = 0
  host = {
    dump: type =>
      type === RTM_GETLINK ? LINK : type === RTM_GETROUTE ? [...route(32), ...route(48, 254, 0x200), ...route(64, 100)] : [],
    file: () => (++looks < 3 ? line(32) : line(32) + line(56) + line(64)),
  }
  const routes = contexts('ipv6_route').map(({ rt }) => rt as Struct<'fib6_info'>)
  t.equal(looks, 3)
  t.same(
    routes.map(rt => rt.fib6_dst.plen),
    [32, 56, 64],
    'cached routes are in no table',
  )
  t.same([routes[0]!.fib6_table!.tb6_id, routes[2]!.fib6_table!.tb6_id], [254, 100])
  t.equal(routes[0]!.fib6_nh[0]!.nh_common.nhc_dev!.name, 'eth0')
  t.throws(() => routes[1]!.fib6_protocol, {
    errno: EOPNOTSUPP,
    message: /fib6_protocol of 20010db8.*\/56: the netlink dump leaves it out/,
  })
  t.end()
})

t.test('without one of the two sources', t => {
  host = { dump: refuse, file: name => (name === 'ipv6_route' ? line(32) : missing()) }
  const alone = contexts('ipv6_route')[0]!.rt as Struct<'fib6_info'>
  t.same(
    [alone.fib6_dst.plen, alone.fib6_ref.refs.counter, alone.nh, alone.fib6_nh[0]!.nh_common.nhc_dev!.name],
    [32, 1, null, 'eth0'],
  )
  t.throws(() => alone.fib6_table, { errno: EOPNOTSUPP, message: /fib6_table .*want netlink to tell of it, got RTM_GETROUTE/ })
  t.throws(() => alone.fib6_nh[0]!.nh_common.nhc_dev!.mtu, { errno: EOPNOTSUPP, message: /network device eth0: want netlink/ })

  host = { dump: type => (type === RTM_GETLINK ? LINK : type === RTM_GETROUTE ? route(32) : []), file: missing }
  const told = contexts('ipv6_route')[0]!.rt as Struct<'fib6_info'>
  t.same([told.fib6_dst.plen, told.fib6_table!.tb6_id, told.fib6_nh[0]!.nh_common.nhc_oif], [32, 254, 3])
  t.throws(() => told.fib6_ref, { errno: EOPNOTSUPP, message: /want \/proc\/net\/ipv6_route/ })

  host = { dump: refuse, file: missing }
  for (const target of ['ipv6_route', 'ipv4_route', 'neigh', 'netdev'])
    t.throws(() => contexts(target), { errno: EACCES, message: new RegExp(`${target}: RTM_GET.*; `) }, target)
  t.end()
})

t.test('neighbours, proxies and devices', t => {
  const key = [0xfe, 0x80, ...new Array<number>(13).fill(0), 9]
  host = {
    dump: (type, family, flags) =>
      type === RTM_GETLINK
        ? LINK
        : type !== RTM_GETNEIGH || family !== 10
          ? []
          : flags === 0
            ? message(28, [10, 0, 0, 0, ...number(3), 4, 0, 0x80, 1], {
                ...{ 1: key, 2: [2, 0, 0, 0, 0, 7], 3: [...number(0), ...number(0), ...number(0), ...number(4)], 15: number(1) },
              })
            : message(28, [10, 0, 0, 0, ...number(3), 0, 0, 8, 5], { 1: key }),
    file: missing,
  }
  const [first, second] = contexts('neigh') as {
    neigh: Struct<'neighbour'>
    pneigh: Struct<'pneigh_entry'>
    tbl: Struct<'neigh_table'>
  }[]
  const { neigh, tbl } = first!
  t.same([first!.pneigh, second!.neigh, tbl.family, tbl.key_len], [null, null, 10, 16])
  t.same([...neigh.primary_key], key)
  t.same(
    [neigh.nud_state, neigh.flags, neigh.type, neigh.refcnt.refs.counter],
    [4, 0x180, 1, 5],
    'NTF_EXT_MANAGED lies behind NTF_ROUTER',
  )
  t.same([...neigh.ha.subarray(0, 7)], [2, 0, 0, 0, 0, 7, 0])
  t.same(second!.pneigh.key, [0x80fe, 0, 0, 0x0900_0000])
  t.equal(second!.pneigh.dev!.ifindex, 3)

  const { dev, stats } = contexts('netdev')[0]! as { dev: Struct<'net_device'>; stats: Struct<'rtnl_link_stats64'> }
  t.same(
    [dev.name, dev.flags, dev.gflags, dev.addr_len, dev.type],
    ['eth0', 0x1103, 0, 6, 1],
    'promiscuous, not by the user; RUNNING is no flag of the device',
  )
  t.equal(dev.dev_addr, `\x02\0\0\0\0\udcf1${'\0'.repeat(26)}`)
  t.throws(
    () => dev.min_mtu,
    { errno: EOPNOTSUPP, message: 'netlink RTM_GETLINK: the answer has no attribute 50' },
    'an older kernel',
  )
  t.throws(() => stats.rx_bytes, { errno: EOPNOTSUPP, message: /no attribute 23/ })
  t.end()
})

t.test('what an object lacks in the files of /proc/net', t => {
  left.length = 0
  const heading = 'heading\n'
  const files: Record<string, string> = {
    route: `${heading}eth0\t0000010A\t0100000A\t0003\t0\t0\t7\t0000FFFF\t1240\t2000\t80 \n*\t00000B0A\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0 \n`,
    arp: `${heading}10.1.0.7         0x1         0x2         02:00:00:00:00:07     *        eth0\n`,
    dev: `${heading}${heading}  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n`,
  }
  host = { dump: refuse, file: name => files[name] ?? missing() }
  const [gateway, reject] = contexts('ipv4_route').map(({ rt }) => rt as Struct<'fib_rt_info'>)
  const fi = gateway!.fi!
  t.same([gateway!.tb_id, gateway!.dst, gateway!.dst_len, gateway!.type, fi.fib_priority], [254, 0x10a, 16, 1, 7])
  t.same([fi.fib_metrics!.metrics[2], fi.fib_metrics!.metrics[3], fi.fib_metrics!.metrics[7]], [2000, 640, 1200])
  t.same([fi.fib_nh[0]!.nh_common.nhc_gw.ipv4, fi.fib_nh[0]!.nh_common.nhc_dev!.name], [0x0100000a, 'eth0'])
  t.same([reject!.type, reject!.fi!.fib_nh[0]!.nh_common.nhc_dev], [7, null])
  const neigh = contexts('neigh')[0]!.neigh as Struct<'neighbour'>
  t.same([neigh.nud_state, neigh.dev!.type, neigh.dev!.addr_len], [2, 1, 6])
  t.throws(() => neigh.probes, { errno: EOPNOTSUPP, message: /neighbour 10\.1\.0\.7: want netlink/ })
  const stats = contexts('netdev')[0]!.stats as Struct<'rtnl_link_stats64'>
  t.same(
    [stats.rx_bytes, stats.rx_packets, stats.tx_compressed, stats.rx_frame_errors, stats.rx_crc_errors],
    [1n, 2n, 16n, 6n, 0n],
  )
  t.throws(() => stats.rx_nohandler, { errno: EOPNOTSUPP, message: /rtnl_link_stats64 of eth0/ })
  t.same(left, ['IPv4 routes outside the main table', 'IPv6 neighbours'])

  files.route = `${heading}eth0\t0000010A\n`
  t.throws(() => contexts('ipv4_route'), { errno: EOPNOTSUPP, message: '/proc/net/route: want 11 columns, got "eth0\t0000010A"' })
  files.arp = `${heading}nonsense\n`
  t.throws(() => contexts('neigh'), { errno: EOPNOTSUPP, message: '/proc/net/arp: want six columns, got "nonsense"' })
  t.end()
})
