// iterfs targets: what can be iterated.
import {
  BPF_ITER_RESCHED,
  type CtxArgInfo,
  type FieldDoc,
  type IterReg,
  listFields,
  listStructs,
  listTargets,
  nodePlatform,
  registerTargets,
} from '../../../src/index.ts'

interface TargetsOptions {
  json?: boolean
  verbose?: boolean
}

/** What the command takes for each member of union bpf_iter_link_info. */
const OPTIONS: Readonly<Record<NonNullable<IterReg['parameters']>, readonly string[]>> = {
  task: ['--pid N', '--tid N', '--pid-fd N'],
  map: ['map MAP'],
  cgroup: ['--cgroup DIR', '--cgroup-id N', '--cgroup-fd N', '--order NAME'],
}

export function targetsCommand(options: TargetsOptions): void {
  registerTargets(nodePlatform(), { denied: () => {} })
  const targets = listTargets().map(reg => ({
    target: reg.target,
    context: reg.ctx_arg_info.map(contextText),
    parameters: reg.parameters ? OPTIONS[reg.parameters] : [],
    sleepable: (reg.feature & BPF_ITER_RESCHED) !== 0,
  }))
  if (options.json) {
    const structs = Object.fromEntries(listStructs().map(name => [name, listFields(name)]))
    process.stdout.write(`${JSON.stringify(options.verbose ? { targets, structs } : targets)}\n`)
    return
  }
  for (const { target, context, parameters: params, sleepable } of targets) {
    process.stdout.write(`${target}\n\tcontext: ${context.join('; ')}\n`)
    if (params.length > 0) process.stdout.write(`\tparameters: ${params.join(', ')}\n`)
    if (sleepable) process.stdout.write('\tsleepable programs may link\n')
  }
  if (!options.verbose) return
  for (const name of listStructs()) {
    const fields: FieldDoc[] = listFields(name)
    if (fields.length === 0) continue
    process.stdout.write(`\nstruct ${name}\n`)
    for (const { name: field, type, from } of fields) process.stdout.write(`\t${type} ${field}\n\t\t${from}\n`)
  }
}

const contextText = ({ name, type, orNull }: CtxArgInfo): string =>
  `${type}${type.endsWith('*') ? '' : ' '}${name}${orNull ? ' (or NULL)' : ''}`
