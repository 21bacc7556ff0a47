// Commits with parents, made of any files without a working tree.
import type { Oid } from '../../src/git/oid.js'
import { type CommitFiles, importCommit } from './git-commit.js'
import type { TestRepo } from './test-repo.js'

const WHO = 'Test <test@example.com> 1704067200 +0000'

/** Makes a commit of exactly these files on some parents, and returns its oid. */
export function commitOn(repo: TestRepo, files: CommitFiles, parents: readonly Oid[]): Oid {
  const message = `on ${parents.length}\n`
  const from = parents.map((parent, index) => `${index === 0 ? 'from' : 'merge'} ${parent}\n`)
  const head = `author ${WHO}\ncommitter ${WHO}\ndata ${message.length}\n${message}${from.join('')}`
  return importCommit(repo, files, head)
}
