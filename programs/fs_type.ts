// A target of one's own: the file system types that the kernel knows, from /proc/filesystems. bpf_iter_reg_target() is all it takes;
// the read loop, the seq_file rules and the pin come with it.
import { readFileSync } from 'node:fs'
import { bpf_iter_reg_target, type Iter, type SeqOperations } from 'iterfs'

interface FsType {
  readonly name: string
  /** FS_REQUIRES_DEV: it is mounted from a block device. */
  readonly needsDevice: boolean
}

/** Taken at the first read, then walked by position. */
class FsTypeOps implements SeqOperations<FsType> {
  #list: FsType[] | undefined
  #at = 0

  start(): FsType | null {
    this.#list ??= readTypes()
    return this.#list[this.#at] ?? null
  }
  next(): FsType | null {
    this.#at++
    return this.start()
  }
  ctx(fs_type: FsType | null): { fs_type: FsType | null } {
    return { fs_type }
  }
  stop(): void {}
  close(): void {}
}

function readTypes(): FsType[] {
  const lines = readFileSync('/proc/filesystems', 'utf8').split('\n').filter(Boolean)
  return lines.map(line => {
    const [flag, name] = line.split('\t') as [string, string]
    return { name, needsDevice: flag !== 'nodev' }
  })
}

bpf_iter_reg_target({
  target: 'fs_type',
  ctx_arg_info: [{ name: 'fs_type', type: 'struct file_system_type *', orNull: true }],
  feature: 0,
  seq_info: { open: () => new FsTypeOps() as SeqOperations },
})

export const dump_fs_type: Iter = {
  target: 'fs_type',
  run(ctx) {
    const { meta, fs_type } = ctx as typeof ctx & { fs_type: FsType | null }
    if (meta.seq_num === 0n) meta.seq.printf('%-16s %s\n', 'name', 'device')
    if (fs_type) meta.seq.printf('%-16s %s\n', fs_type.name, fs_type.needsDevice ? 'block' : '-')
  },
}
