// Addresses of internet sockets as the kernel's structs have them.
import { u32At } from './inet-diag.ts'
import { AF_INET, AF_INET6 } from './inet-telling.ts'

/** A port as it lies in memory: in network order. */
export const swap16 = (port: number): number => ((port & 0xff) << 8) | (port >> 8)

/** What IPv6 sockets have in the places of IPv4. */
const LOOPBACK4_IPV6 = Uint8Array.of(127, 0, 0, 6)
const MAPPED = 10
const NONE = new Uint8Array(16)

/** skc_daddr and skc_rcv_saddr: the IPv4 address, also of a mapped one. */
export function address4(family: number, bytes: Uint8Array): number {
  if (family === AF_INET) return u32At(bytes, 0)
  const mapped = bytes.subarray(0, MAPPED).every(byte => byte === 0) && bytes[MAPPED] === 0xff && bytes[MAPPED + 1] === 0xff
  if (mapped) return u32At(bytes, 12)
  return bytes.every(byte => byte === 0) ? 0 : u32At(LOOPBACK4_IPV6, 0)
}

/** skc_v6_daddr and skc_v6_rcv_saddr: zeros for a socket of IPv4. */
export const address6 = (family: number, bytes: Uint8Array | undefined): Uint8Array =>
  family === AF_INET6 && bytes ? bytes : NONE
