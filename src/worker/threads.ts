// The threads of the pool, apart from what gives them work, which takes longer to be loaded than the
// first of them takes to start.
import { startThreads, type Threads } from '../thread/pool.js'

/** Starts the first of at most `maxThreads` that run jobs. */
export function startWorkers(maxThreads: number): Threads {
  return startThreads(new URL('./jobs.js', import.meta.url), maxThreads)
}
