// The tables of the protocol against each other and, where the machine has one, against the running kernel's BTF.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import * as abi from '../../../mount/fuse/abi.ts'
import { REFUSED_INIT, WANTED_INIT } from '../../../mount/fuse/init.ts'
import { FUSE_OPS, REFUSED_OPS } from '../../../mount/fuse/ops.ts'
import type { Struct } from '../../../src/util/struct.ts'

t.test('an operation or a flag is handled or refused, never both', async t => {
  const rows = [...Object.entries(FUSE_OPS), ...Object.entries(REFUSED_OPS)]
  t.equal(new Set(rows.map(([name]) => name)).size, rows.length, 'names')
  t.equal(new Set(rows.map(([, { code }]) => code)).size, rows.length, 'numbers')
  for (const flag of Object.keys(WANTED_INIT)) t.notOk(flag in REFUSED_INIT, flag)
})

const HEADER = '/usr/include/linux/fuse.h'
t.test('flags and structs are those of linux/fuse.h', async t => {
  const header = readFileSync(HEADER, 'utf8')
  const flags = new Map(
    [...header.matchAll(/^#define (FUSE_\w+|FATTR_\w+|FOPEN_\w+)\s+\(1(?:ULL)? << (\d+)\)/gm)].map(m => [m[1]!, Number(m[2])]),
  )
  t.ok(flags.size > 60, 'the header was understood')
  for (const [name, bit] of Object.entries(WANTED_INIT)) t.equal(bit, 2 ** flags.get(name)!, name)
  for (const [name, value] of Object.entries(abi)) {
    const bit = flags.get(name)
    if (bit !== undefined) t.equal(value, 2 ** bit, name)
  }
  // The list of INIT flags is the comment "INIT request/reply flags"; each has a row here.
  const listed = /INIT request\/reply flags([\s\S]*?)\*\//.exec(header)![1]!
  for (const [, name] of listed.matchAll(/^ \* (FUSE_\w+):/gm)) t.ok(name! in WANTED_INIT || name! in REFUSED_INIT, name!)

  let compared = 0
  for (const row of Object.values(abi)) {
    if (typeof row !== 'object') continue
    const theirs = offsetsOf(header, row.name)
    for (const [field, at] of offsetsOf(header, row.name, row)) {
      const want = theirs.get(field)
      if (want !== undefined && ++compared) t.equal(at, want, `${row.name}.${field}`)
    }
  }
  t.ok(compared > 100, 'fields of both')
})

const BTF = '/sys/kernel/btf/vmlinux'
t.test('operations of the running kernel', { skip: existsSync(BTF) ? false : `no ${BTF}` }, async t => {
  const types = execFileSync('bpftool', ['btf', 'dump', 'file', BTF, 'format', 'c'], { encoding: 'utf8', maxBuffer: 1 << 28 })
  const ours = new Map<string, number>(
    [...Object.entries(FUSE_OPS), ...Object.entries(REFUSED_OPS)].map(([name, { code }]) => [name, code]),
  )
  const body = /^enum fuse_opcode \{([\s\S]*?)\}/m.exec(types)?.[1]
  if (body === undefined) return t.comment('this kernel has FUSE as a module or not at all')
  for (const [, name, code] of body.matchAll(/^\t(\w+) = (\d+)/gm)) {
    if (name!.endsWith('_BSWAP_RESERVED')) continue
    t.equal(ours.get(name!.replace(/^FUSE_/, '')), Number(code), name!)
  }
})

/** Field -> offset of a struct, from the header's text or, given `ours`, from our table. Fillers are left out. */
function offsetsOf(header: string, name: string, ours?: Struct): Map<string, number> {
  const fields = ours
    ? Object.entries(ours.fields).map(([field, type]) => ({ field, size: Number(type.slice(1)) / 8 }))
    : fieldsOf(header, name)
  let at = 0
  const offsets = new Map<string, number>()
  for (const { field, size } of fields) {
    if (!/^(padding|dummy|unused|spare)/.test(field)) offsets.set(field, at)
    at += size
  }
  return offsets
}

/** The fields of a struct of the header, those of an embedded struct in its place; empty when it has none of that name. */
function fieldsOf(header: string, name: string): { field: string; size: number }[] {
  const body = new RegExp(`struct ${name} \\{([\\s\\S]*?)\\n\\};`).exec(header)?.[1] ?? ''
  return [...body.matchAll(/^\t(?:u?int(\d+)_t|struct (\w+))\s+(\w+)(?:\[(\d+)\])?;/gm)].flatMap(
    ([, bits, inner, field, count]) =>
      inner ? fieldsOf(header, inner) : [{ field: field!, size: (Number(bits) / 8) * Number(count ?? 1) }],
  )
}
