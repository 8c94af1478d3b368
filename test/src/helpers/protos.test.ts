// The table of helpers against the kernel's verifier: which an iterator may call, under which licence, and which may sleep.
import t from 'tap'
import { checkHelper } from '../../../src/helpers/make.ts'
import { HELPER_NAMES, HELPERS, type HelperProto, OTHER_HELPERS, protoOf } from '../../../src/helpers/protos.ts'
import { BpfError } from '../../../src/util/error.ts'
import { run } from '../../support/daemon.ts'
import { Bench } from '../../support/helper-env.ts'
import { Kernel, noKernelBpf } from '../../support/kernel.ts'

const LAST = 211

/** What the verifier says, from our table. */
function verdictOf(id: number, target: string, gpl: boolean, sleepable: boolean): string {
  const proto = protoOf(id, target)
  if (HELPER_NAMES[id] === undefined) return 'unknown'
  if (!proto) return 'refused'
  if (proto.gpl && !gpl) return 'gpl'
  return proto.sleeps && !sleepable ? 'sleep' : 'ok'
}

t.test('every helper as the verifier has it', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  for (const [target, gpl, sleepable] of [
    ['task', true, false],
    ['task', true, true],
    ['task', false, false],
    ['task', false, true],
    ['bpf_map_elem', true, false],
    ['tcp', true, false],
    ['unix', true, false],
    ['udp', true, false],
    ['cgroup', true, false],
  ] as const) {
    const said = kernel.verdicts('helpers', target, gpl ? 'gpl' : 'free', sleepable ? 'sleep' : 'plain', 1, LAST + 1)
    const wrong = [...said].filter(([id, verdict]) => verdict !== verdictOf(Number(id), target, gpl, sleepable))
    t.equal(said.size, LAST + 1)
    t.same(wrong, [], `${target}, ${gpl ? 'GPL' : 'another licence'}, ${sleepable ? 'sleepable' : 'not sleepable'}`)
  }
})

t.test('ids and names as vmlinux has them', { skip: noKernelBpf() }, async t => {
  const dump = run('sh', ['-c', 'PATH=$PATH:/usr/sbin bpftool btf dump file /sys/kernel/btf/vmlinux format c']).stdout
  const found = [...dump.matchAll(/^\tBPF_FUNC_(\w+) = (\d+),$/gm)].map(([, name, id]) => [Number(id), name!] as const)
  t.same(
    found.filter(([id, name]) => id <= LAST && HELPER_NAMES[id] !== name),
    [],
  )
  t.ok(found.length > LAST)
})

t.test('every id once', async t => {
  const ids = [...Object.values(HELPERS).map(({ id }: HelperProto) => id), ...Object.values(OTHER_HELPERS)]
  t.equal(new Set(ids).size, LAST)
  t.equal(ids.length, LAST)
  for (const { args } of Object.values(HELPERS) as HelperProto[]) {
    t.ok(args.length <= 5)
    for (const [i, arg] of args.entries()) {
      if (arg === 'mem' || arg === 'mem_uninit') t.match(args[i + 1], /^size/)
    }
  }
})

t.test('what is refused says why', async t => {
  const free = { license: 'Proprietary', gpl: false, sleepable: false, target: 'task' }
  const gpl = { ...free, license: 'GPL', gpl: true }
  const code = (fn: () => unknown): [string, number] | null => {
    try {
      fn()
      return null
    } catch (err) {
      return err instanceof BpfError ? [err.code, err.errno] : null
    }
  }
  t.same(
    code(() => checkHelper(126, free)),
    ['HELPER_GPL', 22],
  )
  t.throws(() => checkHelper(126, free), { message: /^cannot call GPL-restricted function from non-GPL compatible program/ })
  t.same(
    code(() => checkHelper(148, gpl)),
    ['HELPER_SLEEPS', 22],
  )
  t.throws(() => checkHelper(148, gpl), { message: /might sleep in a non-sleepable prog: bpf_copy_from_user#148/ })
  t.same(
    code(() => checkHelper(9, gpl)),
    ['HELPER_REFUSED', 22],
  )
  t.throws(() => checkHelper(9, gpl), { message: /^program of this type cannot use helper bpf_skb_store_bytes#9/ })
  t.same(
    code(() => checkHelper(212, gpl)),
    ['HELPER_UNKNOWN', 22],
  )
  t.same(
    code(() => checkHelper(0, gpl)),
    ['HELPER_UNKNOWN', 22],
  )
  t.same(
    code(() => checkHelper(-1, gpl)),
    ['HELPER_UNKNOWN', 22],
  )
  t.same(
    code(() => checkHelper(49, gpl)),
    ['HELPER_REFUSED', 22],
  )
  t.same(
    code(() => checkHelper(49, { ...gpl, target: 'tcp' })),
    ['HELPER_UNAVAILABLE', 22],
  )
  t.same(
    code(() => checkHelper(25, gpl)),
    ['HELPER_UNAVAILABLE', 22],
  )
  t.throws(() => checkHelper(25, gpl), { message: /bpf_perf_event_output#25 cannot be had outside the kernel: perf events/ })
  t.equal(checkHelper(126, gpl), HELPERS.seq_printf)
  t.equal(checkHelper(1, free), HELPERS.map_lookup_elem)
})

t.test('what the table offers can be called, the rest cannot', async t => {
  const { helpers } = new Bench()
  for (let id = -1; id <= LAST + 1; id++) {
    const proto = protoOf(id, 'tcp')
    const offered = proto !== null && proto.missing === undefined && id !== HELPERS.tail_call.id
    if (!offered) t.throws(() => helpers.helper(id), BpfError)
    else t.ok(helpers.helper(id).argCount >= proto.args.length)
  }
})
