// Announces to a synchronizer of fakes, and counts what it asks of remotes.
import assert from 'node:assert/strict'
import { repositoryNameOf } from '../../src/git/repository-name.js'
import type { Announcement } from '../../src/sync/announcement.js'
import { type FakeSync, REPO } from './fake-sync.js'

export interface Pushed extends Partial<Pick<Announcement, 'ref' | 'oid' | 'before'>> {
  repo?: string
}

/** Announces a push of the branch main of REPO, or what else is said; how many entries it concerns. */
export async function announce(
  sync: FakeSync,
  { repo = REPO, ...push }: Pushed = {},
): Promise<number> {
  const name = repositoryNameOf(repo)
  assert.ok(name)
  const matched = sync.synchronizer.announce({
    repositories: [name],
    ref: 'refs/heads/main',
    oid: undefined,
    before: undefined,
    ...push,
  })
  await sync.clock.advance(0)
  return matched
}

/** What was asked for since it was last forgotten. */
export const wantsOf = (sync: FakeSync) => sync.remote().fetches.map(({ wants }) => wants)

/** The polls of a remote since they were last forgotten. */
export const pollsOf = (sync: FakeSync, repo = REPO) => sync.remote(repo).polls.length
