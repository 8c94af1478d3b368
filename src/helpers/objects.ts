// Helpers that lead from one kernel object to another, and those that print objects by their BTF (net/core/filter.c, kernel/trace/bpf_trace.c).
import { formatTyped } from '../btf/format-typed.ts'
import { encodeText } from '../util/bytes.ts'
import { EINVAL, ENOENT } from '../util/errno.ts'
import { hashHalves } from './bprintf-args.ts'
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
/** IS_ERR_VALUE: from here on an address is an errno. */
const FIRST_ERROR = 0xffff_ffff_ffff_f001n
const NONE = new Uint8Array(0)

export function objectHelpers(c: HelperContext): Pick<Helpers, Names> {
  const { env, space, memory } = c
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
  const typed = (n: number): { readonly text: Uint8Array; readonly status: number } => {
    const flags = c.u64(n + 2)
    if (flags > BTF_F_ALL || c.u32(n + 1) !== BTF_PTR_SIZE) return { text: NONE, status: -EINVAL }
    const at = c.input(n, BTF_PTR_SIZE)
    const type = space.view.getUint32(at + 8, true)
    const address = space.view.getBigUint64(at, true)
    if (type === 0) return { text: NONE, status: -EINVAL }
    if (type >= env.types.types.length) return { text: NONE, status: -ENOENT }
    const read = (off: number, size: number): Uint8Array | number => {
      const from = BigInt.asUintN(64, address + BigInt(off))
      const to = memory.scratch(size, 0)
      const errno = memory.copy(to, Number(from & 0xffff_ffffn), Number(from >> 32n), size)
      return errno < 0 ? errno : space.u8.slice(to, to + size)
    }
    const { text, status } = formatTyped(env.types, type, read, flags, hashPointer)
    return { text: encodeText(text), status }
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
      const { text, status } = typed(2)
      env.now.seq.write(text)
      return status
    },
    snprintf_btf() {
      const size = c.u32(2)
      const to = c.output(1, size)
      const { text, status } = typed(3)
      // What was printed before an error stays; nothing printed, nothing written.
      const fits = Math.max(0, Math.min(text.length, size - 1))
      if (text.length > 0 && size > 0) {
        space.u8.set(text.subarray(0, fits), to)
        space.u8[to + fits] = 0
      }
      return status < 0 ? status : text.length
    },
  }
}

/** The 16 digits of %p. */
function hashPointer(pointer: bigint): string {
  const shown = pointer === 0n || pointer >= FIRST_ERROR
  const hash = shown ? pointer : BigInt(hashHalves(Number(pointer & 0xffff_ffffn), Number(pointer >> 32n)))
  return hash.toString(16).padStart(16, '0')
}
