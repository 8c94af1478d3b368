// Rows of DMA buffers.
import type { DmabufSource } from '../../sources/dmabuf.ts'
import { OPTIONAL_TEXT, type Rows, row } from '../types.ts'

const FROM = '/sys/kernel/debug/dma_buf/bufinfo, else /proc/PID/fdinfo/N'
const dma_buf = {
  size: row('size_t', FROM, (d: DmabufSource) => d.known.size),
  file: row('struct file *', FROM, (d: DmabufSource) => d.file),
  exp_name: row('const char *', FROM, (d: DmabufSource) => d.known.exporter),
  name: row(OPTIONAL_TEXT, `${FROM}; NULL without one`, (d: DmabufSource) => d.known.name),
} satisfies Rows

/** What stands behind the structs of this file. */
export interface DmabufSources {
  dma_buf: DmabufSource
}

export const dmabufStructs = { dma_buf }
