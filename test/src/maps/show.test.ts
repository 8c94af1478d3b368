// Reading a pinned map gives what bpffs gives. Values here are integers; how other types print is the matter of src/btf.
import { readFileSync } from 'node:fs'
import t from 'tap'
import type { BaseMap } from '../../../src/maps/base.ts'
import { createMap } from '../../../src/maps/create.ts'
import { canShow, showMap } from '../../../src/maps/show.ts'
import { AddressSpace } from '../../../src/vm/memory.ts'
import { run } from '../../support/daemon.ts'
import { Kernel, noKernelBpf } from '../../support/kernel.ts'
import { CPUS } from '../../support/map-oracle.ts'

const skip = noKernelBpf()

const SOURCE = `
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#define MAP(NAME, TYPE, FLAGS, KEY, VALUE) struct { __uint(type, BPF_MAP_TYPE_##TYPE); __uint(max_entries, 3); \\
	__uint(map_flags, FLAGS); __type(key, KEY); __type(value, VALUE); } NAME SEC(".maps")
MAP(array, ARRAY, 0, int, long);
MAP(hash, HASH, BPF_F_ZERO_SEED, long, long);
MAP(lru_hash, LRU_HASH, BPF_F_ZERO_SEED, long, long);
MAP(percpu_array, PERCPU_ARRAY, 0, int, long);
MAP(percpu_hash, PERCPU_HASH, BPF_F_ZERO_SEED, long, long);
MAP(lru_percpu_hash, LRU_PERCPU_HASH, BPF_F_ZERO_SEED, long, long);
struct { __uint(type, BPF_MAP_TYPE_TASK_STORAGE); __uint(map_flags, 1); __type(key, int); __type(value, long); } task_storage SEC(".maps");
SEC("iter/task") int nothing(struct bpf_iter__task *ctx) {
	long key = 0;
	bpf_map_lookup_elem(&array, &key); bpf_map_lookup_elem(&hash, &key); bpf_map_lookup_elem(&lru_hash, &key);
	bpf_map_lookup_elem(&percpu_array, &key); bpf_map_lookup_elem(&percpu_hash, &key); bpf_map_lookup_elem(&lru_percpu_hash, &key);
	if (ctx->task) bpf_task_storage_get(&task_storage, ctx->task, 0, 0);
	return 0;
}
char _license[] SEC("license") = "GPL";
`

/** Ids 1 and 2: int and long. */
const TYPES = [
  { kind: 'void' },
  { kind: 'int', name: 'int', size: 4, encoding: 1, offBits: 0, bits: 32 },
  { kind: 'int', name: 'long', size: 8, encoding: 1, offBits: 0, bits: 64 },
] as const

const NUMBERS = { array: 2, hash: 1, lru_hash: 9, percpu_array: 6, percpu_hash: 5, lru_percpu_hash: 10, task_storage: 29 }

t.test('map files of bpffs', { skip }, t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const bpftool = (...args: string[]): void => {
    const { status, stderr } = run('sh', ['-c', 'PATH=$PATH:/usr/sbin exec bpftool "$@"', 'sh', ...args])
    if (status !== 0) throw new Error(stderr)
  }
  const object = kernel.compileText(SOURCE, 'show')
  bpftool('prog', 'loadall', object, `${kernel.dir}/progs`, 'pinmaps', `${kernel.dir}/maps`)
  const space = new AddressSpace()
  for (const [name, type] of Object.entries(NUMBERS)) {
    const isArray = name.endsWith('array')
    const keySize = isArray || type === 29 ? 4 : 8
    const flags = isArray ? 0 : type === 29 ? 1 : 64
    const btf = { btf: { types: TYPES }, keyTypeId: keySize === 4 ? 1 : 2, valueTypeId: 2 }
    const attr = { name, type, keySize, valueSize: 8, maxEntries: type === 29 ? 0 : 3, flags, mapExtra: 0n, btf }
    const map: BaseMap = createMap(attr, { id: type, space, cpus: CPUS })
    const path = `${kernel.dir}/maps/${name}`
    if (!canShow(map)) {
      t.throws(() => readFileSync(path), { code: 'EIO' }, `${name} cannot be opened`)
      continue
    }
    for (const n of [2, 1]) {
      const key = new Uint8Array(keySize)
      key[0] = n
      const value = Uint8Array.of(n * 9, 255, 0, 0, 0, 0, 0, n === 1 ? 255 : 0)
      bpftool('map', 'update', 'pinned', path, 'key', ...[...key].map(String), 'value', ...[...value].map(String))
      const all = new Uint8Array(map.userValueSize)
      for (let at = 0; at < all.length; at += 8) all.set(value, at)
      map.userUpdate(key, all, 0)
    }
    const show = (id: number, at: number): string =>
      `${id === 1 ? space.view.getInt32(at, true) : space.view.getBigInt64(at, true)}`
    t.equal([...showMap(map, show)].join(''), readFileSync(path, 'latin1'), name)
  }
  t.end()
})
