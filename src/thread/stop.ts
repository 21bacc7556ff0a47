// How a thread that is busy is told to give up: it hears no message, but can look at a flag.

/** Not zero once the work is to be given up; in memory that threads share. */
export type StopFlag = Int32Array

/** Runs `work` with a flag that is set when `signal` aborts. */
export async function stoppable<T>(
  signal: AbortSignal,
  work: (stop: StopFlag) => Promise<T>,
): Promise<T> {
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const onAbort = () => Atomics.store(stop, 0, 1)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort)
  try {
    return await work(stop)
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Whether the work is to be given up. */
export function isStopped(stop: StopFlag): boolean {
  return Atomics.load(stop, 0) !== 0
}
