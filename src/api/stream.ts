// An open iterator as a Readable of Node: the one file of the API that needs Node's modules.
import { Readable } from 'node:stream'

/** An open file, as read(2) and close(2) see it. */
export interface ReadFile {
  /** At most `size` bytes; none at the end. */
  read(size: number): Uint8Array
  close(): void
}

/** Reads when the consumer wants more, `size` bytes at a time; an error of a read destroys the stream. */
export function streamOf(file: ReadFile, size: number): Readable {
  return new Readable({
    highWaterMark: size,
    read() {
      let data: Uint8Array
      try {
        data = file.read(size)
      } catch (err) {
        this.destroy(err as Error)
        return
      }
      this.push(data.length === 0 ? null : data)
    },
    destroy(err, done) {
      file.close()
      done(err)
    },
  })
}
