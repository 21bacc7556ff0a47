// Two commits that standbys are tested with: between them, a file is edited, one deleted and
// one added; the others stay the same.
import type { CommitFiles } from './git-commit.js'

export const FIRST: CommitFiles = {
  same: 'same',
  'd/same': 'same, too',
  'd/edited': 'old',
  deleted: 'old',
  run: { content: '#!', executable: true },
  link: { symlink: 'same' },
}

export const SECOND: CommitFiles = {
  same: 'same',
  'd/same': 'same, too',
  'd/edited': 'new',
  'n/e/w': 'new',
  run: { content: '#!', executable: true },
  link: { symlink: 'same' },
}

/** The paths that are in both, and the same. */
export const SAME = ['same', 'd/same', 'run', 'link']

/** A file too large to be held in memory. */
export const LARGE = Buffer.alloc(5_000_000, 'large ')
