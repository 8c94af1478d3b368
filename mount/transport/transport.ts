/** What a transport serves: bytes in, bytes out. */
export interface FuseServer {
  /** One request (valid only during the call): the reply, or null when none is due now. Never throws. */
  handle(request: Uint8Array): Uint8Array | null
}
