import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseBtf } from '../../../src/btf/parse.ts'
import { bpftoolDump, noVmlinux, typeObjects, VMLINUX } from '../../support/btf-objects.ts'
import { iterfs, scratch } from '../../support/daemon.ts'

const dir = scratch()

t.test('ours, as bytes that bpftool reads', t => {
  const path = join(dir, 'iterfs.btf')
  t.same(iterfs('btf', 'dump', '-o', path, '--blob'), { status: 0, stdout: '', stderr: '' })
  const bytes = new Uint8Array(readFileSync(path))
  t.ok(parseBtf(bytes).types.length > 300)
  t.equal(iterfs('btf', 'dump').stdout, bpftoolDump(path, 'raw'), 'raw is the default')
  t.equal(iterfs('btf', 'dump', '--format', 'raw').stdout, bpftoolDump(path, 'raw'))
  const header = bpftoolDump(path, 'c')
  t.equal(iterfs('btf', 'dump', '--format', 'c').stdout, header)
  t.equal(iterfs('btf', 'dump', 'format', 'c').stdout, header, "in bpftool's words")
  t.match(header, '\nstruct task_struct {\n')
  t.match(header, '\nstruct bpf_iter__task_file {\n\tunion {\n\t\tstruct bpf_iter_meta *meta;\n\t};\n')
  const blob = iterfs('btf', 'dump', '--blob')
  t.ok(Buffer.from(blob.stdout, 'latin1').equals(bytes), 'to standard output')
  t.end()
})

t.test('that of a file', async t => {
  const [object] = await typeObjects()
  const { path, btf } = object!
  t.equal(iterfs('btf', 'dump', 'file', path).stdout, bpftoolDump(path, 'raw'), 'an object')
  const bare = join(dir, 'bare.btf')
  writeFileSync(bare, btf)
  t.equal(iterfs('btf', 'dump', 'file', bare, 'format', 'raw').stdout, bpftoolDump(path, 'raw'), 'bare BTF')
  t.ok(Buffer.from(iterfs('btf', 'dump', '-b', 'file', path).stdout, 'latin1').equals(btf), 'its bytes')
})

t.test("the kernel's, 12 MB of text", { skip: noVmlinux() }, t => {
  const path = join(dir, 'vmlinux.txt')
  t.equal(iterfs('btf', 'dump', 'file', VMLINUX, '-o', path).status, 0)
  t.equal(statSync(path).size, Buffer.byteLength(bpftoolDump(VMLINUX, 'raw'), 'latin1'))
  t.end()
})

t.test('errors', t => {
  const text = join(dir, 'text')
  writeFileSync(text, 'this is no BTF, but it is long enough')
  for (const [args, status, stderr] of [
    [['file', join(dir, 'missing')], 254, `failed to load BTF from ${dir}/missing: No such file or directory`],
    [['file', text], 234, `failed to load BTF from ${text}: .BTF at 0: want the magic number 0xeb9f, got 0x6874`],
    [['file'], 255, "'file' needs at least 1 argument, 0 found"],
    [['map', '1'], 255, "expected 'file' or 'format', got: 'map'"],
    [['-F', 'json'], 255, "unrecognized format specifier: 'json', possible values: raw, c"],
    [['-o', join(dir, 'no', 'folder')], 254, `can't write ${dir}/no/folder: No such file or directory`],
  ] as const)
    t.same(iterfs('btf', 'dump', ...args), { status, stdout: '', stderr: `Error: ${stderr}\n` })
  t.end()
})
