// Objects for tests of the API, compiled against iterfs's own vmlinux.h: needs clang and nothing of the kernel's BPF.
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { compileAll } from './clang.ts'
import { iterfs, type Ran, run, scratch } from './daemon.ts'
import { ROOT } from './paths.ts'

/** A folder that is removed at the end of the tests. */
export const work = scratch()
t.teardown(() => rmSync(work, { recursive: true, force: true }))

/** Compiles files of the checkout, named from its top; the objects lie in `work`. */
export async function compileObjects(...sources: readonly string[]): Promise<void> {
  writeFileSync(join(work, 'vmlinux.h'), must(iterfs('btf', 'dump', '--format', 'c')).stdout)
  const include = [work, join(ROOT, 'test/bpf/compare')]
  await compileAll(sources.map(source => ({ source: join(ROOT, source), object: objectPath(source), include })))
}

export const objectPath = (source: string): string => join(work, basename(source).replace(/\.c$/, '.o'))
export const objectBytes = (source: string): Uint8Array => new Uint8Array(readFileSync(objectPath(source)))

/** @throws Error when the command failed */
export function must(ran: Ran): Ran {
  if (ran.status !== 0) throw new Error(`${ran.status}: ${ran.stdout}${ran.stderr}`)
  return ran
}

/** Makes `work` a project whose node_modules has iterfs, as this checkout built it. */
export function makeProject(): void {
  mkdirSync(join(work, 'node_modules'), { recursive: true })
  symlinkSync(ROOT, join(work, 'node_modules/iterfs'))
  symlinkSync(join(ROOT, 'node_modules/@types'), join(work, 'node_modules/@types'))
  writeFileSync(join(work, 'package.json'), '{ "type": "module", "private": true }')
}

/** Compiles TypeScript files of `work` as strictly as this project, beside them. @throws Error with what tsc says */
export function compileScripts(...names: readonly string[]): void {
  const { compilerOptions } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')) as {
    compilerOptions: Record<string, unknown>
  }
  const { rootDir: _, outDir: __, declaration: ___, sourceMap: ____, ...options } = compilerOptions
  writeFileSync(join(work, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: names }))
  must(run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.'], { cwd: work }))
}
