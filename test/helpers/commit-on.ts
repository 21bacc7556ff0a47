// Commits with parents, made of any files without a working tree.
import type { Oid } from '../../src/git/oid.js'
import { type CommitFiles, commitFiles } from './git-commit.js'
import type { TestRepo } from './test-repo.js'

/** Makes a commit of exactly these files on some parents, and returns its oid. */
export function commitOn(repo: TestRepo, files: CommitFiles, parents: readonly Oid[]): Oid {
  const tree = `${commitFiles(repo, files)}^{tree}`
  const args = parents.flatMap((parent) => ['-p', parent])
  const commit = repo.git('commit-tree', tree, '-m', `on ${parents.length}`, ...args)
  // Else a server would not send it.
  repo.git('update-ref', `refs/heads/${commit}`, commit)
  return commit
}
