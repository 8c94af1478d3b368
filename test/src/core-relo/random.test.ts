// Types made up at random, and other versions of them as the target: libbpf and iterfs must put the same into the instructions.
// RANDOM_TYPES and RANDOM_SEED override the number of programs and the start.
import t from 'tap'
import { parseObject } from '../../../src/object/parse.ts'
import { resolveObject } from '../../../src/object/resolve.ts'
import { BpfError } from '../../../src/util/error.ts'
import { noKernelBpf } from '../../support/kernel.ts'
import { btfOf, bytesOf, CLANGS, compileText, libbpfLines, ourLines } from '../../support/objects.ts'

const PROGRAMS = Number(process.env.RANDOM_TYPES ?? 15)
const SEED = Number(process.env.RANDOM_SEED ?? 1)

/** Numbers from 0 to n - 1 (xorshift32). */
class Random {
  #state: number
  constructor(seed: number) {
    this.#state = (seed * 2654435761) >>> 0 || 1
  }
  below(n: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % n
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }
}

const INTS = [
  'char',
  'signed char',
  'unsigned char',
  'short',
  'unsigned short',
  'int',
  'unsigned',
  'long',
  'unsigned long',
  '_Bool',
]
const BITS: Readonly<Record<string, number>> = {
  'unsigned char': 8,
  short: 16,
  'unsigned short': 16,
  int: 32,
  unsigned: 32,
  long: 64,
  'unsigned long': 64,
}

/** A member of a struct: what it is, and how it is declared. */
type Member =
  | { readonly kind: 'int' | 'enum' | 'ptr'; readonly name: string; readonly type: string }
  | { readonly kind: 'bits'; readonly name: string; readonly type: string; readonly bits: number }
  | { readonly kind: 'array'; readonly name: string; readonly type: string; readonly dims: readonly number[] }
  | { readonly kind: 'struct'; readonly name: string; readonly keyword: 'struct' | 'union'; readonly members: readonly Member[] }
  | { readonly kind: 'named'; readonly name: string; readonly type: number }

let names = 0

function makeMember(random: Random, depth: number, structs: number): Member {
  const name = `m${names++}`
  const kind = random.pick(['int', 'int', 'int', 'enum', 'ptr', 'bits', 'bits', 'array', 'struct', 'struct', 'named'] as const)
  switch (kind) {
    case 'int':
      return { kind, name, type: random.pick(INTS) }
    case 'enum':
      return { kind, name, type: 'enum e' }
    case 'ptr':
      return { kind, name, type: random.pick(['void *', 'int *', 'struct s0 *']) }
    case 'bits': {
      const type = random.pick(Object.keys(BITS))
      return { kind, name, type, bits: 1 + random.below(BITS[type]!) }
    }
    case 'array':
      return { kind, name, type: random.pick(INTS), dims: random.pick([[1], [3], [5], [2, 3], [4, 1, 2]]) }
    case 'struct':
      if (depth > 2) return { kind: 'int', name, type: 'int' }
      return {
        kind,
        name: random.below(2) ? name : '',
        keyword: random.pick(['struct', 'struct', 'union']),
        members: Array.from({ length: 1 + random.below(4) }, () => makeMember(random, depth + 1, structs)),
      }
    case 'named':
      return structs > 0 ? { kind, name, type: random.below(structs) } : { kind: 'int', name, type: 'long' }
  }
}

/** Another version: members in another order, other widths, some gone, some added. */
function changed(random: Random, members: readonly Member[]): Member[] {
  const kept = members.filter(() => random.below(12) > 0).map(member => changeOne(random, member))
  for (let i = kept.length - 1; i > 0; i--) {
    const j = random.below(3) === 0 ? random.below(i + 1) : i
    const [a, b] = [kept[i]!, kept[j]!]
    kept[i] = b
    kept[j] = a
  }
  while (random.below(2)) kept.splice(random.below(kept.length + 1), 0, makeMember(random, 2, 0))
  return kept.length > 0 ? kept : [{ kind: 'int', name: `m${names++}`, type: 'int' }]
}

function changeOne(random: Random, member: Member): Member {
  const roll = random.below(10)
  switch (member.kind) {
    case 'int':
      if (roll < 3) return { ...member, type: random.pick(INTS) }
      if (roll === 3) return { kind: 'array', name: member.name, type: 'int', dims: [2] }
      return roll === 4 ? { kind: 'enum', name: member.name, type: 'enum e' } : member
    case 'enum':
      return roll < 2 ? { ...member, type: 'enum other' } : roll === 2 ? { ...member, kind: 'int', type: 'int' } : member
    case 'ptr':
      return roll < 2 ? { ...member, type: 'char *' } : roll === 2 ? { ...member, kind: 'int', type: 'unsigned long' } : member
    case 'bits':
      if (roll < 4) return { ...member, bits: 1 + random.below(BITS[member.type]!) }
      return roll === 4 ? { kind: 'int', name: member.name, type: member.type } : member
    case 'array':
      if (roll < 3) return { ...member, dims: member.dims.map(dim => Math.max(1, dim + random.below(3) - 1)) }
      return roll === 3 ? { ...member, type: random.pick(INTS) } : member
    case 'struct':
      return roll === 0 && member.name !== ''
        ? { kind: 'int', name: member.name, type: 'int' }
        : { ...member, keyword: roll === 1 ? 'union' : member.keyword, members: changed(random, member.members) }
    default:
      return member
  }
}

function declare(members: readonly Member[], prefix: string): string {
  return members
    .map(member => {
      switch (member.kind) {
        case 'bits':
          return `${member.type} ${member.name} : ${member.bits};`
        case 'array':
          return `${member.type} ${member.name}${member.dims.map(dim => `[${dim}]`).join('')};`
        case 'struct':
          return `${member.keyword} { ${declare(member.members, prefix)} } ${member.name};`
        case 'named':
          return `struct ${prefix}${member.type} ${member.name};`
        default:
          return `${member.type} ${member.name};`
      }
    })
    .join(' ')
}

/** Paths to what can be asked of, by kind. */
interface Path {
  readonly path: string
  readonly kind: 'int' | 'enum' | 'bits' | 'other'
}

function pathsOf(members: readonly Member[], structs: readonly (readonly Member[])[], before: string): Path[] {
  const pathsOfOne = (member: Member): Path[] => {
    const path = `${before}${member.name}`
    switch (member.kind) {
      case 'int':
      case 'enum':
      case 'bits':
        return [{ path, kind: member.kind }]
      case 'ptr':
        return [{ path, kind: 'other' }]
      case 'array':
        return [
          { path, kind: 'other' },
          { path: `${path}${member.dims.map(dim => `[${dim - 1}]`).join('')}`, kind: 'other' },
        ]
      case 'struct': {
        const inner = pathsOf(member.members, structs, member.name === '' ? before : `${path}.`)
        return member.name === '' ? inner : [{ path, kind: 'other' }, ...inner]
      }
      case 'named':
        return [{ path, kind: 'other' }, ...pathsOf(structs[member.type]!, structs, `${path}.`)]
    }
  }
  return members.flatMap(pathsOfOne)
}

/** What the program asks of a path. */
function questions({ path, kind }: Path): string[] {
  const ask = (what: string): string => `out[0] = __builtin_preserve_field_info(s->${path}, ${what});`
  const all = ['BPF_FIELD_EXISTS', 'BPF_FIELD_BYTE_OFFSET', 'BPF_FIELD_BYTE_SIZE'].map(ask)
  if (kind === 'other') return all
  // Clang before 15 says of enums with negative values that they are signed, but not so in BTF: libbpf refuses that.
  all.push(kind === 'enum' ? `SIGNED_ENUM(${ask('BPF_FIELD_SIGNED')})` : ask('BPF_FIELD_SIGNED'))
  all.push(ask('BPF_FIELD_LSHIFT_U64'), ask('BPF_FIELD_RSHIFT_U64'))
  all.push(kind === 'bits' ? `out[0] = BPF_CORE_READ_BITFIELD(s, ${path});` : `out[0] = s->${path};`)
  return all
}

/** The program and the types of the target. */
function makeSources(seed: number): { readonly program: string; readonly target: string } {
  const random = new Random(seed)
  names = 0
  const count = 1 + random.below(3)
  const structs: Member[][] = []
  for (let i = 0; i < count; i++) structs.push(Array.from({ length: 2 + random.below(8) }, () => makeMember(random, 0, i)))
  const others = structs.map(members => changed(random, members))
  const enums = 'enum e { E_ONE = 1, E_TWO = -2 };'
  const define = (all: readonly (readonly Member[])[], suffix: string): string =>
    all.map((members, i) => `struct s${i} { ${declare(members, 's')} }${suffix};`).join('\n')
  const asked = structs
    .flatMap((members, i) =>
      pathsOf(members, structs, '').map(path => `{ struct s${i} *s = (void *)ctx->task; ${questions(path).join(' ')} }`),
    )
    .filter(() => random.below(4) > 0)
  const types = structs.map((_, i) => {
    const type = `struct s${i}`
    const matches = `\n#if __clang_major__ >= 15\nout[0] = bpf_core_type_matches(${type});\n#endif\n`
    return `out[0] = bpf_core_type_size(${type}); out[0] = bpf_core_type_exists(${type});${matches}`
  })
  return {
    program: `#include "mini.h"
char LICENSE[] SEC("license") = "GPL";
${enums}
${define(structs, ' CORE')}
volatile __u64 out[1];
const volatile int never = 0;
#if __clang_major__ >= 15
#define SIGNED_ENUM(question) question
#else
#define SIGNED_ENUM(question)
#endif
SEC("iter/task") int prog(struct bpf_iter__task *ctx)
{
	if (never) {
${[...asked, ...types].join('\n')}
	}
	return 0;
}
`,
    target: `${enums} enum other { OTHER };
struct bpf_iter__task { void *meta; void *task; } context;
enum e an_e;
${define(others, '')}
${others.map((_, i) => `struct s${i} v${i};`).join('\n')}
${random.below(3) ? '' : `struct s0___more { ${declare(others[0]!, 's')} } more;`}
`,
  }
}

/** Some types make clang end with an error of its own. */
function orNull(compile: () => string): string | null {
  try {
    return compile()
  } catch (err) {
    if (/error in backend/.test((err as Error).message)) return null
    throw err
  }
}

t.test(`${PROGRAMS} programs`, { skip: noKernelBpf() }, t => {
  t.setTimeout(60_000 + PROGRAMS * 1000)
  let built = 0
  let refused = 0
  let poisoned = 0
  for (let seed = SEED; seed < SEED + PROGRAMS; seed++) {
    const { program, target } = makeSources(seed)
    const clang = CLANGS[seed % CLANGS.length]!
    const targetObject = compileText(target, 'target', { clang })
    const object = orNull(() => compileText(program, 'random', { clang }))
    if (object === null) continue
    built++
    const theirs = libbpfLines(object, targetObject)
    const { bytes, name } = bytesOf(object)
    try {
      const ours = ourLines(resolveObject(parseObject(bytes, name), { targetBtf: btfOf(targetObject) }), theirs)
      t.same(ours, theirs.slice(1), `RANDOM_SEED=${seed} (${clang})`)
      if (ours.some(line => line.includes('1023ad0b'))) poisoned++
    } catch (err) {
      if (!(err instanceof BpfError)) throw err
      refused++
      t.notOk(
        theirs.some(line => line.startsWith('insns')),
        `RANDOM_SEED=${seed} (${clang}): libbpf refuses it too: ${err.message}`,
      )
    }
  }
  t.comment(`${built} built, ${poisoned} with poison, ${refused} refused`)
  t.ok(built > PROGRAMS / 2, 'most can be compiled')
  t.ok(refused < built / 2, 'most are taken')
  t.end()
})
