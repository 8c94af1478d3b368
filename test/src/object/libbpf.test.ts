// libbpf as the oracle: the same object, the same types, the same instructions and maps.
import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { parseBtf } from '../../../src/btf/parse.ts'
import { parseObject } from '../../../src/object/parse.ts'
import { type ResolveOptions, resolveObject } from '../../../src/object/resolve.ts'
import { run } from '../../support/daemon.ts'
import { noKernelBpf } from '../../support/kernel.ts'
import { btfOf, bytesOf, CLANGS, compile, type Flags, libbpfLines, MATRIX, ourLines, SOME } from '../../support/objects.ts'

const skip = noKernelBpf()
/** ITERFS_MATRIX=1 compiles in every way there is. */
const WAYS = process.env.ITERFS_MATRIX ? MATRIX : SOME
const text = ({ clang, opt, cpu }: Flags): string => `${clang} ${opt} ${cpu}`

/** The running kernel as what objects are resolved against. */
function kernelOptions(): ResolveOptions {
  const targetBtf = parseBtf(readFileSync('/sys/kernel/btf/vmlinux'))
  const symbols = new Map<string, bigint>()
  for (const line of readFileSync('/proc/kallsyms', 'latin1').split('\n')) {
    const [address, , name] = line.split(/[ \t]/)
    if (name && !symbols.has(name)) symbols.set(name, BigInt(`0x${address}`))
  }
  const [major, minor, patch] = release().split(/[.-]/).map(Number)
  return {
    targetBtf,
    kconfig: () => gunzipSync(readFileSync('/proc/config.gz')).toString('latin1'),
    kernelVersion: (major! << 16) | (minor! << 8) | Math.min(patch!, 255),
    ksyms: name => symbols.get(name) ?? null,
    kfuncNames: new Set(targetBtf.types.flatMap(type => (type.kind === 'func' ? [type.name] : []))),
  }
}

t.test('against types of our own', { skip }, t => {
  const target = compile('core_target.c')
  const options = { targetBtf: btfOf(target) }
  for (const source of ['core_fields.bpf.c', 'core_types.bpf.c'])
    for (const flags of WAYS) {
      const object = compile(source, flags)
      const { bytes, name } = bytesOf(object)
      const theirs = libbpfLines(object, target)
      t.same(ourLines(resolveObject(parseObject(bytes, name), options), theirs), theirs.slice(1), `${source} ${text(flags)}`)
    }
  t.end()
})

t.test('objects put together by bpftool', { skip }, t => {
  const options = kernelOptions()
  for (const clang of CLANGS) {
    const parts = ['link_one.bpf.c', 'link_two.bpf.c'].map(source => compile(source, { clang }))
    const object = parts[0]!.replace(/\.o$/, '.linked.o')
    const { status, stderr } = run('sh', ['-c', `PATH=$PATH:/usr/sbin bpftool gen object ${object} ${parts.join(' ')}`])
    t.equal(status, 0, stderr)
    const { bytes, name } = bytesOf(object)
    const theirs = libbpfLines(object)
    t.equal(theirs[0], 'load 0', clang)
    t.same(ourLines(resolveObject(parseObject(bytes, name), options), theirs), theirs.slice(1), clang)
  }
  t.end()
})

t.test('against the running kernel', { skip }, t => {
  const options = kernelOptions()
  for (const source of ['maps.bpf.c', 'subprogs.bpf.c', 'externs.bpf.c', 'vmlinux.bpf.c'])
    for (const flags of WAYS) {
      const object = compile(source, flags)
      const { bytes, name } = bytesOf(object)
      const theirs = libbpfLines(object)
      t.equal(theirs[0], 'load 0', `${source} ${text(flags)} is taken by the kernel`)
      t.same(ourLines(resolveObject(parseObject(bytes, name), options), theirs), theirs.slice(1), `${source} ${text(flags)}`)
    }
  t.end()
})
