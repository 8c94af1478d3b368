import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import t from 'tap'
import { ROOT } from './support/paths.ts'

/** What the folders of src/ may import besides themselves (style.md section 3, as docs/decisions.md amends it). */
const SRC: Record<string, readonly string[]> = {
  util: [],
  platform: ['util'],
  seq: ['util'],
  iter: ['util', 'seq'],
  insn: ['util'],
  elf: ['util'],
  btf: ['util'],
  'core-relo': ['util', 'insn', 'btf'],
  object: ['util', 'insn', 'elf', 'btf', 'core-relo'],
  vm: ['util', 'insn'],
  jit: ['util', 'insn', 'vm'],
  maps: ['util', 'btf', 'vm'],
  helpers: ['util', 'seq', 'btf', 'vm', 'maps'],
  sources: ['util', 'platform'],
  kernel: ['util', 'platform', 'sources', 'btf', 'vm', 'maps'],
  targets: ['util', 'platform', 'seq', 'iter', 'maps', 'sources', 'kernel'],
  program: ['util', 'seq', 'iter', 'helpers', 'targets', 'kernel'],
  objects: ['util', 'iter', 'maps'],
  bpf: [
    'util',
    'platform',
    'seq',
    'iter',
    'btf',
    'vm',
    'jit',
    'maps',
    'helpers',
    'sources',
    'kernel',
    'object',
    'insn',
    'core-relo',
  ],
  api: [
    ...['util', 'platform', 'iter', 'btf', 'vm', 'maps', 'sources', 'kernel', 'object', 'targets', 'bpf'],
    'engine.ts', // the file beside the folders
  ],
}

/** The same for mount/; `index` is src/index.ts, the public list, `src/util` is open to all. */
const MOUNT: Record<string, readonly string[]> = {
  fuse: [],
  bpffs: ['fuse'],
  transport: ['fuse'],
  mnt: ['.'],
  engine: ['fuse', 'bpffs', 'transport', 'index'],
  control: ['fuse', 'engine', 'index'],
  cli: ['.', 'mnt', 'index'],
  '.': ['fuse', 'bpffs', 'transport', 'mnt', 'engine', 'control', 'index'],
}

/** Folders, and files, that may use Node's own modules; the others are pure. */
const MAY_USE_NODE = [
  ...['src/platform', 'src/program', 'mount/engine', 'mount/mnt', 'mount/transport', 'mount/cli', 'mount/.'],
  // An iterator of the API is a Readable; link.ts names its type.
  ...['src/api/stream.ts', 'src/api/link.ts'],
]

interface Import {
  readonly file: string
  readonly from: string
  readonly to: string
}

function importsUnder(top: string): Import[] {
  return readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .flatMap(name => {
      const file = join(top, name)
      const text = readFileSync(join(ROOT, file), 'utf8')
      const from = name.includes('/') ? name.split('/')[0]! : '.'
      return [...text.matchAll(/(?:from|import) '([^']+)'/g)].map(match => ({ file, from, to: resolveImport(file, match[1]!) }))
    })
}

const resolveImport = (file: string, specifier: string): string =>
  specifier.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(file), specifier)) : specifier

t.test('imports of src/ point inwards', t => {
  for (const { file, from, to } of importsUnder('src')) {
    if (!to.startsWith('src/') || from === '.') continue
    const folder = to.split('/')[1]!
    if (folder !== from && !SRC[from]?.includes(folder)) t.fail(`${file}: ${from} must not import ${to}`)
  }
  t.ok(importsUnder('src').length > 50, 'imports were found')
  t.end()
})

t.test('imports of mount/ point inwards, and into src/ only at its list', t => {
  for (const { file, from, to } of importsUnder('mount')) {
    let folder: string
    if (to.startsWith('src/')) {
      if (to.startsWith('src/util/')) continue
      folder = to === 'src/index.ts' ? 'index' : to
    } else if (to.startsWith('mount/')) folder = to.split('/').length > 2 ? to.split('/')[1]! : '.'
    else continue
    if (folder !== from && !MOUNT[from]?.includes(folder)) t.fail(`${file}: ${from} must not import ${to}`)
  }
  t.end()
})

t.test('pure folders use nothing of Node', t => {
  for (const { file, to } of [...importsUnder('src'), ...importsUnder('mount')]) {
    const folder = file.split('/').length > 2 ? file.split('/').slice(0, 2).join('/') : `${file.split('/')[0]}/.`
    if (/^(node:|koffi)/.test(to) && ![folder, file].some(one => MAY_USE_NODE.includes(one)))
      t.fail(`${file}: ${folder} must not import ${to}`)
  }
  t.end()
})
