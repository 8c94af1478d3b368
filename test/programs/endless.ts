// Does not return.
import type { Iter } from 'iterfs'

export const endless: Iter<'task'> = {
  target: 'task',
  run({ task }) {
    for (;;) if (task === undefined) return
  },
}
