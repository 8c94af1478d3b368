// Network devices with their counters: the netlink dump, or /proc/net/dev where netlink is refused.
import { ErrnoError } from '../util/errno.ts'
import { type DeviceStats, NetDevice, parseDevLine } from './net-device.ts'
import type { NetSession } from './net-session.ts'

/** All devices of the session's namespace, ascending by number. @throws ErrnoError when neither netlink nor /proc/net/dev shows any */
export function netDevices(session: NetSession): DeviceStats[] {
  const devices = session.devices()
  if (!(devices instanceof ErrnoError)) return devices.map(device => ({ device, stats: () => device.stats() }))
  const lines = session.lines('dev', 2)
  if (lines instanceof ErrnoError) throw new ErrnoError(devices.errno, `netdev: ${devices.message}; ${lines.message}`)
  return lines.map(line => {
    const { name, stats } = parseDevLine(line)
    return { device: new NetDevice(session.net, { name }, devices), stats: () => stats }
  })
}
