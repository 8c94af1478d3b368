// ipv6_route: the same object in the kernel and in iterfs, in a network namespace with routes of all kinds.
import { join } from 'node:path'
import t from 'tap'
import { compileAll } from '../support/clang.ts'
import { startDaemon } from '../support/daemon.ts'
import { Kernel, noKernelBpf } from '../support/kernel.ts'
import { IPV6_ROUTES } from '../support/net-workloads.ts'
import { startNetns } from '../support/netns.ts'
import { ROOT } from '../support/paths.ts'

const PROGRAM = 'ipv6_route.bpf.c'
/** The route that the netlink dump leaves out (src/sources/ipv6-route.ts): who made it is not to be seen. */
const LEFT_OUT = /^(\d+ 2001:0db8:0005:\S+ .* flags 1 type 1 proto )\d+( siblings 0 )/m

t.test('routes of all kinds, as the kernel shows them', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  const netns = await startNetns(IPV6_ROUTES)
  t.teardown(() => netns.stop())
  const sources = { text: join('programs', PROGRAM), fields: 'test/bpf/route_fields.bpf.c' }
  const objectOf = (name: string): string => join(kernel.work, `${name}.bpf.o`)
  await compileAll(
    Object.entries(sources).map(([name, file]) => ({
      source: join(ROOT, file),
      object: objectOf(name),
      include: [kernel.vmlinux()],
    })),
  )
  for (const name of Object.keys(sources)) {
    kernel.pin(objectOf(name), name)
    daemon.pin(objectOf(name), name)
  }
  const cat = (path: string): string => netns.run('cat', [path]).stdout
  const [theirs, ours] = [kernel.dir, daemon.dir].map(dir => (name: string) => cat(join(dir, name))) as [
    (name: string) => string,
    (name: string) => string,
  ]

  const small = (): string => netns.run('dd', [`if=${join(daemon.dir, 'text')}`, 'bs=97', 'status=none']).stdout
  /** Looks until no reference was taken or given back between the first and the last. */
  const steady = (...looks: (() => string)[]): string[] => {
    for (let tries = 1; ; tries++) {
      const before = cat('/proc/net/ipv6_route')
      const texts = looks.map(look => look())
      if (before === cat('/proc/net/ipv6_route') || tries === 20) return [before, ...texts]
    }
  }
  const shown = (text: string): string => text.replace(LEFT_OUT, '$1?$2')

  const [proc, kernelText, ownText, inParts] = steady(
    () => theirs('text'),
    () => ours('text'),
    small,
  )
  t.ok(proc!.split('\n').length > 200, `${proc!.split('\n').length} lines`)
  t.equal(kernelText, proc, 'the program prints what /proc prints')
  t.equal(ownText, proc, 'in iterfs too')
  t.equal(inParts, proc, 'each once at any read size')
  const fields = (): string[] =>
    steady(
      () => theirs('fields'),
      () => ours('fields'),
    )
  const [, kernelFields, ownFields] = fields()
  t.match(kernelFields, LEFT_OUT)
  t.equal(shown(ownFields!), shown(kernelFields!), 'fields of routes, paths, nexthop objects and devices')
  t.match(ownFields, /^\d+ 2001:0db8:0005:\S+ .* proto 0 siblings 0 /m)
  t.match(daemon.log(), /an IPv6 route that the netlink dump leaves out/)
  t.equal(netns.run('sysctl', ['-qw', 'net.ipv4.nexthop_compat_mode=0']).status, 0)
  const [, kernelUnnamed, ownUnnamed] = fields()
  t.equal(shown(ownUnnamed!), shown(kernelUnnamed!), 'where the kernel does not name the paths of nexthop objects')
})
