// The threads that run jobs.
import { startThreads, type Threads } from '../thread/threads.js'

/** Starts the first of at most `maxThreads` that run jobs. */
export function startWorkers(maxThreads: number): Threads {
  return startThreads(new URL('./jobs.js', import.meta.url), maxThreads)
}
