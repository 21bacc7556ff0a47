// What a thread may take of the heap.
import type { ResourceLimits } from 'node:worker_threads'

/**
 * The heap of a thread that mostly holds what it is given, in buffers. By default each of them lets
 * garbage grow to 48 MiB before it collects any, which with several threads is most of the process.
 */
export const THREAD_HEAP: ResourceLimits = { maxYoungGenerationSizeMb: 4 }
