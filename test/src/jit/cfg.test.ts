import t from 'tap'
import { compileWasm } from '../../../src/bpf/compile.ts'
import { encode } from '../../../src/insn/encode.ts'
import type { Insn } from '../../../src/insn/insn.ts'
import { buildCfg, type Cfg, isHeavy } from '../../../src/jit/cfg.ts'
import { writeModule } from '../../../src/jit/compile.ts'
import { LAYOUT } from '../../../src/vm/memory.ts'
import { Random } from '../../support/random.ts'
import { compileBytes, TestHost } from '../../support/vm.ts'

const jump = (off: number): Insn => ({ kind: 'jump', op: 'eq', width: 64, dst: 1, src: null, imm: 7, off })
const goto_ = (off: number): Insn => ({ kind: 'goto', long: true, off })

/** Blocks that can be reached without passing through `without`. */
function reached({ taken, next }: Cfg, without: number): Set<number> {
  const seen = new Set<number>()
  const todo = without === 0 ? [] : [0]
  for (let b = todo.pop(); b !== undefined; b = todo.pop()) {
    if (b === without || seen.has(b)) continue
    seen.add(b)
    for (const target of [taken[b]!, next[b]!]) if (target >= 0) todo.push(target)
  }
  return seen
}

t.test('dominators and reducibility are what their definitions say', t => {
  let irreducible = 0
  for (let seed = 1; seed <= 1500; seed++) {
    const random = new Random(seed)
    const size = 3 + random.below(25)
    const insns = Array.from({ length: size }, (_, i) => (random.once(3) ? goto_ : jump)(random.below(size + 1) - i - 1))
    const cfg = buildCfg([...insns, { kind: 'exit' }], 0, size + 1)
    const blocks = Array.from({ length: cfg.count }, (_, b) => b)
    const dominates = blocks.map(b => {
      const others = reached(cfg, b)
      return (x: number): boolean => x === b || !others.has(x)
    })
    let reducible = true
    for (const x of blocks) {
      const above = blocks.filter(b => b !== x && dominates[b]!(x))
      const nearest = x === 0 ? 0 : above.find(b => above.every(other => dominates[other]!(b)))
      if (cfg.idom[x] !== nearest) t.equal(cfg.idom[x], nearest, `seed ${seed}, block ${x}`)
      for (const target of [cfg.taken[x]!, cfg.next[x]!])
        if (target >= 0 && target <= x && !dominates[target]!(x)) reducible = false
    }
    if (cfg.reducible !== reducible) t.equal(cfg.reducible, reducible, `seed ${seed}`)
    if (!reducible) irreducible++
  }
  t.ok(irreducible > 100, `${irreducible} are irreducible`)
  t.end()
})

/** Shapes at which compilers are quadratic, of about `size` instructions. */
const SHAPES: Readonly<Record<string, (size: number) => Insn[]>> = {
  'many ways out of a chain': size => Array.from({ length: size }, (_, i) => jump(Math.min(32000, size - i - 1))),
  'loops in loops': size => [
    ...Array.from({ length: size / 2 }, (): Insn => ({ kind: 'neg', width: 64, dst: 2 })),
    ...Array.from({ length: size / 2 }, (_, i) => jump(-(2 * i + 2))),
  ],
  'jumps anywhere': size => Array.from({ length: size }, (_, i) => jump(((i * 7919 + i * i) % size) - i - 1)),
  'a long straight way': size => Array.from({ length: size }, (): Insn => ({ kind: 'neg', width: 64, dst: 2 })),
}

for (const [shape, make] of Object.entries(SHAPES))
  t.test(`large programs: ${shape}`, t => {
    for (const size of [1000, 30_000]) {
      const bytes = encode([...make(size), { kind: 'exit' }])
      const host = new TestHost()
      host.maxSlices = 0
      host.space.view.setInt32(LAYOUT.FUEL, 100_000, true)
      try {
        compileBytes(compileWasm, bytes, host).run(0, 0)
      } catch (err) {
        if (!/out of fuel/.test(String(err))) t.fail(String(err))
      }
      const subprogs = [{ name: 'entry', start: 0, end: bytes.length / 8 }]
      const { heavy } = writeModule({ name: shape, insns: bytes, subprogs, kfuncs: [] }, new TestHost())
      if (size > 1000) t.equal(heavy, shape !== 'a long straight way')
    }
    t.end()
  })

t.test('what is too much for an optimising compiler', t => {
  const light = buildCfg([jump(0), { kind: 'exit' }], 0, 2)
  t.equal(isHeavy(light), false)
  t.end()
})
