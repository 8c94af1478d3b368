// iterfs btf dump: our BTF, or that of a file, as bpftool prints it or as bytes.
import { readFileSync, writeFileSync } from 'node:fs'
import {
  type Btf,
  EINVAL,
  encodeBtf,
  encodeText,
  formatC,
  formatRaw,
  isElf,
  kernelTypes,
  nodePlatform,
  parseBtf,
  parseElf,
  registerTargets,
} from '../../../src/index.ts'
import { CliError, cliError } from '../error.ts'

interface DumpOptions {
  format: string
  blob?: boolean
  output?: string
}

const FORMATS: Readonly<Record<string, (btf: Btf) => Uint8Array>> = {
  c: btf => encodeText(formatC(btf)),
  raw: btf => encodeText(formatRaw(btf)),
}

/** `dump [file PATH] [format FORMAT]`, as bpftool has it; the options say the same. */
export function btfDump(words: readonly string[], options: DumpOptions): void {
  let { format } = options
  let path: string | null = null
  for (let i = 0; i < words.length; i += 2) {
    const [word, value] = [words[i], words[i + 1]]
    if (value === undefined) throw new CliError(`'${word}' needs at least 1 argument, 0 found`)
    if (word === 'file') path = value
    else if (word === 'format') format = value
    else throw new CliError(`expected 'file' or 'format', got: '${word}'`)
  }
  const print = Object.hasOwn(FORMATS, format) ? FORMATS[format]! : null
  if (print === null) throw new CliError(`unrecognized format specifier: '${format}', possible values: raw, c`)
  const btf = path === null ? ownBtf() : fileBtf(path)
  let bytes: Uint8Array
  try {
    bytes = options.blob ? encodeBtf(btf) : print(btf)
  } catch (err) {
    throw cliError(path ?? 'our BTF', err)
  }
  if (options.output === undefined) process.stdout.write(bytes)
  else write(options.output, bytes)
}

function ownBtf(): Btf {
  registerTargets(nodePlatform(), { denied: () => {} })
  return kernelTypes().btf.btf
}

/** Of an object of clang, or of bytes that are BTF and nothing else. */
function fileBtf(path: string): Btf {
  try {
    const bytes = readFileSync(path)
    if (!isElf(bytes)) return parseBtf(bytes)
    const section = parseElf(bytes).sections.find(({ name }) => name === '.BTF')
    if (section === undefined) throw new CliError('the object has no section .BTF', EINVAL)
    return parseBtf(section.data)
  } catch (err) {
    throw cliError(`failed to load BTF from ${path}`, err)
  }
}

function write(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes)
  } catch (err) {
    throw cliError(`can't write ${path}`, err)
  }
}
