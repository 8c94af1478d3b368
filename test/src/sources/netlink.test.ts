// Dumps and requests over netlink, with answers made up: those that the kernel gives when something changes under way, or fails.
import t from 'tap'
import type { NetNs } from '../../../src/platform/platform.ts'
import { ask, dump } from '../../../src/sources/netlink.ts'
import { EINTR, ENOBUFS, EPERM, ErrnoError } from '../../../src/util/errno.ts'
import { NLM_F_DUMP_INTR, NLM_F_MULTI, NLMSG_DONE, NLMSG_ERROR, NLMSG_HDRLEN } from '../../../src/util/netlink.ts'

/** One message with a 32-bit payload. */
function message(type: number, flags: number, payload: number): Uint8Array {
  const bytes = new Uint8Array(NLMSG_HDRLEN + 4)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, bytes.length, true)
  view.setUint16(4, type, true)
  view.setUint16(6, flags, true)
  view.setInt32(NLMSG_HDRLEN, payload, true)
  return bytes
}

const DONE = message(NLMSG_DONE, NLM_F_MULTI, 0)
const TYPE = 20

/** A namespace that gives these answers one after the other; an errno is thrown. The last one stays. */
function answering(...answers: readonly (number | readonly Uint8Array[])[]): NetNs & { asked: number } {
  const net = {
    asked: 0,
    inum: 1,
    netlink() {
      const answer = answers[Math.min(net.asked++, answers.length - 1)]!
      if (typeof answer === 'number') throw new ErrnoError(answer)
      return [...answer]
    },
    read: () => new Uint8Array(),
    inodes: () => [],
    again: () => net,
    close: () => {},
  }
  return net
}

const numbers = (net: NetNs): number[] =>
  dump(net, 4, TYPE, new Uint8Array(4)).map(({ bytes, from }) => new DataView(bytes.buffer).getInt32(from, true))

const parts = [
  message(TYPE, NLM_F_MULTI, 1),
  Uint8Array.from([...message(TYPE, NLM_F_MULTI, 2), ...message(TYPE, NLM_F_MULTI, 3)]),
  DONE,
]

t.test('a dump of several parts', async t => {
  t.same(numbers(answering(parts)), [1, 2, 3])
  t.same(numbers(answering([DONE])), [])
})

t.test('a dump that changed under way, or that the kernel had no room for, is begun again', async t => {
  const changed = answering([message(TYPE, NLM_F_MULTI, 1), message(NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR, 0)], parts)
  t.same(numbers(changed), [1, 2, 3], 'nothing of the first try is left')
  t.equal(changed.asked, 2)
  const full = answering(ENOBUFS, ENOBUFS, parts)
  t.same(numbers(full), [1, 2, 3])
  t.equal(full.asked, 3)
  const never = answering([message(TYPE, NLM_F_MULTI | NLM_F_DUMP_INTR, 1), DONE])
  t.throws(() => numbers(never), { errno: EINTR, name: 'ErrnoError' })
  t.equal(never.asked, 10, 'a kernel that changes all the time is asked ten times')
})

t.test('errors of the kernel', async t => {
  t.throws(() => numbers(answering([message(NLMSG_ERROR, 0, -EPERM)])), { errno: EPERM, message: /^netlink: / })
  t.throws(() => numbers(answering([message(TYPE, NLM_F_MULTI, 1), message(NLMSG_DONE, NLM_F_MULTI, -EPERM)])), {
    errno: EPERM,
    name: 'ErrnoError',
  })
  t.throws(() => numbers(answering(EPERM)), { errno: EPERM, name: 'ErrnoError' })
  t.throws(() => ask(answering([message(NLMSG_ERROR, 0, -EPERM)]), 4, TYPE, new Uint8Array(4)), {
    errno: EPERM,
    name: 'ErrnoError',
  })
})

t.test('one answer', async t => {
  t.match(ask(answering([message(TYPE, 0, 7)]), 4, TYPE, new Uint8Array(4)), { type: TYPE, from: NLMSG_HDRLEN })
  t.equal(ask(answering([message(NLMSG_ERROR, 0, 0)]), 4, TYPE, new Uint8Array(4)), null, 'an acknowledgement is none')
})
