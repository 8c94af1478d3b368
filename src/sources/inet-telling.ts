// What inet_diag and a line of /proc/net both tell of an internet socket.

export const AF_INET = 2
export const AF_INET6 = 10

/** TCP_* states that are looked at by name. */
export const TCP_SYN_RECV = 3
export const TCP_TIME_WAIT = 6
export const TCP_LISTEN = 10
export const TCP_NEW_SYN_RECV = 12

/** tr of /proc/net/tcp and idiag_timer. */
export const TIMER = { NONE: 0, RETRANSMIT: 1, KEEPALIVE: 2, TIME_WAIT: 3, PROBE0: 4 } as const

/** Ports are in host order, addresses in network order: 4 or 16 bytes. */
export interface InetTelling {
  readonly family: number
  /** As /proc shows it: of a socket in TIME_WAIT or FIN_WAIT2 what it is there. */
  readonly state: number
  /** Whether it is a whole socket, and not one that stands for an end or a beginning. */
  readonly whole: boolean
  readonly localPort: number
  readonly remotePort: number
  readonly local: Uint8Array
  readonly remote: Uint8Array
  readonly inode: number
  readonly uid: number
  /** Bytes; of a listener: connections that wait. */
  readonly receiveQueue: number
  readonly sendQueue: number
  /** See TIMER. */
  readonly timer: number
  /** Jiffies at which the timer ends. */
  readonly expires: bigint
}

const hex = (word: number): string => (word >>> 0).toString(16).toUpperCase().padStart(8, '0')
const port = (number: number): string => number.toString(16).toUpperCase().padStart(4, '0')

/** An address as /proc prints it: words of this machine. */
function addressText(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 4) {
    text += hex(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
  }
  return text
}

/** Both ends, as they stand in a line of /proc/net. */
export const endsOf = ({ local, localPort, remote, remotePort }: InetTelling): string =>
  `${addressText(local)}:${port(localPort)} ${addressText(remote)}:${port(remotePort)}`
