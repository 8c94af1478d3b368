// bpf_map_elem over maps of 1,000 elements that one process puts into both: the same bytes, of hashes as sorted lines.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { diffOf } from '../support/compare.ts'
import { iterfs, run, startDaemon } from '../support/daemon.ts'
import { Kernel, noKernelBpf } from '../support/kernel.ts'
import { CPUS } from '../support/map-oracle.ts'
import { startNetns } from '../support/netns.ts'
import { ROOT } from '../support/paths.ts'

const ELEMENTS = 1000
/** Puts element n at the key 7919 * n, which is below 1000 for arrays; deletes every tenth where that can be. */
const FILL = `
def fill(paths, count, cpus, isArray):
    kernel, ours = paths.split(',')
    maps, count, wrong = (KernelMap(kernel), OurMap(ours)), int(count), 0
    for n in range(count):
        key = 7919 * n % count if isArray == 'true' else 7919 * n
        value = b''.join(u64(n << 8 * cpu | cpu << 56) for cpu in range(int(cpus)))
        wrong += [m.update(u32(key), value) for m in maps] != [0, 0]
        if n % 10 == 3:
            results = [m.delete(u32(key)) for m in maps]
            wrong += results[0] != results[1]
    return wrong
serve({'fill': fill})
`

interface Kind {
  readonly type: string
  /** The order of the elements is the map's own. */
  readonly isHash: boolean
  readonly isPercpu: boolean
}

const KINDS: readonly Kind[] = [
  { type: 'hash', isHash: true, isPercpu: false },
  { type: 'lru_hash', isHash: true, isPercpu: false },
  { type: 'array', isHash: false, isPercpu: false },
  { type: 'percpu_hash', isHash: true, isPercpu: true },
  { type: 'lru_percpu_hash', isHash: true, isPercpu: true },
  { type: 'percpu_array', isHash: false, isPercpu: true },
]

t.test('1,000 elements', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  const filler = await startNetns(readFileSync(join(ROOT, 'test/support/bpf_maps.py'), 'utf8') + FILL)
  t.teardown(() => filler.stop())
  const object = kernel.compileProgram('map_dump.bpf.c')

  for (const { type, isHash, isPercpu } of KINDS) {
    // An LRU hash of the kernel may give up elements before it is full.
    const entries = type.startsWith('lru') ? 8 * ELEMENTS : ELEMENTS
    const create = `type ${type} key 4 value 8 entries ${entries} name ${type}`
    const [theirs, ours] = [kernel.map(type, create, []), join(daemon.dir, type)]
    t.equal(iterfs('map', 'create', ours, ...create.split(' ')).status, 0)
    const cpus = isPercpu ? CPUS : 1
    t.equal(
      await filler.ask('fill', `${theirs},${ours}`, `${ELEMENTS}`, `${cpus}`, `${!isHash}`),
      0,
      `${type}: every answer is the same`,
    )

    const info = ['set', `cpus=${cpus}`]
    const pins = [kernel.pin(object, `of_${type}`, ['map', theirs, ...info]), join(daemon.dir, `of_${type}`)] as const
    daemon.pin(object, `of_${type}`, 'map', 'pinned', ours, '--set', `cpus=${cpus}`)
    // The lines of an element of a per-CPU map belong together.
    const elements = (text: string): string[] => text.split(/^(?=key:|end of )/m)
    const [one, other] = pins.map(path => {
      const text = run('cat', [path]).stdout
      return isHash ? elements(text).sort().join('') : text
    })
    const diff = diffOf(kernel, { kernel: one!, iterfs: other! })
    if (diff) t.fail(type, { diff })
    else t.pass(type)
    t.equal(elements(one!).length, (isHash ? ELEMENTS * 0.9 : ELEMENTS) + 1, `${type}: all of them`)
  }
})
