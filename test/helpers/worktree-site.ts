// A site published by symlink, with a look at what lies beside the link.

import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { tidy } from '../../src/publish/publication.js'
import { readSnapshot } from '../../src/publish/snapshot/store.js'
import type { Target } from '../../src/publish/target.js'
import { snapshotAt } from './file-at.js'
import type { TestScope } from './git.js'
import type { CommitFiles } from './git-commit.js'
import type { MemoryTarget } from './git-target.js'
import { createSite, namesIn, type SiteOptions, type TestSite } from './publish-site.js'
import { readTree, treeDifferences } from './same-tree.js'
import { stateNames } from './snapshots.js'

export interface WorktreeSite extends TestSite {
  /** Holds the worktrees. */
  readonly worktrees: string
  /** Where the standby is, if there is one. */
  readonly standby: string
  worktreeOf(target: MemoryTarget): string
  /** Tidies with this grace time, at `now`; the grace time is over where none is given. */
  tidy(graceMs?: number, now?: number, checkpoint?: () => void): number | undefined
  /** The commit that the standby holds; undefined where there is none that is trusted. */
  standbyCommit(): string | undefined
  /** Asserts which worktrees there are, how many are spared, and that nothing else is beside them. */
  assertWorktrees(expected: { commits: MemoryTarget[]; standby: boolean; spares?: number }): void
  /** Asserts that the standby is a commit's worktree, whole. */
  assertStandby(target: MemoryTarget): void
}

export function createWorktreeSite(t: TestScope, options: SiteOptions = {}): WorktreeSite {
  const test = createSite(t, { ...options, mode: 'symlink' })
  const worktrees = worktreesOf(test.site)
  const standby = path.join(worktrees, 'standby')
  const own: WorktreeSite = Object.assign(test, {
    worktrees,
    standby,
    worktreeOf: ({ commit }: MemoryTarget) => path.join(worktrees, commit),
    tidy: (graceMs = 0, now = Date.now(), checkpoint = () => undefined) =>
      tidy(test.site, { graceMs, now, checkpoint }),
    standbyCommit: () => readSnapshot(snapshotAt(worktreeStateOf(test.site, 'standby')))?.commit,
    assertWorktrees({ commits, standby, spares = 0 }: Parameters<typeof own.assertWorktrees>[0]) {
      const found = readdirSync(worktrees)
      const spared = found.filter((name) => /^spare-[0-9a-f]{40}$/.test(name))
      assert.equal(spared.length, spares)
      const own = [...commits.map(({ commit }) => commit), ...(standby ? ['standby'] : [])]
      const names = [...own, ...spared]
      const states = names.map((name) => `${name}.state`)
      const isApart = test.site.stateRoot !== undefined
      assert.deepEqual(found.sort(), (isApart ? names : [...names, ...states]).sort())
      if (isApart) assert.deepEqual(namesIn(stateOf(test.site)), states.sort())
      for (const state of states) {
        assert.deepEqual(stateNames(namesIn(path.join(stateOf(test.site), state))), ['snapshot'])
      }
    },
    assertStandby(target: MemoryTarget) {
      assert.equal(own.standbyCommit(), target.commit)
      assert.deepEqual(treeDifferences(readTree(standby), test.checkout(target)), [])
    },
  })
  return own
}

/** Commits that have most in common. */
export function commitsOf(test: WorktreeSite, count: number): MemoryTarget[] {
  return Array.from(
    { length: count },
    (_, n): CommitFiles => ({ same: 'same', 'd/n': `${n}` }),
  ).map(test.commit)
}

/** How a commit's worktree differs from git's checkout; not at all where there is none. */
export function worktreeDifferences(test: WorktreeSite, target: MemoryTarget): string[] {
  const worktree = test.worktreeOf(target)
  if (!existsSync(worktree)) return []
  return treeDifferences(readTree(worktree), test.checkout(target))
}

/** The directory that holds the worktrees of a site. */
export function worktreesOf({ directory }: Target): string {
  return path.join(path.dirname(directory), '.git-autosync', path.basename(directory))
}

/** The names beside a link whose commit has a standby, sorted. */
export function namesBesideLink(commit: string, { stateRoot }: Target): string[] {
  const names = [commit, 'standby']
  if (stateRoot !== undefined) return names
  return names.flatMap((name) => [name, `${name}.state`]).sort()
}

/** Where the state of a worktree is. */
export function worktreeStateOf(site: Target, name: string): string {
  return path.join(stateOf(site), `${name}.state`)
}

/** Where the state of a site's worktrees is. */
function stateOf(site: Target): string {
  if (site.stateRoot === undefined) return worktreesOf(site)
  const [folder = ''] = namesIn(site.stateRoot) ?? []
  return path.join(site.stateRoot, folder, 'symlink')
}
