// CPU-bound programs in WebAssembly and in the kernel: the time of a run each, and their ratio. Needs root, clang and cc.
//   node dist/test/bench/vm.js
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileWasm } from '../../src/bpf/compile.ts'
import { MEM_BASE_HI } from '../../src/vm/memory.ts'
import { run, scratch } from '../support/daemon.ts'
import { kernelRunner } from '../support/kernel-run.ts'
import { ROOT } from '../support/paths.ts'
import { compileBytes, TestHost } from '../support/vm.ts'

const PROGRAMS = ['arith', 'divide', 'bytes', 'words', 'matrix', 'chase', 'calls']
const MEMORY = 65536
const RUNS = 300

const dir = scratch()
const must = (command: string, ...args: string[]): void => {
  const { status, stderr } = run(command, args)
  if (status !== 0) throw new Error(`${command}: ${stderr}`)
}
const object = join(dir, 'programs.o')
const cpu = process.env.ITERFS_CPU ?? 'v3'
must('clang', '-target', 'bpf', `-mcpu=${cpu}`, '-O2', '-c', join(ROOT, 'test/bench/programs.c'), '-o', object)

/** Instructions of a section; a call goes to mix() in .text, which is put behind them. */
function insnsOf(section: string): Uint8Array {
  const bytesOf = (name: string): Uint8Array => {
    const file = join(dir, 'section')
    writeFileSync(file, '')
    must('llvm-objcopy', '-O', 'binary', `--only-section=${name}`, object, file)
    return new Uint8Array(readFileSync(file))
  }
  const main = bytesOf(section)
  if (section !== 'prog_calls') return main
  const all = new Uint8Array([...main, ...bytesOf('.text')])
  const view = new DataView(all.buffer)
  for (let at = 0; at < main.length; at += 8)
    if (all[at] === 0x85 && all[at + 1] === 0x10) view.setInt32(at + 4, main.length / 8 - at / 8 - 1, true)
  return all
}

/** Puts the address of the memory where the programs have 0xb0b0b0b0b0b0b0b0. */
function withMemory(insns: Uint8Array, at: number): Uint8Array {
  const copy = insns.slice()
  const view = new DataView(copy.buffer)
  for (let i = 0; i + 16 <= copy.length; i += 8) {
    if (copy[i] !== 0x18 || view.getUint32(i + 4, true) !== 0xb0b0b0b0) continue
    view.setUint32(i + 4, at, true)
    view.setUint32(i + 12, MEM_BASE_HI, true)
  }
  return copy
}

const context = new Uint8Array(16).fill(7)
const sections = PROGRAMS.map(name => insnsOf(`prog_${name}`))
const kernel = kernelRunner()(
  sections.map(bytes => ({ bytes, context })),
  { repeat: RUNS },
)
console.log('program      kernel us    wasm us  ratio')
const ratios: number[] = []
for (const [i, name] of PROGRAMS.entries()) {
  const host = new TestHost()
  host.maxSlices = Number.POSITIVE_INFINITY
  const memory = host.space.alloc(MEMORY)
  const ctx = host.space.alloc(context.length)
  host.space.u8.set(context, ctx)
  const exec = compileBytes(compileWasm, withMemory(sections[i]!, memory), host)
  let best = Number.POSITIVE_INFINITY
  let r0 = 0
  for (let n = 0; n < RUNS; n++) {
    // Each run of the kernel goes on with the memory that the one before left.
    if (n === 0)
      for (let w = 0; w < MEMORY / 4; w++) host.space.view.setUint32(memory + w * 4, Math.imul(w, 2654435761) >>> 0, true)
    const begin = process.hrtime.bigint()
    r0 = exec.run(ctx, MEM_BASE_HI)
    best = Math.min(best, Number(process.hrtime.bigint() - begin))
  }
  const { status, ns, retval } = kernel[i]!
  if (status !== 0 || r0 >>> 0 !== retval) throw new Error(`${name}: kernel ${status} ${retval}, wasm ${r0 >>> 0}`)
  ratios.push(best / ns)
  console.log(
    `${name.padEnd(10)} ${(ns / 1000).toFixed(1).padStart(10)} ${(best / 1000).toFixed(1).padStart(10)} ${(best / ns).toFixed(2).padStart(6)}`,
  )
}
const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
console.log(`geometric mean ${mean.toFixed(2)}`)
