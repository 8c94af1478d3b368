// The read loop, case by case as kernel-semantics.md section 2.2 measured it.
import t from 'tap'
import { IterSession, MAX_ITER_OBJECTS, type RunProg } from '../../../src/iter/session.ts'
import type { SeqOperations } from '../../../src/seq/seq-operations.ts'
import { E2BIG, EAGAIN, EIO, ErrnoError } from '../../../src/util/errno.ts'
import { ObjectGone } from '../../../src/util/object-gone.ts'

/** Counts 0 .. n-1; `gone` are those that vanish before they are shown. */
class Counter implements SeqOperations<number> {
  at = 0
  stops = 0
  closes = 0
  readonly #n: number
  readonly #gone: ReadonlySet<number>
  readonly onReturnOne: 'again' | 'finish'
  constructor(n: number, gone: readonly number[] = [], onReturnOne: 'again' | 'finish' = 'again') {
    this.#n = n
    this.#gone = new Set(gone)
    this.onReturnOne = onReturnOne
  }
  start(): number | null {
    return this.at < this.#n ? this.at : null
  }
  next(): number | null {
    this.at++
    return this.start()
  }
  ctx(v: number | null): { i: number | null } {
    if (v !== null && this.#gone.has(v)) throw new ObjectGone(`object ${v}`)
    return { i: v }
  }
  stop(): void {
    this.stops++
  }
  close(): void {
    this.closes++
  }
}

interface Made {
  readonly session: IterSession
  readonly ops: Counter
  /** `i(seq_num)` of every call, `END(seq_num)` of the last. */
  readonly calls: string[]
}

/** A session whose program writes `bytes` for each object and `endBytes` at the end, unless `run` says otherwise. */
function make(
  n: number,
  bytes: number,
  endBytes = 5,
  more: { gone?: number[]; onReturnOne?: 'again' | 'finish'; run?: (i: number | null) => number } = {},
): Made {
  const calls: string[] = []
  const ops = new Counter(n, more.gone, more.onReturnOne)
  const run: RunProg = (meta, { i }) => {
    calls.push(`${i === null ? 'END' : i}(${meta.seq_num})`)
    const size = i === null ? endBytes : bytes
    if (size > 0) meta.seq.write(new Uint8Array(size).fill(0x61 + (Number(i ?? 25) % 26)))
    return more.run?.(i as number | null) ?? 0
  }
  return { session: new IterSession(ops as SeqOperations, run, 1n), ops, calls }
}

const reads = (session: IterSession, ...sizes: number[]): number[] => sizes.map(size => session.read(size).length)

const errnoOf = (body: () => unknown): number => {
  try {
    body()
  } catch (err) {
    return err instanceof ErrnoError ? err.errno : -1
  }
  return 0
}

t.test('one big read runs everything', async t => {
  const { session, calls, ops } = make(3, 10)
  t.same(reads(session, 4096, 4096, 4096), [35, 0, 0])
  t.same(calls, ['0(0)', '1(1)', '2(2)', 'END(2)'])
  session.close()
  session.close()
  t.equal(ops.closes, 1)
})

t.test('small reads', async t => {
  t.same(reads(make(3, 10).session, 10, 10, 10, 10, 10), [10, 10, 10, 5, 0])
  t.same(reads(make(3, 10).session, 11, 11, 11, 11, 11), [11, 9, 11, 4, 0])
  const { session, calls } = make(3, 10)
  t.same(reads(session, 11), [11])
  t.same(calls, ['0(0)', '1(1)'])
  const third = make(3, 10)
  t.same(reads(third.session, 10, 10), [10, 10])
  t.same(third.calls, ['0(0)', '1(1)'])
  t.same(reads(third.session, 10), [10])
  t.same(third.calls, ['0(0)', '1(1)', '2(2)', 'END(2)'], 'the third read ran the last object and END')
  t.same(reads(make(3, 10).session, 1, 30), [1, 9], 'the size never cuts the text of an object')
})

t.test('a read of nothing runs one object and keeps its text', async t => {
  const { session, calls } = make(3, 10)
  t.same(reads(session, 0, 0, 0), [0, 0, 0])
  t.same(calls, ['0(0)'])
  t.same(reads(session, 100, 100), [10, 25])
})

t.test('no output, no objects', async t => {
  const quiet = make(3, 0, 0)
  t.same(reads(quiet.session, 4096), [0])
  t.same(quiet.calls.length, 4)
  const none = make(0, 10)
  t.same(reads(none.session, 4096, 4096), [5, 0])
  t.same(none.calls, ['END(0)'])
})

t.test('a read never returns more than 32767 bytes', async t => {
  const { session } = make(1000, 100, 0)
  t.same(reads(session, 131072, 131072, 131072, 131072, 131072), [32700, 32700, 32700, 1900, 0])
  t.same(reads(make(1000, 100).session, 4096, 4096, 4096, 4096), [4096, 4, 4096, 4])
})

t.test('overflow', async t => {
  t.same(reads(make(1, 32767, 0).session, 131072, 131072), [32767, 0])
  const first = make(2, 32768, 0)
  for (let i = 0; i < 3; i++)
    t.equal(
      errnoOf(() => first.session.read(131072)),
      E2BIG,
    )
  t.same(first.calls, ['0(0)', '0(0)', '0(0)'], 'the object is never skipped')
  const later = make(2, 20000, 0)
  t.same(reads(later.session, 131072, 131072, 131072), [20000, 20000, 0])
  t.same(later.calls, ['0(0)', '1(1)', '1(1)', 'END(1)'], 'the object that did not fit is run twice')
  const end = make(0, 0, 40000)
  t.equal(
    errnoOf(() => end.session.read(100)),
    E2BIG,
  )
  t.equal(
    errnoOf(() => end.session.read(100)),
    E2BIG,
  )
  t.same(end.calls, ['END(0)', 'END(0)'])
  const endLater = make(1, 100, 32700)
  t.same(reads(endLater.session, 131072, 131072, 131072), [100, 32700, 0])
})

t.test('return value 1', async t => {
  let again = 1
  const { session, calls } = make(3, 10, 5, { run: i => (i === 1 && again-- > 0 ? 1 : 0) })
  t.same(reads(session, 4096, 4096, 4096), [10, 25, 0])
  t.same(calls, ['0(0)', '1(1)', '1(1)', '2(2)', 'END(2)'])
  const always = make(3, 10, 5, { run: () => 1 })
  t.equal(
    errnoOf(() => always.session.read(10)),
    EAGAIN,
  )
  t.equal(
    errnoOf(() => always.session.read(10)),
    EAGAIN,
  )
  t.same(always.calls, ['0(0)', '0(0)'])
  const finish = make(5, 10, 5, { onReturnOne: 'finish', run: i => (i === 1 ? 1 : 0) })
  t.same(reads(finish.session, 4096, 4096), [25, 0])
  t.same(finish.calls, ['0(0)', '1(1)', 'END(1)'], 'cgroup: the walk ends, the output stays')
})

t.test('objects that vanish use up no number', async t => {
  const { session, calls } = make(5, 10, 0, { gone: [0, 2, 4] })
  t.same(reads(session, 4096), [20])
  t.same(calls, ['1(0)', '3(1)', 'END(1)'])
})

t.test('a program that throws', async t => {
  const boom = (): never => {
    throw new ErrnoError(EIO)
  }
  const { session } = make(3, 10, 5, { run: i => (i === 1 ? boom() : 0) })
  t.same(reads(session, 4096), [10], 'what came before is delivered')
  t.equal(
    errnoOf(() => session.read(4096)),
    EIO,
  )
  const first = make(1, 10, 5, { run: i => (i === 0 ? boom() : 0) })
  t.equal(
    errnoOf(() => first.session.read(4096)),
    EIO,
  )
})

t.test('an error of next() comes first, then what was printed before it', async t => {
  const { ops, calls } = make(9, 10)
  const next = ops.next.bind(ops)
  let failing = true
  ops.next = () => {
    const obj = next()
    if (obj === 2 && failing) {
      failing = false
      throw new ErrnoError(EIO)
    }
    return obj
  }
  const session = new IterSession(
    ops as SeqOperations,
    (meta, { i }) => {
      calls.push(String(i))
      meta.seq.write(new Uint8Array(10))
      return 0
    },
    1n,
  )
  t.equal(
    errnoOf(() => session.read(4096)),
    EIO,
  )
  t.same(reads(session, 15, 15, 4096, 4096), [15, 5, 80, 0], 'nothing is lost')
  t.same(calls, ['0', '1', '2', '3', '4', '5', '6', '7', '8', 'null'])
})

t.test('a million objects without output, and one more', async t => {
  const fits = make(MAX_ITER_OBJECTS, 0, 0)
  t.same(reads(fits.session, 10), [0])
  const more = make(2 * MAX_ITER_OBJECTS + 1, 0, 0)
  t.equal(
    errnoOf(() => more.session.read(10)),
    EAGAIN,
  )
  t.equal(
    errnoOf(() => more.session.read(10)),
    EAGAIN,
  )
  t.same(reads(more.session, 10, 10), [0, 0])
  t.equal(more.calls.length, 2 * MAX_ITER_OBJECTS + 2, 'none twice')
})

t.test('text that could not be delivered is given again', async t => {
  const { session } = make(3, 10)
  const text = Buffer.from(session.read(7)).toString()
  session.unread(7)
  t.equal(Buffer.from(session.read(7)).toString(), text)
  t.same(reads(session, 100, 100), [3, 25])
})
