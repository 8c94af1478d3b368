#!/usr/bin/env node
// The command iterfs: its verbs, each a row of options and the function that does it.
import { Command, CommanderError } from 'commander'
import { CliError, cliError } from './error.ts'
import { progOptions } from './params.ts'

const USAGE_STATUS = 255
const SIGPIPE_STATUS = 128 + 13

/** A verb's function, whose file is loaded when the verb is used: what all of them need takes a fifth of a second. */
const later =
  <K extends string, M extends Record<K, (...args: never[]) => unknown>>(load: () => Promise<M>, name: K) =>
  async (...args: Parameters<M[K]>): Promise<void> => {
    await (await load())[name](...args)
  }

function build(): Command {
  const iterfs = new Command('iterfs')
    .description(
      'BPF iterators without BPF privileges: every pinned iterator is a file of a FUSE mount that looks like /sys/fs/bpf.',
    )
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'Error: ')) })

  iterfs
    .command('mount <dir>')
    .description('mount an empty iterfs on DIR and serve it in the background until it is unmounted')
    .option(
      '-o <options>',
      'uid=N,gid=N,mode=OCTAL of the root folder, and ro, nosuid, nodev, noexec; others are ignored, as bpffs does',
    )
    .option(
      '--preset <name>',
      'proc: pin the programs that ship with iterfs as net/tcp, kallsyms and so on, where tools look below /proc, with the modes of /proc: 0444, readable by all, but 0400 for slabinfo; and symbolic links to the rest of /proc',
    )
    .option('--transport <name>', 'devfuse: speak to /dev/fuse directly; fuse-native: through libfuse', 'devfuse')
    .option('--foreground', 'stay in the foreground, with the log on standard error')
    .option('--allow-pin <uid>', 'let this user pin too; a TypeScript program runs as the daemon (may be repeated)', collect, [])
    .option('--prog-limit <ms>', 'longest time that one call of a program may take', '2000')
    .option('--replay <dir>', 'read the recording in DIR, made by `iterfs record`, in place of this machine')
    .option('--log-level <level>', 'fatal, error, warn, info, debug, trace or silent', 'info')
    .option('--log <file>', 'where the background daemon logs to (JSON lines)')
    .action(later(() => import('./commands/mount.ts'), 'mountCommand'))

  iterfs
    .command('umount <dir>')
    .description('unmount an iterfs; its daemon ends')
    .option('-l, --lazy', 'detach now, also when files are open')
    .action(later(() => import('./commands/mount.ts'), 'umountCommand'))

  progOptions(
    iterfs
      .command('pin <program> <path> [map...]')
      .description(
        'load PROGRAM and pin its iterator at PATH, in an iterfs mount; MAP is `map id N`, `map pinned FILE` or `map name NAME`',
      ),
  ).action(later(() => import('./commands/pin.ts'), 'pinCommand'))

  progOptions(
    iterfs
      .command('read <program> [map...]')
      .description('run the iterator of PROGRAM once to standard output; needs no mount; `map name NAME` is a map of the object'),
  )
    .option('--replay <dir>', 'read the recording in DIR, made by `iterfs record`, in place of this machine')
    .action(later(() => import('./commands/read.ts'), 'readCommand'))

  progOptions(
    iterfs
      .command('record <dir> [what...]')
      .description(
        'record in DIR what each program WHAT reads, or all that programs of the target WHAT can read (default: all targets); see `--replay`',
      ),
  ).action(later(() => import('./commands/record.ts'), 'recordCommand'))

  iterfs
    .command('targets')
    .description('list what can be iterated: each target with its context and parameters')
    .option('-j, --json', 'JSON')
    .option('-v, --verbose', 'with the fields that programs can read, and where each comes from')
    .action(later(() => import('./commands/targets.ts'), 'targetsCommand'))

  const link = iterfs.command('link').description('show or update pinned iterators')
  link
    .command('show [path] [id]')
    .description('show links: all, the one pinned at PATH, or `id N`')
    .option('-j, --json', 'JSON, as bpftool prints it')
    .option('-f, --bpffs', 'with the paths where each link is pinned')
    .option('--fdinfo', 'as /proc/PID/fdinfo shows a link')
    .action(later(() => import('./commands/link.ts'), 'linkShow'))
  progOptions(
    link.command('update <path> <program>').description('let the link pinned at PATH run PROGRAM from the next open on'),
  ).action(later(() => import('./commands/link.ts'), 'linkUpdate'))

  iterfs
    .command('prog')
    .description('show loaded programs')
    .command('show [what] [id]')
    .option('-j, --json', 'JSON, as bpftool prints it')
    .action(later(() => import('./commands/link.ts'), 'progShow'))

  iterfs
    .command('map [words...]')
    .description('maps: `iterfs map help` lists the verbs, which are those of bpftool map')
    .allowUnknownOption()
    .helpOption(false)
    .action(later(() => import('./commands/map-verbs.ts'), 'mapCommand'))

  iterfs
    .command('btf')
    .description('show types')
    .command('dump [what...]')
    .description('types of iterfs, or those of `file PATH`: an object, or bare BTF')
    .option('-F, --format <format>', 'raw: one type a line; c: a vmlinux.h to compile programs with', 'raw')
    .option('-b, --blob', 'the bytes of the BTF, as bpftool and libbpf read them')
    .option('-o, --output <file>', 'write to FILE')
    .action(later(() => import('./commands/btf.ts'), 'btfDump'))

  iterfs
    .command('gen')
    .description('write code')
    .command('skeleton <object> [words...]')
    .description('a TypeScript module that has the bytes of OBJECT and its types; `name NAME` calls the object so')
    .action(later(() => import('./commands/gen.ts'), 'genSkeleton'))

  iterfs
    .command('vm')
    .description('run BPF instructions')
    .command('run [memory]')
    .description(
      'run the program that standard input has as hex, with r1 the address of MEMORY (hex) and r2 its length; prints r0',
    )
    .option('--interpreter', 'by the reference interpreter, not compiled to WebAssembly')
    .option('--program <hex>', 'the program, in place of standard input')
    .action(later(() => import('./commands/vm.ts'), 'vmRun'))

  for (const command of [iterfs, ...iterfs.commands, ...link.commands, ...iterfs.commands.flatMap(parent => parent.commands)])
    command.exitOverride()
  return iterfs
}

function collect(text: string, before: string[]): string[] {
  return [...before, text]
}

// A reader that goes away (`iterfs targets | head`) ends the command as SIGPIPE would.
process.stdout.on('error', (err: NodeJS.ErrnoException) => {
  if (err.code !== 'EPIPE') throw err
  process.exit(SIGPIPE_STATUS)
})

try {
  await build().parseAsync()
} catch (err) {
  if (err instanceof CommanderError) process.exitCode = err.exitCode === 0 ? 0 : USAGE_STATUS
  else {
    const failure = err instanceof CliError ? err : cliError('', err)
    process.stderr.write(`Error: ${failure.message.replaceAll('\n', ' ')}\n`)
    process.exitCode = failure.status
  }
}
