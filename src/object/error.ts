import { placeText, type Where } from '../core-relo/error.ts'
import { failer } from '../util/error.ts'

interface OfMap {
  readonly map: string
}
interface OfFunc {
  readonly prog: string
  readonly insn: number
}

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '))

const ERRORS = {
  LEGACY_MAPS: (d: { section: number }) =>
    `section ${d.section} (maps): legacy map definitions are not taken; define maps by BTF: struct { __uint(type, ...); ... } name SEC(".maps")`,
  STRUCT_OPS: (d: { section: number; name: string }) =>
    `section ${d.section} (${d.name}): struct_ops maps need the kernel; only iterators are served`,
  ARENA: (d: { section: number; name: string }) => `section ${d.section} (${d.name}): variables in an arena are not served`,
  NO_BTF: (d: { needs: string }) => `the object has no .BTF section, which ${d.needs}; compile with -g`,
  TWICE: (d: { section: number; name: string }) => `section ${d.section} (${d.name}): a second section of this name`,
  GLOBALS_SIZE: (d: { section: number; name: string; got: number; limit: number }) =>
    `section ${d.section} (${d.name}): ${d.got} bytes of variables, want ${d.limit} or less in all`,

  FUNC_SIZE: (d: { section: string; name: string; off: number; size: number }) =>
    `section ${d.section}: function ${d.name} at ${d.off} of ${d.size} bytes: want a multiple of 8 that is not 0`,
  FUNC_OVERLAP: (d: { section: string; name: string; off: number; other: string }) =>
    `section ${d.section}: function ${d.name} at ${d.off} overlaps ${d.other}`,
  FUNC_STATIC: (d: { section: string; name: string }) =>
    `section ${d.section}: program ${d.name} is static, want a global function`,
  TOO_LONG: (d: { limit: number; prog: string }) =>
    `program ${d.prog}: with it and its subprograms the object has more than ${d.limit} instructions`,

  RELO_OFFSET: (d: { section: string; off: number }) => `section ${d.section}: relocation at ${d.off}: want a multiple of 8`,
  RELO_TWICE: (d: OfFunc) => `program ${d.prog}, instruction ${d.insn}: a second relocation`,
  RELO_INSN: (d: OfFunc & { symbol: string; code: number }) =>
    `program ${d.prog}, instruction ${d.insn} (0x${d.code.toString(16)}): only calls and 64-bit immediates can refer to ${d.symbol}`,
  RELO_CALL: (d: OfFunc & { symbol: string; section: string }) =>
    `program ${d.prog}, instruction ${d.insn}: calls ${d.symbol} in section ${d.section}, want a function in .text`,
  RELO_SECTION: (d: OfFunc & { symbol: string; section: string }) =>
    `program ${d.prog}, instruction ${d.insn}: refers to ${d.symbol} in section ${d.section}, want a map, a variable or a function`,
  RELO_MAP: (d: OfFunc & { symbol: string; off: number }) =>
    `program ${d.prog}, instruction ${d.insn}: refers to ${d.symbol}: no map begins at ${d.off} of .maps`,
  RELO_EXTERN: (d: OfFunc & { symbol: string }) =>
    `program ${d.prog}, instruction ${d.insn}: refers to ${d.symbol}, which is not a __ksym or __kconfig`,
  RELO_VALUE: (d: OfFunc & { map: string; off: number; size: number }) =>
    `program ${d.prog}, instruction ${d.insn}: refers to byte ${d.off} of ${d.map}, which has ${d.size}`,
  NO_SUBPROG: (d: OfFunc & { at: number }) =>
    `program ${d.prog}, instruction ${d.insn}: calls instruction ${d.at} of .text, where no function begins`,
  CALL_DEPTH: (d: OfFunc & { limit: number }) =>
    `program ${d.prog}, instruction ${d.insn}: subprograms call each other more than ${d.limit} deep`,
  NOT_A_KFUNC: (d: OfFunc & { symbol: string }) =>
    `program ${d.prog}, instruction ${d.insn}: calls ${d.symbol}, which is not declared as a function`,
  CORE_PLACE: (d: { section: string; off: number; prog: string }) =>
    `section ${d.section}: CO-RE relocation at ${d.off} points into the second half of an instruction of ${d.prog}`,

  MAPS_DATASEC: (d: { section: number }) => `section ${d.section} (.maps): no DATASEC .maps in the object's BTF; compile with -g`,
  MAP_VAR: (d: OfMap & { why: string }) => `map ${d.map || '(no name)'}: ${d.why}`,
  MAP_FIELD: (d: OfMap & { field: string; want: string; got: string }) =>
    `map ${d.map}: ${d.field}: want ${d.want}, got ${d.got}`,
  MAP_UNKNOWN: (d: OfMap & { field: string }) => `map ${d.map}: unknown field ${d.field}`,
  MAP_CONFLICT: (d: OfMap & { field: string; first: number; second: number }) =>
    `map ${d.map}: two values of ${d.field}: ${d.first} and ${d.second}`,
  MAP_NO_TYPE: (d: OfMap) => `map ${d.map}: want a type`,
  MAP_SLOT: (d: OfMap & { off: number; why: string }) => `map ${d.map}: initial value at ${d.off}: ${d.why}`,

  DATASEC: (d: { name: string; why: string }) => `.BTF: DATASEC ${d.name}: ${d.why}`,

  EXTERN_BTF: (d: { name: string }) =>
    `extern ${d.name}: not in the object's BTF; declare it __ksym or __kconfig and compile with -g`,
  EXTERN_SECTION: (d: { name: string; got: string }) =>
    `extern ${d.name}: want it in .kconfig or .ksyms, got ${d.got || 'no section'}`,
  EXTERN_TYPE: (d: { name: string; got: string }) =>
    `extern ${d.name}: want bool, char, an integer, enum libbpf_tristate or an array of char, got ${d.got}`,
  EXTERN_FUNC: (d: { name: string }) => `extern ${d.name}: functions cannot be __kconfig`,
  EXTERN_STRONG: (d: { name: string; what: string }) =>
    `extern ${d.name}: ${d.what}; declare it __weak when the program can do without`,
  KCONFIG_VALUE: (d: { name: string; got: string; why: string }) => `extern ${d.name}: its value ${d.got} ${d.why}`,
  KCONFIG_VIRTUAL: (d: { name: string }) =>
    `extern ${d.name}: want CONFIG_*, LINUX_KERNEL_VERSION, LINUX_HAS_BPF_COOKIE or LINUX_HAS_SYSCALL_WRAPPER`,
  KSYM_TYPE: (d: { name: string; want: string; got: string }) => `extern ${d.name}: declared as ${d.want}, it is ${d.got} here`,
  NO_KFUNC: (d: Where & { name: string }) => `${placeText(d)}: there is no kfunc ${d.name} here`,

  SET_UNKNOWN: (d: { name: string; there: readonly string[] }) => `no variable ${d.name}; the object has: ${listed(d.there)}`,
  SET_PATH: (d: { name: string; why: string; there: readonly string[] }) =>
    `${d.name}: ${d.why}${d.there.length === 0 ? '' : `; there are: ${d.there.join(', ')}`}`,
  SET_VALUE: (d: { name: string; want: string; got: string }) => `${d.name}: want ${d.want}, got ${d.got}`,
}

/** Throws a BpfError about a BPF object; it never returns. */
export const fail: ReturnType<typeof failer<typeof ERRORS>> = failer(ERRORS)
