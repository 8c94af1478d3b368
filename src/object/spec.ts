// A BPF object as data: what parseObject() reads out of the ELF file, the same on every machine, and what resolveObject() makes of it for
// one target BTF. Nothing here touches a map or runs anything.
import type { CoreRelo, LineRecord } from '../btf/ext.ts'
import type { Btf } from '../btf/types.ts'

/** A map as the object defines it (`.maps`), or one of the maps that hold its globals. */
export interface MapSpec {
  /** Name of the variable; `.rodata`, `.data.foo`, `.bss` ... for globals. */
  readonly name: string
  /** Name of the map as libbpf gives it to the kernel: up to 15 characters, `OBJNAME.rodata` for globals (bpf_object__init_internal_map). */
  readonly kernelName: string
  /** BPF_MAP_TYPE_* */
  readonly type: number
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
  /** BPF_F_* of map creation */
  readonly flags: number
  readonly numaNode: number
  readonly mapExtra: bigint
  /** Types in the object's BTF, 0 for none. */
  readonly keyTypeId: number
  readonly valueTypeId: number
  /** LIBBPF_PIN_BY_NAME */
  readonly pinByName: boolean
  /** Template of a map of maps. */
  readonly inner: MapSpec | null
  /** Initial slots of a map of maps or of programs: index -> name of the map or program. */
  readonly slots: ReadonlyMap<number, string>
  /** Globals: the section's bytes, which `--set` changes before load. Null for others. */
  readonly initial: Uint8Array | null
  /** Globals that programs only read: frozen after load (.rodata, .kconfig). */
  readonly readonly: boolean
}

/** A place in the C source, from line info. */
export interface LineInfo {
  /** Index of the instruction, in the program that it is about. */
  readonly insn: number
  readonly file: string
  readonly text: string
  readonly line: number
  readonly column: number
}

/** What an instruction refers to, from its ELF relocation. */
export type Reference =
  /** The address of a map: index into ObjectSpec.maps. */
  | { readonly kind: 'map'; readonly map: number }
  /** A variable: `off` bytes from the start of the map's value, the instruction's imm on top. */
  | { readonly kind: 'value'; readonly map: number; readonly off: number }
  /** A call of a subprogram, or its address: `off` bytes in `.text`, on top of what the imm says. */
  | { readonly kind: 'call' | 'func'; readonly off: number }
  /** A call of a kfunc, or the address or value of an extern: index into ObjectSpec.externs. */
  | { readonly kind: 'kfunc' | 'extern'; readonly extern: number }

/** A function of the object, as it lies in its section. */
export interface FuncSpec {
  readonly name: string
  readonly section: string
  readonly sectionIndex: number
  /** Instructions from the start of its section. */
  readonly start: number
  /** A view of the file. */
  readonly insns: Uint8Array
  /** By index of the instruction in the function. */
  readonly references: ReadonlyMap<number, Reference>
  /** Line info, ascending; insnOff is from the start of the section. */
  readonly lines: readonly LineRecord[]
  /** CO-RE relocations; `index` is the number of each in its section, insnOff is from the start of the section. */
  readonly relos: readonly { readonly index: number; readonly relo: CoreRelo }[]
  /** False for static functions and hidden ones. */
  readonly global: boolean
  /** The func in the object's BTF (func info), 0 without one. */
  readonly typeId: number
  /** What its section makes of it; null for subprograms (functions in `.text`). */
  readonly entry: EntrySpec | null
}

/** What the name of its section says of a program. */
export interface EntrySpec {
  /** What follows `iter/` or `iter.s/`; null for programs that are none of iterators. */
  readonly target: string | null
  readonly sleepable: boolean
  /** False for SEC("?..."): not loaded. */
  readonly autoload: boolean
}

/** A name that the object takes from the kernel. */
export type ExternSpec = { readonly name: string; readonly weak: boolean } & (
  | {
      readonly kind: 'kconfig'
      readonly type: 'bool' | 'char' | 'tristate' | 'int' | 'string'
      readonly signed: boolean
      /** Bytes, and where they are in the map `.kconfig`. */
      readonly size: number
      readonly off: number
    }
  /** `typeId`: the func in the object's BTF. */
  | { readonly kind: 'func'; readonly typeId: number }
  /** `typeId`: the variable's type in the object's BTF, 0 for typeless ones (`extern const void X __ksym`). */
  | { readonly kind: 'var'; readonly typeId: number }
)

/** An object file as parseObject() reads it. */
export interface ObjectSpec {
  /** See ResolvedObject.name. */
  readonly name: string
  readonly license: string
  readonly gpl: boolean
  /** In the order in which libbpf creates them. The values of `.kconfig` are still 0. */
  readonly maps: readonly MapSpec[]
  /** Programs and subprograms, by section and place in it. */
  readonly funcs: readonly FuncSpec[]
  /** In the order of libbpf: kconfig by alignment and size, then ksyms, each by name. */
  readonly externs: readonly ExternSpec[]
  /** Sizes and places of variables filled in; null without one. */
  readonly btf: Btf | null
}

/** A function of a linked program: instructions `start` to `end` (exclusive); [0] of a program is its entry. */
export interface ResolvedSubprog {
  readonly name: string
  readonly start: number
  readonly end: number
  /** Verified on its own, for all arguments. */
  readonly global: boolean
  /** The func in the object's BTF, 0 without one. */
  readonly typeId: number
}

/** One program of an object, with its references resolved and its CO-RE relocations applied. */
export interface ResolvedProg {
  readonly name: string
  /** As in the object, e.g. `iter/task`. */
  readonly section: string
  /** Iterator programs: what follows `iter/` or `iter.s/`; null for other programs, which cannot be attached here. */
  readonly target: string | null
  readonly sleepable: boolean
  /**
   * 8 bytes an instruction: the entry, then the subprograms it calls, as libbpf lays them out. 64-bit immediates with src_reg 1 (BPF_PSEUDO_MAP_FD)
   * have the index of the map in ResolvedObject.maps as imm, those with src_reg 2 (BPF_PSEUDO_MAP_VALUE) also an offset in the second imm. Calls with
   * src_reg 2 have an index into `kfuncs`. 64-bit immediates of typed ksyms are plain.
   */
  readonly insns: Uint8Array
  readonly subprogs: readonly ResolvedSubprog[]
  /** Names of kfuncs that are called. */
  readonly kfuncs: readonly string[]
  readonly lines: readonly LineInfo[]
  /** Fields that the program's CO-RE relocations found in the target BTF, as `struct.field`: what it can read. */
  readonly fields: readonly { readonly struct: string; readonly field: string }[]
}

export interface ResolvedObject {
  /** Name of the object: the file's name up to the first dot, as libbpf has it. */
  readonly name: string
  readonly license: string
  readonly gpl: boolean
  readonly maps: readonly MapSpec[]
  readonly progs: readonly ResolvedProg[]
  /** The object's own BTF; null without one. */
  readonly btf: Btf | null
  /** Programs that are not loaded: SEC("?..."), and ones of other types that do not resolve here. */
  readonly skipped: readonly { readonly name: string; readonly section: string; readonly reason: string }[]
}
