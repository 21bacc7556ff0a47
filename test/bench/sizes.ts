// How much each scenario measures: `full` is what the targets are stated for, `small` only
// shows that the bench runs.
const MIB = 1024 * 1024

/** The counts and sizes of every scenario. */
export interface Sizes {
  /** Where `--rounds` is not given. */
  rounds: number
  /** Rounds before the first that counts. */
  warmUps: number
  /** Files of each tree that is published for the first time. */
  firstPublishFiles: readonly number[]
  /** How long a service rests before its memory is looked at. */
  restMs: number
  updateFiles: number
  /** In a row, of which the processor time is measured. */
  cpuUpdates: number
  /** Of the repository of which one directory is published. */
  partFiles: number
  submodules: number
  idleRemotes: number
  /** Polls of each idle remote in a round, and `git ls-remote` processes in a round. */
  idleSweeps: number
  idleGitRuns: number
  /** Entries, each with a repository of its own. */
  manyEntries: number
  /** Entries, each with a tiny repository of its own. */
  mostEntries: number
  packBytes: number
  largeBlobBytes: number
  peakDisk: { randomFiles: number; randomFileBytes: number; deltaBytes: number }
  diskFiles: number
  diskUpdates: number
  /** How long earlier worktrees stay. */
  diskGraceMs: number
  /** How much there is, one after the other, to see how what it takes grows. */
  scaling: { files: readonly number[]; entries: readonly number[]; warmUps: number }
}

/** By the name that `--size` takes. */
export const SIZES = {
  small: {
    rounds: 1,
    warmUps: 0,
    firstPublishFiles: [300],
    restMs: 0,
    updateFiles: 600,
    cpuUpdates: 1,
    partFiles: 600,
    submodules: 6,
    idleRemotes: 5,
    idleSweeps: 2,
    idleGitRuns: 3,
    manyEntries: 12,
    mostEntries: 120,
    packBytes: 24 * MIB,
    largeBlobBytes: 8 * MIB,
    peakDisk: { randomFiles: 4, randomFileBytes: MIB, deltaBytes: 5 * MIB },
    diskFiles: 300,
    diskUpdates: 3,
    diskGraceMs: 2_000,
    scaling: { files: [100, 300], entries: [2, 6], warmUps: 0 },
  },
  full: {
    rounds: 5,
    warmUps: 1,
    firstPublishFiles: [5_000, 50_000],
    restMs: 30_000,
    updateFiles: 50_000,
    cpuUpdates: 10,
    partFiles: 50_000,
    submodules: 100,
    idleRemotes: 200,
    idleSweeps: 3,
    idleGitRuns: 10,
    manyEntries: 1_000,
    mostEntries: 10_000,
    packBytes: 1024 * MIB,
    largeBlobBytes: 300 * MIB,
    peakDisk: { randomFiles: 64, randomFileBytes: 2 * MIB, deltaBytes: 50 * MIB },
    diskFiles: 5_000,
    diskUpdates: 10,
    diskGraceMs: 30_000,
    scaling: {
      files: [1_000, 10_000, 100_000, 500_000],
      entries: [10, 100, 1_000, 10_000],
      // Until then, each worktree was looked at once.
      warmUps: 4,
    },
  },
} as const satisfies Record<string, Sizes>

export type SizeName = keyof typeof SIZES
