// 20,000 tcp sockets, while others come and go: each of them is shown once.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { scratch, startDaemon } from '../support/daemon.ts'
import { startNetns } from '../support/netns.ts'
import { ROOT } from '../support/paths.ts'
import { MANY_CONNECTIONS, manySockets } from '../support/sockets.ts'

/** Column of the inode. */
const INODE = 9

/** Reads a whole file in steps of 700 bytes, in which no line lies at the same place twice. */
const SMALL_READS = `
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
while data := os.read(fd, 700): os.write(1, data)
`

t.test('20,000 sockets while 500 connections a second come and go', async t => {
  const folder = scratch()
  t.teardown(() => rmSync(folder, { recursive: true }))
  mkdirSync(folder, { recursive: true })
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  const net = await startNetns(manySockets(folder))
  t.teardown(() => net.stop())
  daemon.pin(join(ROOT, 'dist/programs/tcp4.bpf.o'), 'tcp')
  const pin = join(daemon.dir, 'tcp')

  const lasting = ['0', '1'].flatMap(name => readFileSync(join(folder, name), 'utf8').split('\n'))
  t.equal(lasting.length, 2 * MANY_CONNECTIONS, 'sockets')
  const churned = (): number => Number(readFileSync(join(folder, 'churned'), 'utf8'))

  const before = churned()
  check(t, lasting, net.run('cat', [pin]).stdout, 'cat')
  check(t, lasting, net.run('python3', ['-c', SMALL_READS, pin]).stdout, 'small reads')
  const turned = churned() - before
  t.ok(turned > 100, `${turned} connections came and went`)
})

function check(t: Test, lasting: readonly string[], text: string, how: string): void {
  const rows = text.split('\n').slice(1, -1)
  const times = new Map<string, number>()
  for (const row of rows) {
    const inode = row.trim().split(/ +/)[INODE]!
    times.set(inode, (times.get(inode) ?? 0) + 1)
  }
  t.same(
    lasting.filter(inode => times.get(inode) !== 1),
    [],
    `${how}: each socket once`,
  )
  const bad = rows.findIndex((row, i) => Number.parseInt(row, 10) !== i || row.length !== 149)
  t.equal(bad, -1, `${how}: whole lines, counted without a gap`)
}
