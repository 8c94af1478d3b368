// Which names bpffs takes (bpf_lookup).
import { ENAMETOOLONG, EPERM } from '../../src/util/errno.ts'

/** NAME_MAX, in bytes. */
export const NAME_MAX = 255

/** 0, or the errno of a name that may not be looked up nor made: EPERM for one with a dot, ENAMETOOLONG. */
export function checkName(name: Uint8Array): number {
  if (name.includes(0x2e)) return EPERM
  return name.length > NAME_MAX ? ENAMETOOLONG : 0
}
