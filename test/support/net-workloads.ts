// What the tests of routes, neighbours and devices put into a network namespace (startNetns).

/** Devices that send nothing by themselves: references of routes and counters stay as they are. */
const QUIET_DEVICES = `
for name in ('all', 'default'):
    for key, value in (('accept_ra', 0), ('addr_gen_mode', 1), ('accept_dad', 0), ('autoconf', 0)):
        with open(f'/proc/sys/net/ipv6/conf/{name}/{key}', 'w') as f: f.write(str(value))
def batch(*lines, flags=()): subprocess.run(['ip', *flags, '-batch', '-'], input='\\n'.join(lines) + '\\n', text=True, check=True)
sh('ip link add d0 type veth peer name d0p && ip link add d1 type veth peer name d1p && ip link add br0 type bridge')
for name in ('d0', 'd0p', 'd1', 'd1p', 'br0'): sh(f'ip link set {name} up')
`

/**
 * IPv6 routes of all kinds, more than 200 of them: several tables, multipath, nexthop objects and groups, what is refused, gateways, metrics,
 * prefixes in prefixes, sources. One lies between the paths of a multipath route: the netlink dump leaves it out.
 */
export const IPV6_ROUTES = `${QUIET_DEVICES}
batch('addr add 2001:db8:1::1/64 dev d0 nodad', 'addr add 2001:db8:2::1/64 dev d1 nodad', 'addr add fe80::1/64 dev br0 nodad', flags=['-6'])
batch(
    'route add 2001:db8:5::/48 via 2001:db8:1::2 metric 50', 'route append 2001:db8:5::/48 dev br0 metric 50',
    'route append 2001:db8:5::/48 via 2001:db8:2::2 metric 50', 'route append 2001:db8:5::/48 via 2001:db8:2::3 metric 50',
    'route add 2001:db8:6::/48 nexthop via 2001:db8:1::2 weight 3 nexthop via 2001:db8:2::2',
    'route add blackhole 2001:db8:7::/48', 'route add unreachable 2001:db8:8::/48 table 100 metric 7',
    'route add prohibit 2001:db8:9::/48 table 2000', 'route add default via 2001:db8:1::9 mtu 1400 advmss 1200 hoplimit 9 table 100',
    'route add default via 2001:db8:1::9 metric 5 proto 42', 'route add default via 2001:db8:2::9 metric 6 onlink dev d1',
    flags=['-6'],
)
sh('ip -6 nexthop add id 4 blackhole')
batch(
    'nexthop add id 1 via 2001:db8:1::33 dev d0', 'nexthop add id 2 via 2001:db8:2::33 dev d1 proto 77', 'nexthop add id 3 group 1,5/2,10',
    'nexthop add id 6 group 2/1 type resilient buckets 32',
)
batch(
    *[f'route add 2001:db8:a{n}::/48 nhid {n}' for n in (1, 2, 3, 4, 6)],
    'route add 2001:db8:b1::/48 from 2001:db8:77::/48 dev d0', 'route add 2001:db8:b1::/48 from 2001:db8:78::/64 dev d1',
    'route add 2001:db8:b2::/48 dev d0 expires 5000 src 2001:db8:1::1 proto 99', 'route add local 2001:db8:b3::/64 dev lo',
    'route add anycast 2001:db8:b4::1 dev d0', 'route add multicast ff05::/16 dev d1 table local',
    *[f'route add 2001:db8:c000:{n:x}::/{64 if n % 2 else 60 if n % 16 == 0 else 127} via 2001:db8:{1 + n % 2}::f{n:x} metric {n}' for n in range(1, 120)],
    *[f'route add 2001:db8:d000:{n:x}::/64 dev d{n % 2} table {300 + n % 7}' for n in range(100)],
    flags=['-6'],
)
ready()
`

/** IPv4 routes, neighbours and proxies of all kinds. */
export const IPV4_ROUTES_AND_NEIGHBOURS = `${QUIET_DEVICES}
batch('addr add 10.1.0.1/16 dev d0', 'addr add 10.2.0.1/24 dev d1')
sh('ip addr add 2001:db8:1::1/64 dev d0 nodad')
batch(
    'route add default via 10.1.0.9 mtu 1400 advmss 1200 window 2000 rtt 80ms', 'route add 10.9.0.0/16 via 10.1.0.9 table 100',
    'route add blackhole 10.10.0.0/16', 'route add prohibit 10.11.0.0/16', 'route add unreachable 10.12.0.0/16', 'route add throw 10.13.0.0/16',
    'route add 10.14.0.0/16 nexthop via 10.1.0.9 nexthop via 10.2.0.9', 'route add 10.15.0.0/16 via inet6 fe80::1 dev d0',
    'route add 10.16.0.0/16 dev d0 tos 0x10 metric 7', 'route add 10.16.0.0/16 dev d1', 'route add 10.16.3.4 dev d1 metric 4294967295',
    'route add multicast 224.5.0.0/16 dev d0', 'route add broadcast 10.17.255.255 dev d0 table main', 'route add local 10.18.0.0/16 dev d0 table main',
    'nexthop add id 1 via 10.1.0.33 dev d0', 'nexthop add id 2 via fe80::33 dev d1', 'nexthop add id 3 group 1/2', 'nexthop add id 4 blackhole',
    *[f'route add 10.2{n}.0.0/16 nhid {n}' for n in (1, 2, 3, 4)],
    *[f'route add 10.{100 + n}.0.0/{16 + n % 15} via 10.1.0.{n + 1}' for n in range(0, 128, 7)],
    'neigh add 10.1.0.77 lladdr 02:00:00:00:00:a1 dev d0', 'neigh add 10.1.0.78 lladdr 02:00:00:00:00:02 nud noarp dev d0',
    'neigh add 10.1.0.79 nud none dev d0', 'neigh add 10.1.0.81 nud failed dev d0', 'neigh add 2001:db8:1::7 lladdr 02:00:00:00:00:06 dev d0',
    *[f'neigh add 10.2.0.{n} lladdr 02:00:00:00:01:{n:02x} nud permanent dev d1' for n in range(2, 40)],
    'neigh add proxy 10.1.0.99 dev d0', 'neigh add proxy 10.1.0.98', 'neigh add proxy 2001:db8:1::99 dev d0',
)
# A device without addresses, and a neighbour that had an address.
sh('ip tuntap add tun0 mode tun && ip addr add 10.50.0.1/24 dev tun0 && ip link set tun0 up && ip neigh add 10.50.0.2 nud permanent dev tun0')
sh('ip neigh add 10.1.0.82 lladdr 02:00:00:00:00:05 nud permanent dev d0 && ip neigh change 10.1.0.82 nud failed dev d0')
ready()
`
