// Device numbers: stat(2), maps and the kernel each have a form of their own.

/** A device as /proc prints it. */
export interface Device {
  readonly major: number
  readonly minor: number
}

/** st_dev or st_rdev of stat(2) in its parts. */
export function splitDevice(device: bigint): Device {
  const major = Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xffff_f000n))
  const minor = Number((device & 0xffn) | ((device >> 12n) & 0xffff_ff00n))
  return { major, minor }
}

/** dev_t as the kernel has it: MKDEV(major, minor). */
export const kernelDevice = (device: Device): number => ((device.major << 20) | device.minor) >>> 0

/** `major:minor`, as mountinfo has the device of a mount. */
export const deviceName = ({ major, minor }: Device): string => `${major}:${minor}`
