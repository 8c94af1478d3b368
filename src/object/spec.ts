// A BPF object as data: what parseObject() reads out of the ELF file, the same on every machine, and what resolveObject() makes of it for
// one target BTF. Nothing here touches a map or runs anything.
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
  readonly subprogs: readonly { readonly name: string; readonly start: number; readonly end: number; readonly global: boolean }[]
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
}
