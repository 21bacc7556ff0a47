// How far the work on a pack is, in memory that threads share: a thread that is busy hears no
// question, and nobody waits for an answer.

/** What one sync spends its time on, in order. */
export const WORK_PHASES = ['fetch', 'unpack', 'publish'] as const
export type WorkPhase = (typeof WORK_PHASES)[number]

/** It can be cloned, and all clones are one. */
export type WorkProgress = Int32Array

const [PHASE, FILES] = [0, 1]

/** Nothing is done yet. */
export function createProgress(): WorkProgress {
  return new Int32Array(new SharedArrayBuffer(8))
}

/** All begins anew. */
export function beginAnew(progress: WorkProgress): void {
  beginPhase(progress, 'fetch')
  Atomics.store(progress, FILES, 0)
}

/** Says what begins. */
export function beginPhase(progress: WorkProgress, phase: WorkPhase): void {
  Atomics.store(progress, PHASE, WORK_PHASES.indexOf(phase))
}

/** Counts a file that was written. */
export function countFile(progress: WorkProgress): void {
  Atomics.add(progress, FILES, 1)
}

/** How far it is now. */
export function readProgress(progress: WorkProgress): { phase: WorkPhase; filesWritten: number } {
  const phase = WORK_PHASES[Atomics.load(progress, PHASE)] ?? 'fetch'
  return { phase, filesWritten: Atomics.load(progress, FILES) }
}
