// Garbage of large buffers, of which V8 lets each thread pile up tens of megabytes.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Buffers of this size are given back to the system, in bytes, where smaller ones stay with the process. */
export const MAPPED_BYTES = 256 * 1024

/** How much of it may pile up that is told of, in bytes. */
const MAX_TOLD_BYTES = 16 * 1024 * 1024

let toldBytes = 0

/** Tells of large buffers that are about to be made, and will be garbage: collects it where it is much. */
export function expectGarbage(bytes: number): void {
  if (toldBytes + bytes > MAX_TOLD_BYTES) collectGarbage()
  toldBytes += bytes
}

/** Frees what this thread does not hold any more: it takes a few milliseconds. */
export function collectGarbage(): void {
  toldBytes = 0
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
}
