// Returns what no iterator may return; the kernel refuses such a program at load.
import type { Iter } from 'iterfs'

export const wrong: Iter<'task'> = {
  target: 'task',
  run: () => 2 as 1,
}
