// An object made ready for one target: what libbpf's bpf_object__load does before it gives programs to the kernel. CO-RE relocations
// are applied to the target's BTF, externs are given values, programs are linked with their subprograms.
import { skipModifiers } from '../btf/query.ts'
import type { Btf } from '../btf/types.ts'
import { typesFit, Work } from '../core-relo/compat.ts'
import type { Where } from '../core-relo/error.ts'
import { essentialName, idsByEssentialName, typeText } from '../core-relo/name.ts'
import { patchInsn } from '../core-relo/patch.ts'
import { reachablePoison, WALK_STEPS } from '../core-relo/reach.ts'
import { CoreResolver, type FieldUse } from '../core-relo/relocate.ts'
import type { Missing } from '../core-relo/why.ts'
import { CALL_KIND, PSEUDO } from '../insn/opcode.ts'
import { CALL, immAt, setImm, setImm64, setInsn, setOff, setSrc } from '../insn/raw.ts'
import { EINVAL, ESRCH } from '../util/errno.ts'
import { BpfError } from '../util/error.ts'
import { fail } from './error.ts'
import { kconfigBytes } from './kconfig.ts'
import { type Code, type Linked, link, MAX_INSNS, type Placed } from './link.ts'
import { KCONFIG, TEXT } from './sections.ts'
import { setGlobals } from './set.ts'
import type { ExternSpec, FuncSpec, LineInfo, MapSpec, ObjectSpec, Reference, ResolvedObject, ResolvedProg } from './spec.ts'

/** What an object is resolved against. */
export interface ResolveOptions {
  /** The types of the kernel that is served. */
  readonly targetBtf: Btf
  /** Text of the kernel's configuration, null when it cannot be had. Asked for once, when the object wants CONFIG_ values. */
  readonly kconfig?: () => string | null
  /** LINUX_KERNEL_VERSION: major << 16 | minor << 8 | patch. */
  readonly kernelVersion?: number
  /** Variables to set before load, see setGlobals(). */
  readonly set?: Readonly<Record<string, string>>
  /** Address of a kernel symbol, null when there is none. */
  readonly ksyms?: (name: string) => bigint | null
  /** Kfuncs that programs may call. */
  readonly kfuncNames?: ReadonlySet<string>
}

/** Value of an extern in instructions: an address, or null for a weak one that is missing. */
type Address = bigint | null

/** Address of a kfunc whose address nobody knows: programs only compare it with 0. */
const SOME_FUNCTION = 0xffff_ffff_8100_0000n
/** Calls of kfuncs that are missing: helper 2002000000 plus the number of the extern (POISON_CALL_KFUNC_BASE). */
const POISON_KFUNC = 2002000000
/** Comparisons of types that one extern may take. */
const MAX_WORK = 2_000_000

/** A function with its CO-RE relocations applied. */
interface Relocated extends Code {
  readonly poison: ReadonlyMap<number, Missing>
  readonly fields: readonly FieldUse[]
}

/**
 * Resolves all programs of an object.
 * @throws BpfError CORE_NO_FIELD and others for programs that need what the target does not have, naming the C line
 */
export function resolveObject(object: ObjectSpec, options: ResolveOptions): ResolvedObject {
  const spec = options.set ? setGlobals(object, options.set) : object
  const resolver = new Resolver(spec, options)
  const progs: ResolvedProg[] = []
  const skipped: { name: string; section: string; reason: string }[] = []
  for (const func of spec.funcs) {
    const { entry, name, section } = func
    if (!entry) continue
    if (!entry.autoload) {
      skipped.push({ name, section, reason: 'SEC("?...") is not loaded' })
      continue
    }
    try {
      progs.push(resolver.program(func, entry))
    } catch (err) {
      // A program that is none of iterators cannot run here; that it does not resolve shall not keep the others out.
      if (entry.target !== null || !(err instanceof BpfError)) throw err
      skipped.push({ name, section, reason: err.message })
    }
  }
  return { name: spec.name, license: spec.license, gpl: spec.gpl, maps: resolver.maps, progs, btf: spec.btf, skipped }
}

class Resolver {
  readonly maps: readonly MapSpec[]
  readonly #spec: ObjectSpec
  readonly #options: ResolveOptions
  readonly #core: CoreResolver | null
  readonly #addresses: readonly Address[]
  readonly #subprogs: ReadonlyMap<number, FuncSpec>
  readonly #kconfigMap: number
  readonly #codes = new Map<FuncSpec, Relocated>()
  #room = MAX_INSNS
  readonly #budget = { steps: WALK_STEPS }

  constructor(spec: ObjectSpec, options: ResolveOptions) {
    this.#spec = spec
    this.#options = options
    this.#core = spec.btf ? new CoreResolver(spec.btf, options.targetBtf) : null
    const source = { kconfig: options.kconfig ?? (() => null), kernelVersion: options.kernelVersion ?? 0 }
    this.#kconfigMap = spec.maps.findIndex(({ name }) => name === KCONFIG)
    this.maps = spec.maps.map((map, i) =>
      i === this.#kconfigMap ? { ...map, initial: kconfigBytes(spec.externs, map.valueSize, source) } : map,
    )
    this.#addresses = spec.externs.map(extern => (extern.kind === 'kconfig' ? null : this.#addressOf(extern)))
    this.#subprogs = new Map(spec.funcs.filter(({ section }) => section === TEXT).map(func => [func.start, func]))
  }

  program(func: FuncSpec, entry: NonNullable<FuncSpec['entry']>): ResolvedProg {
    const linked = link(this.#relocated(func), this.#subprogs, other => this.#relocated(other), this.#room)
    this.#room -= linked.insns.length / 8
    const kfuncs = new Map<string, number>()
    const poison = new Map<number, Missing>()
    for (const part of linked.parts) this.#refer(linked.insns, part, kfuncs, poison)
    const lines = linked.parts.flatMap(linesOf)
    const subprogs = linked.parts.map(({ code, at }) => ({
      name: code.func.name,
      start: at,
      end: at + code.insns.length / 8,
      global: code.func.global,
      typeId: code.func.typeId,
    }))
    this.#checkPoison(linked, subprogs, poison)
    const fields = new Map(linked.parts.flatMap(({ code }) => code.fields).map(use => [`${use.struct}.${use.field}`, use]))
    return {
      name: func.name,
      section: func.section,
      target: entry.target,
      sleepable: entry.sleepable,
      insns: linked.insns,
      subprogs,
      kfuncs: [...kfuncs.keys()],
      lines,
      fields: [...fields.values()],
    }
  }

  /** A function with its CO-RE relocations applied; made once. */
  #relocated(func: FuncSpec): Relocated {
    const known = this.#codes.get(func)
    if (known) return known
    const insns = new Uint8Array(func.insns)
    const poison = new Map<number, Missing>()
    const fields: FieldUse[] = []
    for (const { index, relo } of func.relos) {
      const insn = relo.insnOff / 8 - func.start
      const where = (): Where => placeOf(func, insn)
      const core = this.#core ?? fail('NO_BTF', { needs: 'CO-RE relocations refer to' })
      const result = core.resolve(relo, index, where)
      const missing = patchInsn(insns, insn, result, index, where)
      if (missing) poison.set(insn, missing)
      else fields.push(...result.fields)
    }
    const code = { func, insns, poison, fields }
    this.#codes.set(func, code)
    return code
  }

  /** Fills in what the instructions of one function refer to (bpf_object__relocate_data). */
  #refer(insns: Uint8Array, { code, at }: Placed<Relocated>, kfuncs: Map<string, number>, poison: Map<number, Missing>): void {
    const { func } = code
    for (const [insn, missing] of code.poison) poison.set(at + insn, missing)
    for (const [insn, reference] of func.references) {
      // An instruction that CO-RE has poisoned stays as it is.
      if (poison.has(at + insn)) continue
      this.#referOne(insns, at + insn, reference, { prog: func.name, insn }, kfuncs, poison, () => placeOf(func, insn))
    }
  }

  #referOne(
    insns: Uint8Array,
    insn: number,
    reference: Reference,
    place: { prog: string; insn: number },
    kfuncs: Map<string, number>,
    poison: Map<number, Missing>,
    where: () => Where,
  ): void {
    switch (reference.kind) {
      case 'map':
        setSrc(insns, insn, PSEUDO.MAP_FD)
        setImm(insns, insn, reference.map)
        return
      case 'value':
        return this.#value(insns, insn, reference.map, immAt(insns, insn) + reference.off, place)
      case 'extern': {
        const extern = this.#spec.externs[reference.extern]!
        if (extern.kind === 'kconfig') this.#value(insns, insn, this.#kconfigMap, extern.off, place)
        else setImm64(insns, insn, this.#addresses[reference.extern] ?? 0n)
        return
      }
      case 'kfunc': {
        const { kind, name } = this.#spec.externs[reference.extern]!
        if (kind !== 'func') fail('NOT_A_KFUNC', { ...place, symbol: name })
        if (this.#addresses[reference.extern] === null) {
          setInsn(insns, insn, CALL, 0, 0, POISON_KFUNC + reference.extern)
          poison.set(insn, () => fail('NO_KFUNC', { ...where(), name }))
          return
        }
        const kfunc = essentialName(name)
        const index = kfuncs.get(kfunc) ?? kfuncs.size
        kfuncs.set(kfunc, index)
        setSrc(insns, insn, CALL_KIND.KFUNC)
        setOff(insns, insn, 0)
        setImm(insns, insn, index)
      }
    }
  }

  #value(insns: Uint8Array, insn: number, map: number, off: number, place: { prog: string; insn: number }): void {
    const { name, valueSize } = this.maps[map]!
    if (off < 0 || off >= valueSize) fail('RELO_VALUE', { ...place, map: name, off, size: valueSize })
    setSrc(insns, insn, PSEUDO.MAP_VALUE)
    setImm(insns, insn, map)
    setImm(insns, insn + 1, off)
  }

  #checkPoison(linked: Linked<Relocated>, subprogs: ResolvedProg['subprogs'], poison: ReadonlyMap<number, Missing>): void {
    if (poison.size === 0) return
    const poisoned = new Set(poison.keys())
    const constant = (map: number, off: number, size: number): bigint | null => this.#constant(map, off, size)
    const [first] = reachablePoison({ insns: linked.insns, subprogs, poisoned, constant, budget: this.#budget })
    if (first === undefined) return
    const part = linked.parts.findLast(({ at }) => at <= first)!
    poison.get(first)!(placeOf(part.code.func, first - part.at))
  }

  #constant(map: number, off: number, size: number): bigint | null {
    const spec = this.maps[map]
    if (!spec?.readonly || !spec.initial || off < 0 || off + size > spec.initial.length) return null
    let value = 0n
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(spec.initial[off + i]!)
    return value
  }

  /** bpf_object__resolve_ksym_func_btf_id, bpf_object__resolve_ksym_var_btf_id, bpf_object__read_kallsyms_file */
  #addressOf(extern: Exclude<ExternSpec, { kind: 'kconfig' }>): Address {
    const { targetBtf, ksyms = () => null, kfuncNames = new Set<string>() } = this.#options
    const typeless = extern.kind === 'var' && extern.typeId === 0
    const name = typeless ? extern.name : essentialName(extern.name)
    const missing = (what: string): null =>
      extern.weak ? null : fail('EXTERN_STRONG', { name: extern.name, what }, typeless ? ESRCH : EINVAL)
    if (extern.kind === 'func' && !kfuncNames.has(name)) return missing('there is no such kfunc here')
    if (!typeless) {
      const other = this.#otherType(extern, name, targetBtf)
      if (other !== null) {
        if (extern.weak) return null
        fail('KSYM_TYPE', { name, want: typeText(this.#spec.btf!, extern.typeId), got: other })
      }
    }
    const address = ksyms(name)
    if (extern.kind === 'func') return address ?? SOME_FUNCTION
    return address ?? missing('the kernel has no such symbol')
  }

  /** What the target's BTF says an extern is, when that is something else; null when it agrees or says nothing. */
  #otherType(extern: Exclude<ExternSpec, { kind: 'kconfig' }>, name: string, target: Btf): string | null {
    const local = this.#spec.btf!
    const id = idsByEssentialName(target, name).find(id => target.types[id]!.kind === extern.kind)
    const there = id === undefined ? undefined : target.types[id]
    const here = local.types[extern.typeId]!
    if (!there || !('type' in there)) return null
    const work = new Work(MAX_WORK, () =>
      fail('KSYM_TYPE', { name, want: typeText(local, extern.typeId), got: 'too large to compare' }),
    )
    const localId = here.kind === 'func' ? here.type : extern.typeId
    const fits = typesFit({ local, target, work }, localId, skipModifiers(target, there.type))
    return fits ? null : typeText(target, there.type)
  }
}

function linesOf({ code: { func }, at }: Placed<Relocated>): LineInfo[] {
  return func.lines.map(({ insnOff, fileName, lineText, line, col }) => ({
    insn: at + insnOff / 8 - func.start,
    file: fileName,
    text: lineText,
    line,
    column: col,
  }))
}

/** The C line that an instruction of a function comes from. */
function placeOf(func: FuncSpec, insn: number): Where {
  const off = (func.start + insn) * 8
  const line = func.lines.findLast(({ insnOff }) => insnOff <= off)
  const place = { prog: func.name, insn }
  return line ? { ...place, file: line.fileName, line: line.line, text: line.lineText } : place
}
