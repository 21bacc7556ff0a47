// What a run begins with, before it loads the rest: the first thread starts meanwhile.
import { createEndProcess, type EndProcess } from './end-process.js'
import type { Threads } from './thread/threads.js'
import { startWorkers } from './worker/threads.js'

/** What has begun. */
export interface Beginning {
  endProcess: EndProcess
  threads: Threads
}

/** Begins a run that syncs at most so many entries at once. */
export function begin(maxConcurrentSyncs: number): Beginning {
  // First, as it knows of threads that start from then on.
  const endProcess = createEndProcess()
  return { endProcess, threads: startWorkers(maxConcurrentSyncs) }
}
