import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Top of the checkout: the compiled tests lie in dist/test/support. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..')
/** The command, as it was built. */
export const CLI = join(ROOT, 'dist/mount/cli/main.js')
