import t from 'tap'
import { STRUCTS } from '../../../src/kernel/structs.ts'
import type { Row } from '../../../src/kernel/types.ts'
import { KernelBtf, noVmlinuxBtf } from '../../support/btf.ts'

const rows = Object.entries(STRUCTS).map(([struct, fields]) => ({
  struct,
  fields: Object.entries(fields) as [string, Row<never>][],
}))

/** Some fields are const only so that nobody but their owner writes them (__no_const). */
const unconst = (type: string | undefined): string | undefined => (type?.endsWith('*') ? type : type?.replace(/^const /, ''))
/** Ours have a place for each field of a union without a name. */
const ununion = (type: string | undefined): string | undefined => type?.replace(/^union (\w+__\w+)$/, 'struct $1')

t.test('every row says where it is read from', t => {
  let seen = 0
  for (const { struct, fields } of rows) {
    for (const [field, { from }] of fields) {
      seen++
      if (from.length < 4) t.fail(`${struct}.${field}: want a source, got "${from}"`)
    }
  }
  t.ok(seen > 150, `${seen} rows`)
  t.end()
})

t.test("every row has the name and the C type of the running kernel's", { skip: noVmlinuxBtf() }, t => {
  const btf = new KernelBtf()
  for (const { struct, fields } of rows) {
    if (struct.startsWith('iterfs_')) continue // no kernel has it
    const kernel = btf.fieldsOf(struct)
    if (!kernel) {
      t.fail(`the kernel has no struct ${struct}`)
      continue
    }
    for (const [field, { type, compat }] of fields) {
      if (compat !== undefined) t.notOk(kernel.has(field), `${struct}.${field} is there only as ${compat}`)
      else if (ununion(unconst(kernel.get(field))) !== unconst(type))
        t.fail(`struct ${struct}: ${field} is ${kernel.get(field)}, the row says ${type}`)
    }
  }
  t.end()
})
