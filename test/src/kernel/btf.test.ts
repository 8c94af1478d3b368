// Our own BTF beside the kernel's, read by bpftool, and compiled against.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseDeclarations } from '../../../src/btf/c-parse.ts'
import { Declarer, plainNames, typeText } from '../../../src/btf/declare.ts'
import { encodeBtf } from '../../../src/btf/encode.ts'
import { formatC } from '../../../src/btf/format-c.ts'
import { formatRaw } from '../../../src/btf/format-raw.ts'
import { parseBtf } from '../../../src/btf/parse.ts'
import { alignOf, indexBtf, memberOf, nameOf, sizeOf, typeAs, typeOf } from '../../../src/btf/query.ts'
import type { Btf, BtfType } from '../../../src/btf/types.ts'
import { kernelTypes, listTargets, nodePlatform, registerTargets } from '../../../src/index.ts'
import { kernelBtf } from '../../../src/kernel/btf.ts'
import { BPF_STRUCTS, ENUMS, KERNEL_STRUCTS, TYPEDEFS } from '../../../src/kernel/ctypes.ts'
import { STRUCTS } from '../../../src/kernel/structs.ts'
import type { Row } from '../../../src/kernel/types.ts'
import { ownTargets } from '../../../src/targets/register.ts'
import { bpftoolDump, CLANGS, headerFolder, noVmlinux, VMLINUX } from '../../support/btf-objects.ts'
import { run, scratch } from '../../support/daemon.ts'
import { ROOT } from '../../support/paths.ts'

registerTargets(nodePlatform(), { denied: () => {} })
const own = kernelTypes().btf
const { btf } = own
const index = indexBtf(btf)

let vmlinux: Btf | undefined
const kernel = (): Btf => (vmlinux ??= parseBtf(new Uint8Array(readFileSync(VMLINUX))))

/** Names of what ctypes.ts declares. */
const declared = (text: string): string[] =>
  parseDeclarations(text).map(declaration => {
    if (declaration.kind !== 'type') return declaration.name
    const { type } = declaration
    return type.kind === 'body' ? type.name : type.kind === 'enum' ? type.name || type.values[0]![0] : ''
  })

const enumText = (btf: Btf, id: number): string => new Declarer(btf, plainNames(btf)).enumeration(id)

/** Enums by their name, anonymous ones by their first value; as text. */
function enumsOf(btf: Btf): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const [id, type] of btf.types.entries()) {
    if (type.kind !== 'enum' && type.kind !== 'enum64') continue
    const key = type.name || type.values[0]?.name || ''
    found.set(key, (found.get(key) ?? new Set()).add(enumText(btf, id)))
  }
  return found
}

t.test('enums are those of the kernel', { skip: noVmlinux() }, t => {
  const theirs = enumsOf(kernel())
  for (const [name, texts] of enumsOf(btf)) {
    if (name === 'bpf_func_id') continue
    for (const text of texts) t.ok(theirs.get(name)?.has(text), `${name}: ${text}, want ${[...(theirs.get(name) ?? [])].join()}`)
  }
  const funcs = typeAs(kernel(), indexBtf(kernel()).find('enum', 'bpf_func_id'), 'enum')!.values
  const ours = typeAs(btf, index.find('enum', 'bpf_func_id'), 'enum')!.values
  t.ok(ours.length > 50, `${ours.length} helpers`)
  for (const { name, value } of ours) {
    const same = funcs.find(func => func.name === name)
    if (name !== 'BPF_FUNC_unspec' && same?.value !== value) t.fail(`${name}: ${value}, the kernel has ${same?.value}`)
  }
  t.ok(declared(ENUMS).length >= 29)
  t.end()
})

t.test('typedefs are those of the kernel, all the way down', { skip: noVmlinux() }, t => {
  const chain = (btf: Btf, name: string): string => {
    const id = indexBtf(btf).find('typedef', name)
    const type = typeAs(btf, id, 'typedef')
    if (!type) return 'none'
    const next = typeOf(btf, type.type)
    return `${name} > ${next.kind === 'typedef' ? chain(btf, next.name) : `${next.kind} ${nameOf(next)} ${sizeOf(btf, type.type)}`}`
  }
  for (const name of declared(TYPEDEFS)) t.equal(chain(btf, name), chain(kernel(), name), name)
  t.end()
})

/** Members at their places: `8 next: struct list_head *`; anonymous ones are entered. */
function placesOf(btf: Btf, id: number, base = 0): string[] {
  const type = typeAs(btf, id, 'struct', 'union')!
  return type.members.flatMap(({ name, type: member, offBits }) =>
    name === '' ? placesOf(btf, member, base + offBits) : [`${(base + offBits) / 8} ${name}: ${typeText(btf, member)}`],
  )
}

t.test('structs without rows lie as in the kernel', { skip: noVmlinux() }, t => {
  let seen = 0
  for (const name of declared(BPF_STRUCTS + KERNEL_STRUCTS)) {
    const kind = (['struct', 'union', 'typedef'] as const).find(kind => index.find(kind, name) > 0)!
    const [a, b] = [btf, kernel()].map(of => {
      const id = indexBtf(of).find(kind, name)
      const type = typeOf(of, id)
      return { of, id: type.kind === 'typedef' ? type.type : id }
    }) as [{ of: Btf; id: number }, { of: Btf; id: number }]
    const theirs = new Set(placesOf(b.of, b.id))
    for (const place of placesOf(a.of, a.id)) {
      seen++
      if (!theirs.has(place)) t.fail(`${kind} ${name}: ${place} is not in ${[...theirs].join(', ')}`)
    }
    t.same([sizeOf(a.of, a.id), alignOf(a.of, a.id)], [sizeOf(b.of, b.id), alignOf(b.of, b.id)], name)
  }
  t.ok(seen > 50, `${seen} members`)
  t.end()
})

t.test('the contexts of targets, and the functions by which they are found', { skip: noVmlinux() }, t => {
  const params = (btf: Btf, target: string): string[] => {
    const func = typeAs(btf, indexBtf(btf).find('func', `bpf_iter_${target}`), 'func')!
    const proto = typeAs(btf, func.type, 'func_proto')!
    return [typeText(btf, proto.type), ...proto.params.map(({ type }) => typeText(btf, type))]
  }
  const own = new Set(ownTargets(nodePlatform(), { denied: () => {} }).map(({ target }) => target))
  for (const { target } of listTargets()) {
    if (own.has(target)) {
      t.equal(indexBtf(kernel()).find('func', `bpf_iter_${target}`), 0, `no kernel has ${target}`)
      t.equal(params(btf, target)[0], 'int', target)
      continue
    }
    const [a, b] = [btf, kernel()].map(of => {
      const id = indexBtf(of).find('struct', `bpf_iter__${target}`)
      return { size: sizeOf(of, id), places: placesOf(of, id) }
    })
    t.same(a, b, `struct bpf_iter__${target}`)
    t.same(params(btf, target), params(kernel(), target), `bpf_iter_${target}`)
  }
  t.end()
})

t.test('a struct for each list of rows', t => {
  let fields = 0
  for (const [struct, rows] of Object.entries(STRUCTS) as [string, Record<string, Row<never>>][]) {
    const layout = own.layoutOf(struct)!
    t.same(
      layout.fields.map(({ name }) => name),
      Object.keys(rows),
      struct,
    )
    t.equal(layout.btfId, own.structId(struct))
    let end = 0
    for (const { name, off, size, cType, row } of layout.fields) {
      fields++
      t.equal(row, rows[name])
      t.ok(off >= end && off + size <= layout.size, `${struct}.${name} lies behind the one before it`)
      const { member, offBits } = memberOf(btf, layout.btfId, name)!
      if (row.bits) {
        const unit = 8 * sizeOf(btf, member.type)
        t.same(
          [member.bits, offBits % unit, Math.floor(offBits / 8)],
          [row.bits.width, row.bits.at, off],
          'a bitfield begins a unit',
        )
      } else {
        t.equal(offBits, 8 * off)
        t.equal(off % alignOf(btf, member.type), 0)
      }
      t.equal(typeText(btf, member.type), cType, `${struct}.${name}`)
      end = off + size
    }
  }
  t.ok(fields > 150)
  t.match(typeOf(btf, index.find('typedef', 'atomic_long_t')), { kind: 'typedef', type: index.find('typedef', 'atomic64_t') })
  t.match(typeOf(btf, own.structId('kuid_t')), { kind: 'struct', name: '', size: 4 })
  t.match(typeOf(btf, own.structId('seq_file')), { kind: 'void' })
  t.match(typeOf(btf, index.find('fwd', 'seq_file')), { kind: 'fwd', union: false }, 'what has no rows is only declared')
  t.equal(own.layoutOf('list_head'), null)
  t.end()
})

t.test('kernel functions are marked as such', t => {
  const made = kernelBtf({
    targets: [
      {
        target: 'thing',
        ctx_arg_info: [
          { name: 'key', type: 'void *' },
          { name: 'uid', type: 'uid_t' },
          { name: 'n', type: 'int' },
        ],
      },
    ],
    kfuncs: [{ name: 'f', proto: 'struct task_struct *f(s32 pid, const char *name__str)' }],
  }).btf
  const id = indexBtf(made).find('func', 'f')
  t.match(
    made.types.find((type): type is Extract<BtfType, { kind: 'decl_tag' }> => type.kind === 'decl_tag'),
    {
      name: 'bpf_kfunc',
      type: id,
      component: -1,
    },
  )
  const proto = (typeOf(made, id) as { type: number }).type
  t.equal(typeText(made, proto), 'struct task_struct *(s32 pid, const char *name__str)')
  const context = indexBtf(made).find('struct', 'bpf_iter__thing')
  t.same(
    [sizeOf(made, context), placesOf(made, context)],
    [32, ['0 meta: struct bpf_iter_meta *', '8 key: void *', '16 uid: uid_t', '24 n: int']],
  )
  t.equal(indexBtf(made).find('enum', 'bpf_func_id'), 0)
  t.end()
})

t.test('bpftool reads it, and prints what we print', t => {
  const path = join(scratch(), 'iterfs.btf')
  const bytes = encodeBtf(btf)
  writeFileSync(path, bytes)
  t.equal(formatRaw(btf), bpftoolDump(path, 'raw'))
  t.equal(formatC(btf), bpftoolDump(path, 'c'))
  t.same(encodeBtf(parseBtf(bytes)), bytes)
  t.end()
})

const FOLDERS = ['test/bpf', 'test/bpf/compare', 'programs']
/** -D for the programs that have parameters. */
const DEFINES = ['TARGET=0', 'POINTER=0', 'VALUE=1', 'AT=1', ...[0, 1, 2, 3, 4, 5, 6].map(n => `F${n}=37`)].map(
  text => `-D${text}`,
)

t.test('programs compile against it', t => {
  const include = headerFolder()
  writeFileSync(join(include, 'vmlinux.h'), formatC(btf))
  const compile = (clang: string, file: string): string =>
    run(clang, [
      ...['-target', 'bpf', '-O2', '-g', '-Wall', '-Werror', ...DEFINES, '-I', include, '-I', join(ROOT, 'test/bpf/compare')],
      ...['-fsyntax-only', file],
    ]).stderr
  let compiled = 0
  for (const folder of FOLDERS) {
    for (const name of readdirSync(join(ROOT, folder)).filter(name => name.endsWith('.bpf.c'))) {
      const file = join(ROOT, folder, name)
      for (const clang of folder === 'test/bpf' ? CLANGS : ['clang-19']) {
        compiled++
        t.equal(compile(clang, file), '', `${clang} ${name}`)
      }
    }
  }
  t.ok(compiled > 50, `${compiled} compilations`)
  t.end()
})
