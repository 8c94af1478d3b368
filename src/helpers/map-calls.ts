// Helpers on maps, and those that call back: bpf_map_*_elem, bpf_for_each_map_elem, bpf_loop, bpf_find_vma.
import { isSocketMap } from '../maps/sockets.ts'
import { E2BIG, EINVAL, ENOENT } from '../util/errno.ts'
import { LAYOUT, MEM_BASE_HI } from '../vm/memory.ts'
import type { HelperContext, Helpers } from './context.ts'

type Names =
  | 'map_lookup_elem'
  | 'map_update_elem'
  | 'map_delete_elem'
  | 'map_push_elem'
  | 'map_pop_elem'
  | 'map_peek_elem'
  | 'map_lookup_percpu_elem'
  | 'for_each_map_elem'
  | 'loop'
  | 'find_vma'
  | 'spin_lock'
  | 'spin_unlock'
  | 'kptr_xchg'

/** BPF_MAX_LOOPS */
const MAX_LOOPS = 8 * 1024 * 1024
/** The call is inlined, with a move of 32 bits: -E2BIG without its upper half (inline_bpf_loop). */
const LOOPS_TOO_MANY = -E2BIG >>> 0

export function mapHelpers(c: HelperContext): Pick<Helpers, Names> {
  const { env, space } = c
  return {
    map_lookup_elem() {
      const map = c.map(1)
      return map.lookup(c.input(2, map.attr.keySize))
    },
    map_update_elem() {
      const map = c.map(1)
      const key = c.input(2, map.attr.keySize)
      if (isSocketMap(map)) {
        const socket = c.isNull(3) ? -EINVAL : env.objects.socketForMap(c.lo(3), c.hi(3))
        return typeof socket === 'number' ? socket : map.putSocket(key, socket, c.u64(4))
      }
      return map.update(key, c.input(3, map.attr.valueSize, 1), c.u64(4))
    },
    map_delete_elem() {
      const map = c.map(1)
      return map.delete(c.input(2, map.attr.keySize))
    },
    map_push_elem() {
      const map = c.map(1)
      return map.push(c.input(2, map.attr.valueSize), c.u64(3))
    },
    map_pop_elem() {
      const map = c.map(1)
      return map.pop(c.output(2, map.attr.valueSize))
    },
    map_peek_elem() {
      const map = c.map(1)
      // Of a bloom filter the value is an argument, which need not lie in the program's own memory.
      return map.peek(c.input(2, map.attr.valueSize))
    },
    map_lookup_percpu_elem() {
      const map = c.map(1)
      return map.lookupPercpu(c.input(2, map.attr.keySize), c.u32(3))
    },

    for_each_map_elem() {
      const map = c.map(1)
      if (!c.isNull(4)) return -EINVAL
      // Empty buckets are walked over without a call.
      env.burn(map.attr.maxEntries)
      const { args } = space
      const [mapLo, mapHi, funcLo, funcHi, ctxLo, ctxHi] = [args[0]!, args[1]!, args[2]!, args[3]!, args[4]!, args[5]!]
      const { exec } = env.now.prog
      const call = (key: number, value: number): number => {
        c.setArg(1, mapLo, mapHi)
        c.setArg(2, key | 0, MEM_BASE_HI | 0)
        c.setArg(3, value | 0, MEM_BASE_HI | 0)
        c.setArg(4, ctxLo, ctxHi)
        c.setArg(5, 0, 0)
        return exec.callback(funcLo, funcHi)
      }
      return map.forEach(call)
    },

    loop() {
      const count = c.u32(1)
      if (!c.isNull(4)) return -EINVAL
      if (count > MAX_LOOPS) return LOOPS_TOO_MANY
      const { args } = space
      const [funcLo, funcHi, ctxLo, ctxHi] = [args[2]!, args[3]!, args[4]!, args[5]!]
      const { exec } = env.now.prog
      for (let i = 0; i < count; i++) {
        c.setArg(1, i, 0)
        c.setArg(2, ctxLo, ctxHi)
        c.setArg(3, 0, 0)
        c.setArg(4, 0, 0)
        c.setArg(5, 0, 0)
        if (exec.callback(funcLo, funcHi) !== 0) return i + 1
      }
      return count
    },

    find_vma() {
      const { args } = space
      const [taskLo, taskHi, funcLo, funcHi, ctxLo, ctxHi] = [args[0]!, args[1]!, args[4]!, args[5]!, args[6]!, args[7]!]
      if (!c.isNull(5)) return -EINVAL
      const address = c.big(2)
      const task = env.objects.taskAt(taskLo, taskHi)
      const start = task && env.objects.vmaStarts(task, address)?.[0]
      if (task === null || start === undefined || start === null || start > address) return -ENOENT
      env.objects.retVma(task, start)
      const [vmaLo, vmaHi] = [space.view.getInt32(LAYOUT.RET, true), space.view.getInt32(LAYOUT.RET + 4, true)]
      if ((vmaLo | vmaHi) === 0) return -ENOENT
      c.setArg(1, taskLo, taskHi)
      c.setArg(2, vmaLo, vmaHi)
      c.setArg(3, ctxLo, ctxHi)
      c.setArg(4, 0, 0)
      c.setArg(5, 0, 0)
      env.now.prog.exec.callback(funcLo, funcHi)
      return 0
    },

    // Programs of one address space run one after another in one thread: there is nobody to lock out.
    spin_lock: () => 0,
    spin_unlock: () => 0,

    kptr_xchg() {
      const at = c.output(1, 8)
      const { view } = space
      const [lo, hi] = [view.getInt32(at, true), view.getInt32(at + 4, true)]
      view.setInt32(at, c.lo(2), true)
      view.setInt32(at + 4, c.hi(2), true)
      env.objects.keep(c.lo(2), c.hi(2))
      return c.retHalves(lo, hi)
    },
  }
}
