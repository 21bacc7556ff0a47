// What a thread may take of the heap.

import { getHeapStatistics } from 'node:v8'
import type { ResourceLimits } from 'node:worker_threads'

const MIB = 2 ** 20

/**
 * Below 2 GiB, V8 lets what it does not collect grow to twice what is in use, and from there on to four
 * times: https://github.com/v8/v8/blob/main/src/heap/memory-controller.cc, `MaxGrowingFactor`.
 */
const MOST_MIB = 2000

/**
 * The heap of a thread that mostly holds what it is given, in buffers. By default each of them lets
 * garbage grow to 48 MiB before it collects any, and later, on a machine with much memory, to four times
 * what it holds, which with several threads is most of the process.
 */
export const THREAD_HEAP: ResourceLimits = {
  maxYoungGenerationSizeMb: 4,
  ...(getHeapStatistics().heap_size_limit > MOST_MIB * MIB && { maxOldGenerationSizeMb: MOST_MIB }),
}
