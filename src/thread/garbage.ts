// Garbage of large buffers, of which V8 lets each thread pile up tens of megabytes.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Buffers of this size are given back to the system, in bytes, where smaller ones stay with the process. */
export const MAPPED_BYTES = 256 * 1024

/** Frees what this thread does not hold any more: it takes a few milliseconds. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
}
