// module: the text of /proc/modules, on machines of files; and of the kernel, where it has modules.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { iterfs } from '../support/daemon.ts'
import { type Files, runOn } from '../support/file-platform.ts'
import { ROOT } from '../support/paths.ts'

const MODULES = `nft_nat 16384 3 - Live 0xffffffffc0b21000
nf_nat 61440 2 nft_nat,xt_MASQUERADE, Live 0xffffffffc0a4e000 (E)
nvidia 62771200 120 nvidia_modeset, Live 0xffffffffc1000000 (POE)
vboxdrv 700416 0 - Loading 0xffffffffc0900000 (OE+)
dummy 16384 0 - Unloading 0xffffffffc0800000 (-)
`
const READER: Files = {
  '/proc/sys/kernel/kptr_restrict': '0\n',
  '/proc/1/status': 'Name:\ta\nCapEff:\t000001ffffffffff\n',
  '/proc/1/ns/user': { link: 'user:[4026531837]' },
}

t.test('the text of /proc/modules', async t => {
  const files = { ...READER, '/proc/modules': MODULES }
  t.equal(runOn(files, 'module.bpf.c'), MODULES)
  t.equal(runOn(files, 'module.bpf.c', { size: 3 }), MODULES, 'small reads')
  const hidden = MODULES.replace(/0x\w+/g, '0x0000000000000000')
  t.equal(runOn({ ...files, '/proc/sys/kernel/kptr_restrict': '2\n' }, 'module.bpf.c'), hidden, 'who may not see addresses')
  const uncounted = 'ext4 16384 - - Live 0xffffffffc0b21000\n'
  t.equal(runOn({ ...READER, '/proc/modules': uncounted }, 'module.bpf.c'), uncounted, 'without CONFIG_MODULE_UNLOAD')
  t.equal(runOn({ ...READER, '/proc/modules': '' }, 'module.bpf.c'), '', 'none is loaded')
})

t.test('what is missing is named', async t => {
  t.throws(() => runOn({}, 'module.bpf.c'), { errno: 2, message: /\/proc\/modules/ })
  t.throws(() => runOn({ ...READER, '/proc/modules': 'ext4 16384\n' }, 'module.bpf.c'), {
    errno: 61,
    message: /got "ext4 16384"/,
  })
})

t.test('this machine', async t => {
  const { status, stdout, stderr } = iterfs('read', join(ROOT, 'dist/programs/module.bpf.o'))
  if (existsSync('/proc/modules')) t.equal(stdout, readFileSync('/proc/modules', 'latin1'))
  else t.match([status, stderr], [254, /\/proc\/modules: No such file or directory/])
})
