import { failer } from '../util/error.ts'

/** Where something is: a byte offset in `.BTF` or `.BTF.ext`. */
interface At {
  readonly off: number
}

const ERRORS = {
  short: ({ section, off, want, got }: At & { section: string; want: number; got: number }) =>
    `${section} at ${off}: want ${want} bytes, ${got} are there`,
  magic: ({ section, got }: { section: string; got: number }) =>
    got === 0x9feb
      ? `${section}: big-endian; only little-endian objects are taken`
      : `${section} at 0: want the magic number 0xeb9f, got 0x${got.toString(16)}`,
  version: ({ section, got }: { section: string; got: number }) => `${section} at 2: want version 1, got ${got}`,
  header: ({ section, want, got }: { section: string; want: number; got: number }) =>
    `${section} at 4: want a header of ${want} bytes or more, got ${got}`,
  part: ({ section, part, off, len, size }: { section: string; part: string; off: number; len: number; size: number }) =>
    `${section}: ${part} of ${len} bytes at ${off} ${off % 4 !== 0 ? 'are not aligned to 4' : `do not lie in ${size} bytes`}`,
  strings: ({ off, got }: At & { got: string }) => `.BTF at ${off}: want strings that begin and end with a NUL, got ${got}`,
  name: ({ off, got, size }: At & { got: number; size: number }) =>
    `.BTF at ${off}: name ${got} lies outside ${size} bytes of strings`,
  string: ({ got, size }: { got: number; size: number }) => `string ${got} lies outside ${size} bytes of strings`,
  kind: ({ id, off, got }: At & { id: number; got: number }) => `.BTF at ${off}: type ${id} has the unknown kind ${got}`,
  info: ({ id, off, kind, what }: At & { id: number; kind: string; what: string }) =>
    `.BTF at ${off}: type ${id} (${kind}): ${what}`,
  id: ({ id, off, got, count }: At & { id: number; got: number; count: number }) =>
    `.BTF at ${off}: type ${id} refers to type ${got}, there are ${count}`,
  refers: ({ id, kind, want, got }: { id: number; kind: string; want: string; got: string }) =>
    `.BTF: type ${id} (${kind}) refers to a ${got}, want ${want}`,
  cycle: ({ id, kind }: { id: number; kind: string }) => `.BTF: type ${id} (${kind}) contains itself`,
  depth: ({ id, kind, limit }: { id: number; kind: string; limit: number }) =>
    `.BTF: type ${id} (${kind}) is nested more than ${limit} deep`,
  text: ({ limit }: { limit: number }) => `a type as C has more than ${limit} lines or characters`,
  unsized: ({ id, kind }: { id: number; kind: string }) => `type ${id} (${kind}) has no size`,
  value: ({ path, want, got }: { path: string; want: string; got: string }) => `${path}: want ${want}, got ${got}`,
  member: ({ path, name, there }: { path: string; name: string; there: readonly string[] }) =>
    `${path}: no ${name}; there are: ${there.join(', ') || 'none'}`,
  outside: ({ off, end, size }: At & { end: number; size: number }) =>
    `a value at ${off} to ${end} does not lie in its ${size} bytes`,
  parts: ({ limit }: { limit: number }) => `a value has more than ${limit} parts`,
  record: ({ off, what, want, got }: At & { what: string; want: number; got: number }) =>
    `.BTF.ext at ${off}: want ${what} records of ${want} bytes or more and a multiple of 4, got ${got}`,
  relo: ({ off, got }: At & { got: number }) => `.BTF.ext at ${off}: unknown CO-RE relocation kind ${got}`,
  ref: ({ off, got, count }: At & { got: number; count: number }) =>
    `.BTF.ext at ${off}: refers to type ${got}, there are ${count}`,
  insn: ({ off, got }: At & { got: number }) => `.BTF.ext at ${off}: want a multiple of 8 as instruction offset, got ${got}`,
}

/** Throws a BpfError about BTF; it never returns. */
export const fail: ReturnType<typeof failer<typeof ERRORS>> = failer(ERRORS)
