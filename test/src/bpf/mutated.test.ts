// Damaged objects through the whole engine: loaded, run, read, unloaded. Nothing but typed errors, nothing that takes long, no memory that
// stays. MUTATIONS and MUTATIONS_SEED override how many there are and where they start; MUTATIONS_KEEP names a folder for objects that fail.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { damage, damaged, seedOf } from '../../support/mutate.ts'
import { compileSeeds, heapNow, runObject, textOf } from '../../support/mutated-run.ts'

const MUTATIONS = Number(process.env.MUTATIONS ?? 3000)
const SEED = Number(process.env.MUTATIONS_SEED ?? Date.now() % 1_000_000)
const KEEP = process.env.MUTATIONS_KEEP
const BATCH = 500
/** Of the processor, since machines are shared. */
const LIMIT_MS = 2000
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
/** Bytes that the heap may be larger at the end than after the first part. */
const GROWTH = 8 << 20

const SOURCES = [
  ...['map_hash', 'map_lru', 'map_lpm', 'map_percpu', 'map_of_maps', 'map_prog_array', 'map_queue', 'map_ringbuf', 'map_bloom'],
  ...['map_task_storage', 'map_cgrp_storage', 'map_array', 'map_lock', 'kptr', 'callbacks', 'loops', 'open_iterators', 'dynptr'],
  ...[
    'dynptr_kfuncs',
    'kfuncs_string',
    'kfuncs_map',
    'kfuncs_task',
    'find_vma',
    'globals',
    'memory',
    'subprograms',
    'helper_btf',
  ],
  ...[
    'helper_snprintf',
    'helper_strings',
    'helper_stack',
    'user_strings',
    'own_maps',
    'elem_hash',
    'core_exists',
    'core_bitfield',
  ],
].map(name => `${name}.bpf.c`)

t.setTimeout(240_000 + MUTATIONS * 200)
t.test(`${MUTATIONS} damaged objects, seed ${SEED}`, async t => {
  const objects = await compileSeeds([
    ...SOURCES,
    'programs/task_file.bpf.c',
    'programs/task_tree.bpf.c',
    'programs/map_dump.bpf.c',
  ])
  const seeds = objects.map(({ name, bytes }) => seedOf(name, bytes))
  for (const { name, bytes } of objects) {
    const { errors } = runObject(name, bytes)
    if (errors.length > 0) t.comment(`${name} as it is: ${errors.join(', ')}`)
  }
  const good = objects.find(({ name }) => name === 'loops.bpf.o')!
  const text = textOf(good.name, good.bytes)

  const errors = new Map<string, number>()
  let [ran, slowest, failures, start] = [0, 0, 0, 0]
  for (let done = 0; done < MUTATIONS; done += BATCH) {
    const batch = fc.sample(damage, { numRuns: Math.min(BATCH, MUTATIONS - done), seed: SEED + done })
    for (const [i, one] of batch.entries()) {
      const { name, bytes } = damaged(seeds, one)
      if (KEEP !== undefined) writeFileSync(join(KEEP, `now-${SEED}.o`), bytes)
      const began = cpuMs()
      let problem = ''
      try {
        const outcome = runObject(name, bytes)
        if (outcome.progs > 0) ran++
        for (const code of outcome.errors) errors.set(code, (errors.get(code) ?? 0) + 1)
      } catch (err) {
        problem = String((err as Error | null)?.stack ?? err)
      }
      const took = cpuMs() - began
      slowest = Math.max(slowest, took)
      if (took > LIMIT_MS) problem ||= `took ${took.toFixed(0)} ms`
      if (!problem) continue
      failures++
      if (KEEP !== undefined) writeFileSync(join(KEEP, `${SEED}-${done + i}-${name}`), bytes)
      t.fail(`${name}, number ${done + i} of seed ${SEED}`, { problem, damage: JSON.stringify(one) })
    }
    if (textOf(good.name, good.bytes) !== text) t.fail(`behind number ${done}: the next program does not run as before`)
    if (done === BATCH) start = await heapNow()
  }
  const growth = start === 0 ? 0 : (await heapNow()) - start
  t.comment(`${ran} ran, slowest ${slowest.toFixed(0)} ms, heap grew by ${(growth / 1024).toFixed(0)} KiB`)
  t.comment(
    [...errors]
      .sort((a, b) => b[1] - a[1])
      .map(([code, n]) => `${code} ${n}`)
      .join(', '),
  )
  t.equal(failures, 0, 'typed errors only, in time')
  t.ok(growth < GROWTH, `heap and array buffers grew by ${growth} bytes`)
  t.ok(ran > MUTATIONS / 4, `${ran} of ${MUTATIONS} were loaded and ran`)
})
