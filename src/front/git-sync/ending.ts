// What ends git-sync: its work, or a signal, unless that is the one that wakes it.
import os from 'node:os'

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const

/** How the work ended. */
export type End = 'synced' | 'failed'

/** What the process waits for to end. */
export interface Ending {
  /** Says that the work is over. */
  end(end: End): void
  /** Resolves once it is. */
  over: Promise<End>
  /** Resolves with the exit code for a signal: 0 of SIGINT where nothing was to be done any more. */
  stopped: Promise<number>
}

/** Listens to the signals that end a process, but for `wake`. */
export function createEnding(wake: NodeJS.Signals | undefined, isDone: () => boolean): Ending {
  let end: (end: End) => void = () => undefined
  const over = new Promise<End>((resolve) => {
    end = resolve
  })
  const stopped = new Promise<number>((resolve) => {
    for (const signal of STOP_SIGNALS.filter((each) => each !== wake)) {
      process.on(signal, () =>
        resolve(signal === 'SIGINT' && isDone() ? 0 : 128 + os.constants.signals[signal]),
      )
    }
  })
  return { end, over, stopped }
}
