// The threads of a pool, apart from what gives them work: the first of them starts while that is loaded.
import { Piscina } from 'piscina'
import { THREAD_HEAP } from './heap-limit.js'

/** How long an idle thread is kept, in milliseconds: with it goes the memory it held. */
const IDLE_THREAD_MS = 2000

/** Threads that wait for work. */
export type Threads = Piscina

/** Starts the first of the threads that run the functions of the file `entry`. */
export function startThreads(entry: URL, maxThreads: number): Threads {
  return new Piscina({
    filename: new URL('./pool-entry.cjs', import.meta.url).href,
    workerData: { entry: entry.href },
    minThreads: 1,
    maxThreads,
    idleTimeout: IDLE_THREAD_MS,
    resourceLimits: THREAD_HEAP,
    recordTiming: false,
  })
}
