// Commits with parents, made of any files without a working tree.
import type { Oid } from '../../src/git/oid.js'
import { type CommitFiles, writeCommit } from './git-commit.js'
import type { TestRepo } from './test-repo.js'

const WHO = 'Test <test@example.com> 1704067200 +0000'

/** Makes a commit of exactly these files on some parents, and returns its oid. */
export function commitOn(repo: TestRepo, files: CommitFiles, parents: readonly Oid[]): Oid {
  return writeCommit(repo, files, { who: WHO, parents, message: `on ${parents.length}\n` })
}
