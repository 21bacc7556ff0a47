// How a thread that is busy is told to give up: it hears no message, but can look at a flag.

/** Not zero once the work is to be given up; in memory that threads share. */
export type StopFlag = Int32Array

/** Whether the work is to be given up. */
export function isStopped(stop: StopFlag): boolean {
  return Atomics.load(stop, 0) !== 0
}
