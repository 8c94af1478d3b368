// The table of kfuncs against the kernel: which an iterator may call, which sleep, and their prototypes.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { Declarer, plainNames } from '../../../src/btf/declare.ts'
import { parseBtf } from '../../../src/btf/parse.ts'
import { indexBtf, typeAs } from '../../../src/btf/query.ts'
import { KFUNCS, type KfuncProto, kfuncArgCount, listKfuncs, MISSING_KFUNCS } from '../../../src/helpers/kfunc-protos.ts'
import { checkKfunc } from '../../../src/helpers/make.ts'
import { run } from '../../support/daemon.ts'
import { Bench } from '../../support/helper-env.ts'
import { Kernel, noKernelBpf } from '../../support/kernel.ts'

const OURS = Object.entries(KFUNCS) as [string, KfuncProto][]
const MISSING = Object.values(MISSING_KFUNCS).flat()

t.test('every kfunc as the verifier has it', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const dump = run('sh', ['-c', 'PATH=$PATH:/usr/sbin bpftool btf dump file /sys/kernel/btf/vmlinux']).stdout
  const names = new Map([...dump.matchAll(/^\[(\d+)\] FUNC '(\w+)'/gm)].map(([, id, name]) => [id, name!]))
  const tagged = [...dump.matchAll(/^\[\d+\] DECL_TAG 'bpf_kfunc' type_id=(\d+)/gm)].map(([, id]) => names.get(id!)!)
  t.ok(tagged.length > 150)
  const plain = kernel.verdicts('kfuncs', 'task', 'plain', ...tagged)
  const sleepable = kernel.verdicts('kfuncs', 'task', 'sleep', ...tagged)
  const allowed = tagged.filter(name => sleepable.get(name) === 'ok')
  t.same(
    allowed.filter(name => !Object.hasOwn(KFUNCS, name) && !MISSING.includes(name)),
    [],
    'each one is served or refused by name',
  )
  t.same(
    [...Object.keys(KFUNCS), ...MISSING].filter(name => !allowed.includes(name)),
    [],
    'there is none that the kernel does not have',
  )
  t.same(
    OURS.filter(([name, { flags }]) => (plain.get(name) === 'sleep') !== (flags?.includes('sleepable') === true)),
    [],
  )
})

t.test('prototypes as vmlinux has them', { skip: noKernelBpf() }, async t => {
  const btf = parseBtf(readFileSync('/sys/kernel/btf/vmlinux'))
  const declarer = new Declarer(btf, plainNames(btf), false)
  for (const [name, { proto }] of OURS) {
    const func = typeAs(btf, indexBtf(btf).find('func', name), 'func')
    t.equal(func && declarer.declaration(func.type, name), proto)
  }
})

t.test('a list that names none twice', async t => {
  const all = [...Object.keys(KFUNCS), ...MISSING]
  t.equal(new Set(all).size, all.length)
  for (const [name, proto] of OURS) {
    t.match(proto.proto, new RegExp(`^[a-z_][\\w ]*[ *]${name}\\(.+\\)$`))
    t.ok(kfuncArgCount(proto) <= 5)
  }
  t.equal(kfuncArgCount(KFUNCS.bpf_rcu_read_lock), 0)
  t.equal(kfuncArgCount(KFUNCS.bpf_iter_num_new), 3)
  t.equal(listKfuncs().length, OURS.length)
})

t.test('what may be called', async t => {
  const gpl = { license: 'GPL', gpl: true, sleepable: false, target: 'task' }
  const { helpers } = new Bench()
  for (const [name, proto] of OURS) t.equal(helpers.kfunc(name).argCount, kfuncArgCount(proto))
  for (const name of [...MISSING, 'bpf_iter_num', 'bpf_path_d_path', '', 'constructor'])
    t.throws(() => helpers.kfunc(name), { name: 'BpfError' })
  t.equal(checkKfunc('bpf_task_acquire', gpl), KFUNCS.bpf_task_acquire)
  t.throws(() => checkKfunc('bpf_task_acquire', { ...gpl, license: 'MIT', gpl: false }), { code: 'KFUNC_GPL', errno: 22 })
  t.throws(() => checkKfunc('bpf_copy_from_user_str', gpl), { code: 'KFUNC_SLEEPS', errno: 13 })
  t.throws(() => checkKfunc('bpf_path_d_path', gpl), { code: 'KFUNC_REFUSED', errno: 13 })
  t.throws(() => checkKfunc('bpf_obj_new_impl', gpl), {
    code: 'KFUNC_UNAVAILABLE',
    errno: 22,
    message: /lists and trees are not supported/,
  })
})
