// What a program may count on: globals of all types, seq.write, the return value, seq_num and session_id.
import type { Iter } from 'iterfs'

export const globals = { limit: 3, big: 1n, on: false, text: 'none', again: 0 }

export const counts: Iter<'task'> = {
  target: 'task',
  run({ meta: { seq, seq_num, session_id }, task }) {
    if (!task) {
      seq.write(`END ${globals.limit} ${globals.big} ${globals.on} ${globals.text}\n`)
      return 0
    }
    if (seq_num >= BigInt(globals.limit)) return 0
    if (globals.again > 0 && globals.again-- > 0) return 1
    seq.printf('%llu %s\n', seq_num, session_id > 0n ? 'session' : 'none')
    return 0
  },
}
