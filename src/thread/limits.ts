// What threads may take: of the heap, of time while they have nothing to do, and of memory for
// what is on its way between two of them.
import type { ResourceLimits } from 'node:worker_threads'

/**
 * The heap of a thread that mostly holds what it is given, in buffers. By default each of them lets
 * garbage grow to 48 MiB before it collects any, which with several threads is most of the process.
 */
export const THREAD_HEAP: ResourceLimits = { maxYoungGenerationSizeMb: 4 }

/** How long a pool keeps an idle thread, in milliseconds: with it goes the memory it held. */
export const IDLE_THREAD_MS = 2000

/** What a stream sends at once, in bytes. */
export const BATCH_BYTES = 256 * 1024

/** How many batches of a stream may be on their way. */
export const WINDOW_BATCHES = 16
