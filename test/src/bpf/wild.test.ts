// What stops a program that no verifier would have let in: each of these ends with a typed error or its text, and leaves the engine in order.
import t from 'tap'
import { EFAULT, EINVAL, ErrnoError, ETIMEDOUT } from '../../../src/util/errno.ts'
import { compileSeeds, isLoaded, textOf } from '../../support/mutated-run.ts'

/** What each program comes to: an errno, or its text. */
const CASES: Readonly<Record<string, number | string>> = {
  loop_in_loop: ETIMEDOUT,
  walks: ETIMEDOUT,
  no_function: EFAULT,
  recursion: EFAULT,
  callbacks_in_callbacks: EFAULT,
  circle: 'x'.repeat(34),
  copies: ETIMEDOUT,
  too_much: EFAULT,
  below_the_stack: EFAULT,
  stores_below: EFAULT,
  texts: ETIMEDOUT,
  reads_the_system: ETIMEDOUT,
  no_map: EINVAL,
  forged_dynptr: '-22 -22 1\n',
}
/** Writes over the address space, with as many seeds. */
const ROUNDS = 60

t.test('programs without a verifier', async t => {
  const [wild, good] = await compileSeeds(['test/bpf/wild.bpf.c', 'map_hash.bpf.c'])
  const { name, bytes } = wild!
  const text = textOf(good!.name, good!.bytes)
  t.ok(text.length > 0, 'the good one prints')
  const run = (prog: string, set: Readonly<Record<string, string>> = {}): number | string => {
    try {
      return textOf(name, bytes, { prog, set })
    } catch (err) {
      if (!(err instanceof ErrnoError)) throw err
      return err.errno
    }
  }
  for (const [prog, expected] of Object.entries(CASES)) {
    t.equal(run(prog), expected, prog)
    t.equal(textOf(good!.name, good!.bytes), text, `${prog}: the next program runs as before`)
  }
  t.equal(run('all_over'), 'done 1\n', 'the maps are used, without a word over them')
  const ends = new Map<number | string, number>()
  for (let i = 0; i < ROUNDS; i++) {
    const span = i % 3 === 0 ? 1 << 17 : i % 3 === 1 ? 1 << 19 : 1 << 20
    const end = run('all_over', { seed: `${i + 1}`, writes: `${[1, 20, 400][i % 3]}`, span: `${span}` })
    ends.set(end, (ends.get(end) ?? 0) + 1)
  }
  t.comment([...ends].map(([end, times]) => `${JSON.stringify(end)} ${times}`).join(', '))
  t.equal(textOf(good!.name, good!.bytes), text, 'the next program runs as before')
})

t.test('a load from in front of the constants', async t => {
  const [object] = await compileSeeds(['test/bpf/wild_constant.bpf.c'])
  t.throws(() => textOf(object!.name, object!.bytes), { code: 'HELPER_REFUSED' }, 'says nothing about the helper behind it')
  t.equal(isLoaded('in_order'), false, 'the program before it is not kept')
})
