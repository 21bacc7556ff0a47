// What a run begins with, before it loads the rest: the first thread starts meanwhile.
import { setFlagsFromString } from 'node:v8'
import { createEndProcess, type EndProcess } from './end-process.js'
import type { Threads } from './thread/threads.js'
import { startWorkers } from './worker/threads.js'

/**
 * By how much a heap grows, in percent of what it holds, before garbage is collected. On a machine with much
 * memory V8 lets it grow to four times that, which is most of what ten thousand entries take.
 */
const HEAP_GROWTH_PERCENT = 50

/** What has begun. */
export interface Beginning {
  endProcess: EndProcess
  threads: Threads
}

/** Begins a run that syncs at most so many entries at once. */
export function begin(maxConcurrentSyncs: number): Beginning {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`)
  // First, as it knows of threads that start from then on.
  const endProcess = createEndProcess()
  return { endProcess, threads: startWorkers(maxConcurrentSyncs) }
}
