// Helpers that lead from one kernel object to another, and those that print objects by their BTF (net/core/filter.c, kernel/trace/bpf_trace.c).
import { encodeText } from '../util/bytes.ts'
import { EINVAL, ENOENT } from '../util/errno.ts'
import type { HelperContext, Helpers } from './context.ts'

type Names =
  | 'skc_to_tcp6_sock'
  | 'skc_to_tcp_sock'
  | 'skc_to_tcp_timewait_sock'
  | 'skc_to_tcp_request_sock'
  | 'skc_to_udp6_sock'
  | 'skc_to_unix_sock'
  | 'skc_to_mptcp_sock'
  | 'sock_from_file'
  | 'get_socket_cookie'
  | 'seq_printf_btf'
  | 'snprintf_btf'

/** BTF_F_COMPACT, NONAME, PTR_RAW, ZERO */
const BTF_F_ALL = 15
/** sizeof(struct btf_ptr) */
const BTF_PTR_SIZE = 16

export function objectHelpers(c: HelperContext): Pick<Helpers, Names> {
  const { env, space } = c
  const { objects } = env

  /** A socket is cast to what it is, or to NULL. */
  const cast =
    (...structs: readonly string[]) =>
    (): number => {
      const [lo, hi] = [c.lo(1), c.hi(1)]
      const found = (lo | hi) === 0 ? null : objects.structAt(lo, hi)
      return found !== null && structs.includes(found) ? c.retHalves(lo, hi) : c.retHalves(0, 0)
    }

  /** bpf_btf_printf_prepare() and the text: of the struct btf_ptr in r`n`, its size and the flags behind it. */
  const typed = (n: number): Uint8Array | number => {
    const flags = c.u64(n + 2)
    if (flags > BTF_F_ALL || c.u32(n + 1) !== BTF_PTR_SIZE) return -EINVAL
    const at = c.input(n, BTF_PTR_SIZE)
    const type = space.view.getInt32(at + 8, true)
    if (type <= 0) return type === 0 ? -EINVAL : -ENOENT
    const text = env.printTyped(type, space.view.getInt32(at, true), space.view.getInt32(at + 4, true), flags)
    return typeof text === 'number' ? text : encodeText(text)
  }

  return {
    skc_to_tcp6_sock: cast('tcp6_sock'),
    skc_to_tcp_sock: cast('tcp_sock', 'tcp6_sock'),
    skc_to_tcp_timewait_sock: cast('tcp_timewait_sock'),
    skc_to_tcp_request_sock: cast('tcp_request_sock'),
    skc_to_udp6_sock: cast('udp6_sock'),
    skc_to_unix_sock: cast('unix_sock'),
    skc_to_mptcp_sock: cast('mptcp_sock'),
    sock_from_file() {
      objects.retRelated('socket', c.lo(1), c.hi(1), 0)
      return 0
    },
    get_socket_cookie: () => c.ret(c.isNull(1) ? 0n : objects.socketCookie(c.lo(1), c.hi(1))),

    seq_printf_btf() {
      const text = typed(2)
      if (typeof text === 'number') return text
      env.now.seq.write(text) // a text that does not fit marks the buffer full; the helper does not say it
      return 0
    },
    snprintf_btf() {
      const size = c.u32(2)
      const to = c.output(1, size)
      const text = typed(3)
      if (typeof text === 'number') return text
      const fits = Math.max(0, Math.min(text.length, size - 1))
      space.u8.set(text.subarray(0, fits), to)
      if (size > 0) space.u8[to + fits] = 0
      return text.length
    },
  }
}
