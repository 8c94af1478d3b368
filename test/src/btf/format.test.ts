// The listing and the C header beside those of the real bpftool, and what clang makes of the header.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { formatC } from '../../../src/btf/format-c.ts'
import { formatRaw } from '../../../src/btf/format-raw.ts'
import { parseBtf } from '../../../src/btf/parse.ts'
import type { Btf } from '../../../src/btf/types.ts'
import { encodeText } from '../../../src/util/bytes.ts'
import { bpftoolDump, CLANGS, headerFolder, info, noVmlinux, rawBtf, typeObjects, VMLINUX } from '../../support/btf-objects.ts'
import { run } from '../../support/daemon.ts'

/** As `run` gives output: a character a byte. */
const latin1 = (text: string): string => Buffer.from(encodeText(text)).toString('latin1')

/**
 * Ours and bpftool's. bpftool 7.1 leaves the width of enums to the compiler, which takes four bytes; ours says it. Lines that differ in no
 * more than that are counted.
 */
function compareC(ours: string, real: string): { widths: number; differing: string | null } {
  const [a, b] = [ours.split('\n'), real.split('\n')]
  let widths = 0
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    if (a[i] === b[i]) continue
    if (a[i]?.replace(/^(\t*}) __attribute__\(\((mode\(\w+\)|packed)\)\)/, '$1') !== b[i])
      return { widths, differing: `line ${i + 1}: ${a[i]}, bpftool: ${b[i]}` }
    widths++
  }
  return { widths, differing: null }
}

/** Assertions that every struct and member lies where it does in the BTF; names that two types have are left out. */
function assertions(btf: Btf, except: readonly string[] = []): { text: string; count: number } {
  const named = new Map<string, number>()
  for (const type of btf.types) if ('name' in type && 'size' in type) named.set(type.name, (named.get(type.name) ?? 0) + 1)
  const lines: string[] = []
  for (const type of btf.types) {
    if (type.kind !== 'struct' && type.kind !== 'union') continue
    const { kind, name, size, members } = type
    if (name === '' || named.get(name)! > 1 || except.includes(name)) continue
    lines.push(`_Static_assert(sizeof(${kind} ${name}) == ${size}, "${name}");`)
    for (const { name: member, offBits, bits } of members) {
      if (member === '' || bits > 0 || offBits % 8 !== 0) continue
      const off = offBits / 8
      lines.push(`_Static_assert(__builtin_offsetof(${kind} ${name}, ${member}) == ${off}, "${name}.${member}");`)
    }
  }
  return { text: lines.join('\n'), count: lines.length }
}

/** Compiles a header with assertions; what the compiler says against it. */
function compileHeader(clang: string, header: string, asserted: string): string {
  const file = join(headerFolder(), 'header.c')
  writeFileSync(file, `${header}\n${asserted}\n`)
  return run(clang, ['-target', 'bpf', '-g', '-Wall', '-Werror', '-fsyntax-only', file]).stderr
}

const objects = await typeObjects()

t.test('the listing is that of bpftool', t => {
  for (const { name, path, btf } of objects) t.equal(latin1(formatRaw(parseBtf(btf))), bpftoolDump(path, 'raw'), name)
  t.end()
})

t.test('the C header is that of bpftool', t => {
  for (const { name, path, btf } of objects) {
    const { widths, differing } = compareC(latin1(formatC(parseBtf(btf))), bpftoolDump(path, 'c'))
    t.equal(differing, null, name)
    // clang 14 has no 64-bit enums: they become plain ones of 8 bytes.
    t.equal(widths, name === 'clang' ? 6 : 4, `${name}: enums of 1, 2 and 8 bytes`)
  }
  t.end()
})

t.test('compiled again, every struct is as it was', t => {
  for (const { name, btf } of objects) {
    const types = parseBtf(btf)
    const { text, count } = assertions(types)
    t.ok(count > 80, `${count} assertions`)
    for (const clang of CLANGS) t.equal(compileHeader(clang, formatC(types), text), '', `${name} by ${clang}`)
    t.match(compileHeader('clang', formatC(types), '_Static_assert(sizeof(struct tight) == 16, "");'), 'static_assert failed')
  }
  t.end()
})

t.test("the kernel's own", { skip: noVmlinux() }, t => {
  const btf = parseBtf(new Uint8Array(readFileSync(VMLINUX)))
  t.ok(latin1(formatRaw(btf)) === bpftoolDump(VMLINUX, 'raw'), 'the listing')
  const header = formatC(btf)
  const { widths, differing } = compareC(latin1(header), bpftoolDump(VMLINUX, 'c'))
  t.equal(differing, null, 'the header')
  t.ok(widths < 50, `${widths} enums of other widths`)
  // va_list of BPF is not that of x86-64.
  const { text, count } = assertions(btf, ['warn_args'])
  t.ok(count > 10_000, `${count} assertions`)
  t.equal(compileHeader('clang', header, text), '')
  t.end()
})

t.test('what C cannot say is refused, and what is long is cut short', t => {
  const loop = rawBtf([0, info(4, 1), 8, 'm', 2, 0, 0, info(2), 1])
  t.throws(() => formatC(parseBtf(loop)), { code: 'cycle' }, 'an anonymous struct that points to itself')
  t.ok(formatRaw(parseBtf(loop)).startsWith("[1] STRUCT '(anon)' size=8 vlen=1\n\t'm' type_id=2"), 'the listing says it')
  // Each anonymous struct has a pointer to the next.
  const deep = rawBtf(
    Array.from({ length: 3000 }, (_, i) => [0, info(4, 1), 8, 'm', (2 * i + 2) % 6000, 0, 0, info(2), (2 * i + 3) % 6001]).flat(),
  )
  t.throws(() => formatC(parseBtf(deep)), { code: 'depth' })
  // Each has the next twice.
  const wide = rawBtf([
    ...['int', info(1), 4, 0x0100_0020],
    ...Array.from({ length: 60 }, (_, i) => [i === 59 ? 's' : 0, info(4, 2), 0, 'a', i + 1, 0, 'b', i + 1, 0]).flat(),
  ])
  t.throws(() => formatC(parseBtf(wide)), { code: 'text' })
  t.end()
})
