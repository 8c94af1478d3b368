// The thread that makes a preset while the daemon's other threads answer it.
import { parentPort, workerData } from 'node:worker_threads'
import { makePreset } from './make-preset.ts'
import { PRESETS } from './presets.ts'

const { dir, preset } = workerData as { dir: string; preset: string }
parentPort!.postMessage(makePreset(dir, PRESETS[preset]!))
