// What helpers ask of the machine, over the platform.
import type { HelperMachine } from '../helpers/env.ts'
import { symbolAddress } from '../kernel/fops.ts'
import type { Platform } from '../platform/platform.ts'
import { cgroupOf } from '../sources/cgroup.ts'
import { jiffies } from '../sources/jiffies.ts'
import { kallsyms } from '../sources/kallsyms.ts'
import { Lines } from '../sources/text.ts'
import { decodeText } from '../util/bytes.ts'
import { kernelDevice, splitDevice } from '../util/device.ts'

/** Runs `read`; null when it throws: the file is gone, not there on this kernel, or not for this user. */
function orNull<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}

export function helperMachine(platform: Platform): HelperMachine {
  const text = (path: string): string | null => orNull(() => decodeText(platform.read(path)))
  const status = (tid: number): Lines | null => orNull(() => new Lines(platform.read(`/proc/${tid}/status`)))
  const own = (): bigint | null => orNull(() => platform.stat('/proc/self/ns/pid').ino)
  const namespace = (tid: number): bigint | null => orNull(() => platform.stat(`/proc/${tid}/ns/pid`).ino)

  return {
    clockNs: clock => platform.clockNs(clock),
    jiffies: () => jiffies(platform),
    cpus: platform.cpus,
    cpu: () => platform.cpu(),
    readUser: (pid, address, size) => orNull(() => platform.readMemory(pid, address, size)),
    comm: tid => text(`/proc/${tid}/comm`)?.slice(0, -1) ?? '',
    stack: tid => text(`/proc/${tid}/stack`),
    cgroupId: tid => cgroupOf(platform, tid)?.number ?? 0n,
    ancestorCgroupId: (tid, level) => cgroupOf(platform, tid)?.ancestor(level)?.number ?? 0n,
    pidNamespace(tid) {
      const stat = orNull(() => platform.stat(`/proc/${tid}/ns/pid`))
      const lines = status(tid)
      if (!stat || !lines) return null
      return {
        dev: BigInt(kernelDevice(splitDevice(stat.dev))),
        ino: stat.ino,
        pid: lines.numbers('NSpid').at(-1) ?? tid,
        tgid: lines.numbers('NStgid').at(-1) ?? lines.number('Tgid'),
      }
    },
    tidInNamespaceOf(of, id) {
      const wanted = namespace(of)
      if (wanted === null || wanted === own()) return id
      for (const name of orNull(() => platform.list('/proc')) ?? []) {
        const tid = Number(name)
        if (Number.isInteger(tid) && namespace(tid) === wanted && status(tid)?.numbers('NSpid').at(-1) === id) return tid
      }
      return 0
    },
    symbolize: address => kallsyms(platform).symbolize(address),
    symbolAddress: name => symbolAddress(platform, name),
  }
}
