// Clang leaves sizes of sections and places of global variables out of BTF: they are in the symbol table (btf_fixup_datasec).
import type { Btf, BtfSecinfo, BtfType } from '../btf/types.ts'
import type { ElfFile, ElfSymbol } from '../elf/parse.ts'
import { STB_LOCAL, STT_FUNC, STT_OBJECT, STV_HIDDEN, STV_INTERNAL } from '../elf/structs.ts'
import { fail } from './error.ts'

/** The object's BTF with every DATASEC of a section of the file filled in, and hidden functions and variables made static. */
export function placeVariables(btf: Btf, elf: ElfFile): Btf {
  const globals = new Map<string, ElfSymbol>()
  const hidden = new Set<string>()
  for (const symbol of elf.symbols) {
    if (symbol.bind === STB_LOCAL || (symbol.type !== STT_OBJECT && symbol.type !== STT_FUNC)) continue
    if (symbol.type === STT_OBJECT) globals.set(symbol.name, symbol)
    if (symbol.visibility === STV_HIDDEN || symbol.visibility === STV_INTERNAL) hidden.add(symbol.name)
  }
  const sections = new Map(elf.sections.map(section => [section.name, section]))
  const types: BtfType[] = [...btf.types]
  for (const [id, type] of btf.types.entries()) {
    if (type.kind === 'func' && type.linkage === 1 && hidden.has(type.name)) types[id] = { ...copyOfFunc(type), linkage: 0 }
    if (type.kind !== 'datasec') continue
    const section = sections.get(type.name)
    // Those of externs have no section.
    if (!section) continue
    const size = type.size === 0 ? section.size : type.size
    if (size > section.size) fail('DATASEC', { name: type.name, why: `${size} bytes, its section has ${section.size}` })
    const vars = type.vars.map((item): BtfSecinfo => {
      const variable = btf.types[item.type]!
      if (variable.kind !== 'var') return fail('DATASEC', { name: type.name, why: `type ${item.type} is not a variable` })
      const symbol = variable.linkage === 0 ? undefined : globals.get(variable.name)
      if (symbol && hidden.has(variable.name)) types[item.type] = { ...copyOfVar(variable), linkage: 0 }
      const off = symbol?.section === section.index ? symbol.value : item.off
      if (off + item.size > size)
        fail('DATASEC', { name: type.name, why: `${variable.name}: ${item.size} bytes at ${off} do not lie in ${size}` })
      return { type: item.type, off, size: item.size }
    })
    vars.sort((a, b) => a.off - b.off)
    types[id] = { kind: 'datasec', name: type.name, size, vars }
  }
  return { ...btf, types }
}

type Func = Extract<BtfType, { kind: 'func' }>
type Var = Extract<BtfType, { kind: 'var' }>
const copyOfFunc = ({ kind, name, type, linkage }: Func): Func => ({ kind, name, type, linkage })
const copyOfVar = ({ kind, name, type, linkage }: Var): Var => ({ kind, name, type, linkage })
