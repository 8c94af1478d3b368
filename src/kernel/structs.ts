// The kernel structs that iterfs serves, as rows: kernel field name, C type of 6.18, source, reader. Everything else comes from
// these rows. A field that nothing shows truly has no row.
import { basicStructs } from './rows/basic.ts'
import { bpfStructs } from './rows/bpf.ts'
import { cgroupStructs } from './rows/cgroup.ts'
import { fileStructs } from './rows/file.ts'
import { inetStructs } from './rows/inet.ts'
import { neighStructs } from './rows/neigh.ts'
import { netDeviceStructs } from './rows/net-device.ts'
import { netlinkStructs } from './rows/netlink.ts'
import { routeStructs } from './rows/route.ts'
import { sockStructs } from './rows/sock.ts'
import { systemStructs } from './rows/system.ts'
import { taskStructs } from './rows/task.ts'
import { tcpStructs } from './rows/tcp.ts'
import { unixStructs } from './rows/unix.ts'

/**
 * All structs by their kernel names. `OUTER__FIELD` stands for a struct without a name, that of the field in struct OUTER; `iterfs_NAME`
 * is no struct of the kernel.
 */
export const STRUCTS = {
  ...basicStructs,
  ...taskStructs,
  ...cgroupStructs,
  ...fileStructs,
  ...bpfStructs,
  ...sockStructs,
  ...systemStructs,
  ...unixStructs,
  ...netlinkStructs,
  ...inetStructs,
  ...tcpStructs,
  ...netDeviceStructs,
  ...routeStructs,
  ...neighStructs,
}

export type KernelStructs = typeof STRUCTS
