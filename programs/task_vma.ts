// Memory maps in the format of /proc/PID/maps, without the names in brackets that only the kernel knows.
import { d_path, type Iter } from 'iterfs'

const [VM_READ, VM_WRITE, VM_EXEC, VM_MAYSHARE] = [0x1n, 0x2n, 0x4n, 0x80n]
const MINOR_BITS = 20

export const proc_maps: Iter<'task_vma'> = {
  target: 'task_vma',
  run({ meta, task, vma }) {
    if (!task || !vma) return
    const { seq } = meta
    const { vm_flags: flags, vm_file: file } = vma
    const bit = (mask: bigint, letter: string): string => (flags & mask ? letter : '-')
    const perms = bit(VM_READ, 'r') + bit(VM_WRITE, 'w') + bit(VM_EXEC, 'x') + (flags & VM_MAYSHARE ? 's' : 'p')
    seq.printf('%08llx-%08llx %s ', vma.vm_start, vma.vm_end, perms)
    if (file) {
      const dev = file.f_inode?.i_sb?.s_dev ?? 0
      seq.printf(
        '%08llx %02x:%02x %u',
        vma.vm_pgoff << 12n,
        dev >>> MINOR_BITS,
        dev & ((1 << MINOR_BITS) - 1),
        file.f_inode?.i_ino,
      )
      seq.printf('\t%s\n', d_path(file.f_path))
    } else {
      seq.printf('%08llx 00:00 0\n', 0n)
    }
  },
}
