/** Characters of a name in the kernel (BPF_OBJ_NAME_LEN less the NUL). */
const KERNEL_NAME = 15

/** The name of an object: its file's name up to the first dot, 15 bytes of it. */
export const objectName = (file: string): string => kernelName((file.split('/').at(-1) ?? '').split('.')[0]!)

/** A name as it fits into the kernel. */
export const kernelName = (name: string): string => name.slice(0, KERNEL_NAME)

/**
 * Name of the map that holds the variables of a section (internal_map_name): what of the object's name fits before the section's,
 * which is given 7 characters even when it is shorter; sections with a second dot in the name stand alone.
 */
export function globalsName(object: string, section: string): string {
  const room = Math.min(Math.max(7, section.length), KERNEL_NAME)
  const prefix = section.includes('.', 1) ? '' : object.slice(0, KERNEL_NAME - room)
  return `${prefix}${section.slice(0, room)}`.replace(/[^A-Za-z0-9_.]/g, '_')
}

/** Licenses under which a program may call helpers that are for the GPL only (license_is_gpl_compatible). */
const GPL: ReadonlySet<string> = new Set([
  'GPL',
  'GPL v2',
  'GPL and additional rights',
  'Dual BSD/GPL',
  'Dual MIT/GPL',
  'Dual MPL/GPL',
])
export const isGplCompatible = (license: string): boolean => GPL.has(license)
