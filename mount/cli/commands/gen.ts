// iterfs gen skeleton: a TypeScript module of an object's bytes and types, to standard output.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { skeleton } from '../../../src/index.ts'
import { CliError, cliError } from '../error.ts'

/** `OBJ [name NAME]`, as bpftool has it. */
export function genSkeleton(path: string, words: readonly string[]): void {
  const [word, name, ...more] = words
  if (word !== undefined && word !== 'name') throw new CliError(`expected 'name', got: '${word}'`)
  if (word === 'name' && name === undefined) throw new CliError(`'name' needs at least 1 argument, 0 found`)
  if (name !== undefined && !/^[A-Za-z_]\w*$/.test(name)) throw new CliError(`name: want a C identifier, got "${name}"`, 22)
  if (more.length > 0) throw new CliError(`expected no more arguments, got: '${more[0]}'?`)
  let text: string
  try {
    text = skeleton(readFileSync(path), { file: basename(path), ...(name === undefined ? {} : { name }) })
  } catch (err) {
    throw cliError(`can't write a skeleton of ${path}`, err)
  }
  process.stdout.write(text)
}
