// The targets unix and netlink as a TypeScript program sees them, of this process.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { Iter } from '../../../src/index.ts'
import { scratch } from '../../support/daemon.ts'
import { runIter } from '../../support/run-iter.ts'

t.test('a listener, its name and its owners', async t => {
  const dir = scratch()
  const path = join(dir, 'listener')
  const server = createServer().listen(path)
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    rmSync(dir, { recursive: true, force: true })
  })
  const fd = (server as unknown as { _handle: { fd: number } })._handle.fd
  const child = spawn('sleep', ['60'], { stdio: [fd, 'ignore', 'ignore', fd] })
  await once(child, 'spawn')
  t.teardown(() => child.kill('SIGKILL'))

  const owners: Iter<'unix'> = {
    target: 'unix',
    run({ meta, unix_sk, uid }) {
      if (unix_sk?.addr?.name[0]?.sun_path.replace(/\0.*/, '') !== path) return
      const { sk } = unix_sk
      meta.seq.printf('uid %u state %u len %d', uid, sk.__sk_common.skc_state, unix_sk.addr.len)
      for (let owner = sk.sk_socket?.iterfs_owner ?? null; owner; owner = owner.next) {
        meta.seq.printf(' %d/%u/%s', owner.task!.tgid, owner.fd, owner.task!.comm)
      }
    },
  }
  const [head, ...places] = runIter(owners).split(/ (?=\d+\/)/)
  t.equal(head, `uid ${process.getuid!()} state 10 len ${2 + path.length + 1}`)
  const own = [`${process.pid}/${fd}/`, `${child.pid}/0/sleep`, `${child.pid}/3/sleep`]
  t.equal(places.length, own.length, places.join())
  for (const place of own)
    t.ok(
      places.some(found => found.startsWith(place)),
      place,
    )
})

t.test('netlink', t => {
  const ports: Iter<'netlink'> = {
    target: 'netlink',
    run({ meta, sk }) {
      if (!sk) meta.seq.printf('end %llu\n', meta.seq_num)
      else meta.seq.printf('%u %u %d %d\n', sk.sk.sk_protocol, sk.portid, sk.groups?.length ?? -1, sk.bound)
    },
  }
  const lines = runIter(ports, { size: 100 }).trim().split('\n')
  t.ok(
    lines.some(line => /^0 0 -?\d+ 0$/.test(line)),
    "the kernel's own of NETLINK_ROUTE",
  )
  t.equal(lines.at(-1), `end ${lines.length - 2}`)
  t.end()
})
