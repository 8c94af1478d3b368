/**
 * Bytes in the address space of a map: the key or value of an element as a context has it. A BPF program gets its address, a TypeScript
 * program the bytes themselves.
 */
export interface MemRef {
  /** Offset in the address space. */
  readonly offset: number
  readonly bytes: Uint8Array
}

export const isMemRef = (value: unknown): value is MemRef =>
  typeof value === 'object' && value !== null && 'offset' in value && 'bytes' in value
