/** `n` random bytes as a number that cannot be guessed. */
export function randomBytes(n: number): bigint {
  let value = 0n
  for (const byte of crypto.getRandomValues(new Uint8Array(n))) value = (value << 8n) | BigInt(byte)
  return value
}
