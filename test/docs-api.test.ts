// The examples of docs/api.md: each passes tsc, runs, and prints what the page says.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { compileObjects, compileScripts, makeProject, must, objectPath, work } from './support/api.ts'
import { iterfs, run } from './support/daemon.ts'
import { ROOT } from './support/paths.ts'

const text = readFileSync(join(ROOT, 'docs/api.md'), 'utf8')
/** Each example with the output that follows it, if the page shows one. */
const examples = [...text.matchAll(/^```ts\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```\n)?/gm)].map(([, code, output], i) => ({
  name: `example${i}`,
  code: code!,
  output,
}))

t.test('examples of docs/api.md', async t => {
  t.equal(examples.length, (text.match(/^```ts$/gm) ?? []).length)
  t.ok(examples.length > 4)
  await compileObjects('programs/task.bpf.c', 'programs/task_file.bpf.c')
  makeProject()
  const skeleton = must(iterfs('gen', 'skeleton', objectPath('programs/task_file.bpf.c'))).stdout
  writeFileSync(join(work, 'task_file.skel.ts'), skeleton)
  for (const { name, code } of examples) writeFileSync(join(work, `${name}.ts`), code)
  compileScripts(...examples.map(({ name }) => `${name}.ts`))
  for (const { name, output } of examples) {
    const { stdout } = must(run(process.execPath, [`${name}.js`], { cwd: work }))
    if (output === undefined) t.match(stdout, /^ +tgid +pid +ppid +uid comm\n(.*\n)+$/, name)
    else t.equal(stdout, output, name)
  }
})
