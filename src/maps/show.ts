// What reading a pinned map gives in bpffs: its elements through BTF, one a line (map_seq_show and map_seq_show_elem of the types).
import type { BaseMap } from './base.ts'
import { ProgArrayMap } from './slots.ts'
import { mapType } from './types.ts'

/** The text of a value of BTF type `typeId` in `size` bytes at offset `at` of the map's memory, as btf_type_seq_show() prints it. */
export type ShowValue = (typeId: number, at: number, size: number) => string

/** Types that have map_seq_show_elem(). */
const SHOWN = ['hash', 'array', 'prog_array', 'percpu_hash', 'percpu_array', 'lru_hash', 'lru_percpu_hash']

/** Whether a pinned map can be opened as a file (bpf_map_support_seq_show); EIO otherwise. */
export const canShow = ({ attr }: BaseMap): boolean =>
  attr.btf !== undefined && attr.btf.valueTypeId !== 0 && SHOWN.includes(mapType(attr.type)!.name)

/** The text, piece by piece; elements that come or go meanwhile may be missed. */
export function* showMap(map: BaseMap, show: ShowValue): Generator<string> {
  yield '# WARNING!! The output is for debug purpose only\n# WARNING!! The output format will change\n'
  const { btf, keySize, valueSize } = map.attr
  if (!btf) return
  const { keyTypeId, valueTypeId } = btf
  const name = mapType(map.attr.type)!.name
  const isArray = name.endsWith('array')
  const scratch = map.space.alloc(8)
  try {
    // A program that writes over a key makes the walk begin anew.
    let left = map.attr.maxEntries
    for (let key = map.nextKey(null); key !== null && left > 0; key = map.nextKey(key), left--) {
      const index = new DataView(key.buffer, key.byteOffset)
      if (map instanceof ProgArrayMap) {
        const id = map.progAt(index.getUint32(0, true))
        if (id === 0) continue
        map.space.view.setUint32(scratch, id, true)
        yield `${index.getUint32(0, true)}: ${show(valueTypeId, scratch, 4)}\n`
        continue
      }
      const found = map.locate(key)
      if (found === null) continue
      // Globals have no key type.
      const label = isArray
        ? keyTypeId === 0
          ? ''
          : `${index.getUint32(0, true)}: `
        : `${show(keyTypeId, found.key, keySize)}: `
      if (!name.includes('percpu')) {
        yield `${label}${show(valueTypeId, found.value, valueSize)}\n`
        continue
      }
      let text = `${label}{\n`
      const step = Math.ceil(valueSize / 8) * 8
      for (let cpu = 0; cpu * step < map.userValueSize; cpu++)
        text += `\tcpu${cpu}: ${show(valueTypeId, found.value + cpu * step, valueSize)}\n`
      yield `${text}}\n`
    }
  } finally {
    map.space.free(scratch, 8)
  }
}
