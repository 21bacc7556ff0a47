// What each worker thread may take for itself. By default each of them lets garbage grow to
// 48 MiB before it collects any, which with several threads is most of the process.
import type { ResourceLimits } from 'node:worker_threads'

/** For threads that mostly hold what they are given, in buffers. */
export const THREAD_LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 4 }
