// Module hooks of a worker that runs users' modules (node:module register): TypeScript files lose their types, and
// `iterfs` is this package, wherever the module lies.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import amaro from 'amaro'

interface Resolved {
  url: string
  format?: string
  shortCircuit?: boolean
}
interface Loaded {
  format: string
  source?: string
  shortCircuit?: boolean
}

let packageUrl = ''

/** Called by register() with `data`. */
export function initialize(data: { packageUrl: string }): void {
  packageUrl = data.packageUrl
}

export function resolve(
  specifier: string,
  context: unknown,
  next: (specifier: string, context: unknown) => Resolved | Promise<Resolved>,
): Resolved | Promise<Resolved> {
  if (specifier === 'iterfs') return { url: packageUrl, format: 'module', shortCircuit: true }
  return next(specifier, context)
}

export function load(
  url: string,
  context: unknown,
  next: (url: string, context: unknown) => Loaded | Promise<Loaded>,
): Loaded | Promise<Loaded> {
  if (!url.startsWith('file:') || !/\.m?ts$/.test(url)) return next(url, context)
  const text = readFileSync(fileURLToPath(url), 'utf8')
  return { format: 'module', source: amaro.transformSync(text, { mode: 'strip-only' }).code, shortCircuit: true }
}
