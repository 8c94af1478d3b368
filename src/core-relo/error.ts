import { failer } from '../util/error.ts'

/** Where in a program something is: what line info says, when there is some. */
export interface Where {
  readonly prog: string
  readonly insn: number
  readonly file?: string
  readonly line?: number
  readonly text?: string
}

/** `program NAME, FILE:LINE (TEXT)`, or the number of the instruction without line info. */
export const placeText = ({ prog, insn, file, line, text }: Where): string =>
  file === undefined
    ? `program ${prog}, instruction ${insn}`
    : `program ${prog}, ${file}:${line}${text ? ` (${text.trim()})` : ''}`

/** Where, and which relocation: `type` and `access` as the object has them. */
export interface AtRelo extends Where {
  readonly relo: number
  readonly what: string
}

const at = (d: AtRelo): string => `${placeText(d)}: CO-RE relocation ${d.relo} of ${d.what}`
const served = (names: readonly string[]): string => (names.length === 0 ? 'nothing' : names.join(', '))

const ERRORS = {
  CORE_ACCESS: (d: AtRelo & { access: string; why: string }) => `${at(d)}: access '${d.access}': ${d.why}`,
  CORE_ANONYMOUS: (d: AtRelo) => `${at(d)}: types without a name cannot be looked up`,
  CORE_AMBIGUOUS: (d: AtRelo & { first: string; second: string }) => `${at(d)}: ambiguous: ${d.first} and ${d.second} both fit`,
  CORE_KIND: (d: AtRelo & { got: number }) => `${at(d)}: unknown kind ${d.got}`,
  CORE_VALUE: (d: AtRelo & { want: string; got: string }) => `${at(d)}: the instruction should hold ${d.want}, it holds ${d.got}`,
  CORE_INSN: (d: AtRelo & { code: number }) => `${at(d)}: instruction 0x${d.code.toString(16)} cannot be relocated`,
  CORE_OFFSET: (d: AtRelo & { got: string }) => `${at(d)}: offset ${d.got} does not fit into an instruction`,
  CORE_MEMORY: (d: AtRelo & { want: number; got: number }) =>
    `${at(d)}: the instruction accesses ${d.got} bytes, the field has ${d.want}`,
  CORE_BITFIELD: (d: AtRelo) => `${at(d)}: the bitfield cannot be read with one load`,
  CORE_SIZE: (d: AtRelo & { why: string }) => `${at(d)}: ${d.why}`,
  CORE_ARRAY: (d: AtRelo) => `${at(d)}: this kind cannot be asked of an array element`,
  CORE_WORK: (d: AtRelo & { limit: number }) => `${at(d)}: comparing the types takes more than ${d.limit} steps`,

  CORE_NO_TYPE: (d: Where & { type: string }) => `${placeText(d)}: there is no ${d.type} here`,
  CORE_NO_FIELD: (d: Where & { struct: string; field: string; serves: readonly string[] }) =>
    `${placeText(d)}: ${d.struct} has no field ${d.field} here (iterfs serves: ${served(d.serves)})`,
  CORE_OTHER_TYPE: (d: Where & { struct: string; field: string; want: string; got: string }) =>
    `${placeText(d)}: field ${d.field} of ${d.struct} is ${d.got} here, the program wants ${d.want}`,
  CORE_NO_ENUMERATOR: (d: Where & { type: string; name: string }) =>
    `${placeText(d)}: ${d.type} has no enumerator ${d.name} here`,
  CORE_NO_ELEMENT: (d: Where & { array: string; index: number }) => `${placeText(d)}: ${d.array} has no element ${d.index} here`,
  CORE_ACCESS_SIZE: (d: Where & { struct: string; field: string; want: number; got: number }) =>
    `${placeText(d)}: field ${d.field} of ${d.struct} has ${d.got} bytes here and ${d.want} in the program; its sign would be lost`,
}

/** Throws a BpfError about a CO-RE relocation; it never returns. */
export const fail: ReturnType<typeof failer<typeof ERRORS>> = failer(ERRORS)
