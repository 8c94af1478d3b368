// Ways to read a file whose size is 0 and that cannot seek: programs of every day, and the libraries of languages.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { cleanEnv, run, until } from '../support/daemon.ts'
import { bothWays, PYTHON, rows, SOCKETS, startProcTools } from '../support/proc-tools.ts'

/** io.ReadAll of Go: reads into what is free of a buffer of 512 bytes, which doubles when it is full. */
const READ_ALL = `
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
data, size = b"", 512
while True:
    part = os.read(fd, size - len(data))
    if not part: break
    data += part
    if len(data) == size: size *= 2
os.write(1, data)
`
const NODE_PROMISE = 'const fs = await import("node:fs/promises"); process.stdout.write(await fs.readFile(process.argv[1]))'
const NODE_SYNC = 'const fs = await import("node:fs"); process.stdout.write(fs.readFileSync(process.argv[1]))'
const NODE_STREAM = 'const fs = await import("node:fs"); fs.createReadStream(process.argv[1]).pipe(process.stdout)'

/** Lines for a shell, where FILE is the file and OUT a scratch file. Each shows all of it unless `part` is set. */
const READERS: readonly { readonly line: string; readonly part?: true }[] = [
  { line: 'cat FILE' },
  { line: 'cat < FILE' },
  { line: 'cp FILE OUT && cat OUT' },
  { line: 'cp -a FILE OUT && cat OUT' },
  { line: 'dd if=FILE bs=100 status=none' },
  { line: 'install -m 600 FILE OUT && cat OUT' },
  { line: 'while IFS= read -r line; do echo "$line"; done < FILE' },
  { line: 'sort FILE' },
  { line: 'awk 1 FILE' },
  { line: 'sed -n p FILE' },
  { line: 'grep "" FILE' },
  { line: 'column -t FILE' },
  { line: 'tail -n +1 FILE' },
  { line: 'less FILE | cat' },
  { line: `${PYTHON} -c 'import sys; sys.stdout.write(open(sys.argv[1]).read())' FILE` },
  { line: `${PYTHON} -c 'import sys, pathlib; sys.stdout.buffer.write(pathlib.Path(sys.argv[1]).read_bytes())' FILE` },
  { line: `${PYTHON} -c 'import sys; [print(line, end="") for line in open(sys.argv[1])]' FILE` },
  { line: `${PYTHON} -c '${READ_ALL}' FILE` },
  { line: `${PYTHON} -c 'import shutil, sys; shutil.copyfile(*sys.argv[1:])' FILE OUT && cat OUT` },
  { line: `${process.execPath} --input-type=module -e '${NODE_PROMISE}' FILE` },
  { line: `${process.execPath} --input-type=module -e '${NODE_SYNC}' FILE` },
  { line: `${process.execPath} --input-type=module -e '${NODE_STREAM}' FILE` },
  { line: 'wc < FILE', part: true },
  { line: 'grep -m1 : FILE', part: true },
  { line: 'grep -c : FILE', part: true },
  { line: 'head -n 1 FILE', part: true },
  { line: 'head -c 200 FILE', part: true },
  { line: 'awk "NR > 1 { n++ } END { print n }" FILE', part: true },
  { line: 'cut -c 1-6 FILE | sort | uniq -c | wc -l', part: true },
  { line: 'stat -c "%s %a %F" FILE', part: true },
  // They take the size for true, 0: what they copy of /proc is empty too.
  { line: 'rsync --inplace FILE OUT && wc -c < OUT', part: true },
  { line: `${process.execPath} -e 'fs.copyFileSync(...process.argv.slice(1))' FILE OUT && wc -c < OUT`, part: true },
  { line: 'diff FILE FILE && echo same', part: true },
]

t.test('readers', async t => {
  const tools = await startProcTools(SOCKETS)
  t.teardown(() => tools.stop())
  const { dir, netns } = tools
  const work = mkdtempSync(join(tmpdir(), 'iterfs-test-'))
  t.teardown(() => rmSync(work, { recursive: true }))
  const out = join(work, 'out')

  for (const file of ['net/tcp', 'net/udp6', 'net/unix']) {
    t.test(file, async t => {
      const whole = rows(tools.sh(`cat /proc/${file}`))
      for (const { line, part } of READERS) {
        const read = (proc: string): string[] =>
          rows(tools.sh(`rm -f ${out}; ${line.replaceAll('FILE', join(proc, file)).replaceAll('OUT', out)}`))
        const { real, ours } = bothWays(
          () => read('/proc'),
          () => read(dir),
        )
        t.same(ours, real, line)
        t.ok(part ? real.length > 0 : real.length === whole.length, `${line}: ${real.length} rows`)
      }
    })
  }

  t.test('tail -f shows what is there', async t => {
    const tail = spawn('nsenter', ['-t', `${netns.pid}`, '-n', 'tail', '-n', '+1', '-f', join(dir, 'net/udp')], {
      env: cleanEnv(),
    })
    let [text, errors] = ['', '']
    tail.stdout.on('data', chunk => {
      text += chunk
    })
    tail.stderr.on('data', chunk => {
      errors += chunk
    })
    t.teardown(() => void tail.kill())
    const ended = new Promise(done => tail.on('exit', done))
    const want = rows(tools.sh(`cat ${dir}/net/udp`))
    await until('tail looks at the file again', () => errors.includes('truncated'))
    tail.kill()
    await ended
    t.same(rows(text), want, 'once: to it the file was cut to its size, 0, and it cannot go back')
  })

  t.test('less +F shows what is there', async t => {
    const tmux = (...words: string[]): string =>
      netns.run('env', [`TMUX_TMPDIR=${work}`, 'tmux', '-f', '/dev/null', ...words]).stdout
    tmux('new-session', '-d', '-x', '200', '-y', '60', `less +F ${dir}/net/udp`)
    t.teardown(() => void tmux('kill-server'))
    await until('less waits', () => tmux('capture-pane', '-p').includes('Waiting for data'))
    const shown = tmux('capture-pane', '-p')
      .split('\n')
      .map(line => line.trimEnd())
    for (const line of tools.sh(`cat ${dir}/net/udp`).split('\n')) t.ok(shown.includes(line.trimEnd()), line)
  })

  t.test('inotify tells of readers, not of changes', async t => {
    const log = join(work, 'events')
    const watch = spawn('inotifywait', ['-m', '-o', log, '--format', '%e', join(dir, 'net/udp')], { env: cleanEnv() })
    let errors = ''
    watch.stderr.on('data', chunk => {
      errors += chunk
    })
    t.teardown(() => void watch.kill())
    const ended = new Promise(done => watch.on('exit', done))
    await until('it watches', () => errors.includes('Watches established'))
    const before = tools.sh(`cat /proc/net/udp | wc -l`)
    const during = tools.sh(
      `${PYTHON} -c 'import socket, subprocess; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 0)); subprocess.run(["cat", "${dir}/net/udp"])' | wc -l`,
    )
    t.equal(Number(during), Number(before) + 1, 'the file changed')
    await until('it saw the reader', () => readFileSync(log, 'utf8').includes('CLOSE_NOWRITE'))
    watch.kill()
    await ended
    const events = new Set(readFileSync(log, 'utf8').trim().split('\n'))
    t.ok(events.has('OPEN'))
    t.notOk(events.has('MODIFY'))
  })

  t.test('a file that cannot seek, of size 0', async t => {
    const path = join(dir, 'net/udp')
    const python = (code: string): string =>
      run(PYTHON, ['-c', `import mmap, sys; f = open(sys.argv[1], "rb"); ${code}`, path]).stderr
    t.match(python('f.seek(5)'), /not seekable/)
    t.match(python('mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)'), /cannot mmap an empty file/)
  })
})
