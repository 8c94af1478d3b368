// The buffer that an iterator's program prints into: struct seq_file as bpf_seq_read uses it. The read loop
// (src/iter/session.ts) owns it; helpers only append.
import { EOVERFLOW } from '../util/errno.ts'

/** Bytes of the buffer: 8 pages, PAGE_SIZE << 3 of bpf_iter.c. One byte less can be used. */
export const SEQ_BUF_SIZE = 8 * 4096

export class SeqFile {
  readonly size = SEQ_BUF_SIZE
  readonly buf = new Uint8Array(SEQ_BUF_SIZE)
  /** Bytes in the buffer; equal to `size` once an append did not fit (seq_set_overflow). */
  count = 0

  /** seq_has_overflowed(): an append did not fit since `count` was last set back. */
  get overflowed(): boolean {
    return this.count === this.size
  }

  /** Room for appends, in bytes: `count + n < size` must hold after one. Negative or 0 when nothing fits. */
  get room(): number {
    return this.size - 1 - this.count
  }

  setOverflow(): void {
    this.count = this.size
  }

  /** bpf_seq_write(): 0, or -EOVERFLOW when the bytes do not fit or an earlier append did not. */
  write(bytes: Uint8Array): number {
    if (bytes.length > this.room) {
      this.setOverflow()
      return -EOVERFLOW
    }
    this.buf.set(bytes, this.count)
    this.count += bytes.length
    return 0
  }
}
