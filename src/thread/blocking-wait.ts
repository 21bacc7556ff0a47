// How work that blocks its thread waits for somebody else: until it is to be given up, and by a clock
// that is passed in.

export interface BlockingWait {
  /** Milliseconds since the Unix epoch, as files have their times. */
  now(): number
  /** Blocks for so many milliseconds. Throws when the work is to be given up. */
  pause(ms: number): void
}

/** That of this machine; `checkpoint` throws when the work is to be given up. */
export function blockingWait(checkpoint: () => void): BlockingWait {
  return {
    now: () => Date.now(),
    pause(ms) {
      checkpoint()
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
    },
  }
}
