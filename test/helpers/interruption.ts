// Publishes one commit over another with an interruption at every single step, as by a crash
// (nothing runs any more) or a fault of the volume (one call fails, the rest goes on).
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readlinkSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { PublishMode, Target } from '../../src/publish/target.js'
import { failAt } from './fs-faults.js'
import type { TestScope } from './git.js'
import type { CommitFiles } from './git-commit.js'
import type { MemoryTarget } from './git-target.js'
import { intactCommit } from './intact-commit.js'
import { begin, publish } from './publish.js'
import { createSite, namesIn } from './publish-site.js'
import { readTree, type Tree, treeDifferences } from './same-tree.js'
import { stateNames } from './snapshots.js'
import { points } from './sweep.js'
import { tidyNow } from './tidy-now.js'
import { namesBesideLink, worktreeStateOf, worktreesOf } from './worktree-site.js'

const none = () => undefined
const GITLINK = { gitlink: '5'.repeat(40) }

const OLD: CommitFiles = {
  same: 'same',
  edited: 'old',
  deleted: 'old',
  'gone/deleted': 'old',
  'file-to-directory': 'old',
  'directory-to-file/a': 'old',
  'directory-to-file/b/c': 'old',
  'directory-to-symlink/a': 'old',
  'symlink-to-file': { symlink: 'same' },
  'symlink-to-directory': { symlink: '.' },
  'file-to-gitlink': 'old',
  'directory-to-gitlink/a': 'old',
  'gitlink-to-file': GITLINK,
  'gitlink-to-directory': GITLINK,
  're-targeted': { symlink: 'same' },
  executable: 'same',
  '.gitattributes': 'with-crlf text eol=crlf\nwithout-crlf -text\n',
  'with-crlf': 'same\n',
  'without-crlf': 'same\n',
}

const NEW: CommitFiles = {
  same: 'same',
  edited: 'new',
  added: 'new',
  'n/e/w': 'new',
  'file-to-directory/a': 'new',
  'directory-to-file': 'new',
  'directory-to-symlink': { symlink: '.' },
  'symlink-to-file': 'same',
  'symlink-to-directory/a': 'new',
  'file-to-gitlink': GITLINK,
  'directory-to-gitlink': GITLINK,
  'gitlink-to-file': 'new',
  'gitlink-to-directory/a': 'new',
  're-targeted': { symlink: 'edited' },
  executable: { content: 'same', executable: true },
  '.gitattributes': 'without-crlf text eol=crlf\n',
  'with-crlf': 'same\n',
  'without-crlf': 'same\n',
}

const OTHER: CommitFiles = { same: 'same', edited: 'other', 'directory-to-file/a': 'other', n: '' }

export interface Commit {
  target: MemoryTarget
  tree: Tree
}

/** One attempt, in a directory of its own. */
export interface Attempt {
  site: Target
  volume: string
  old: Commit
  wanted: Commit
  other: Commit
}

export interface Scenario {
  /** What is there before. */
  prepare?: (attempt: Attempt) => void
  interrupted: (attempt: Attempt) => void
  /** What must be true at once. */
  check?: (attempt: Attempt) => void
  /** Whether another commit can be published without a trace of this one. @default true */
  mayChange?: boolean
  /** Whether a commit is expected to be visible after a restart. */
  isVisible?: boolean
}

/**
 * Runs a scenario with a crash or a fault at each point of a sweep over its steps, followed by the
 * one commit or the other; at fewer of them with STATE_DIR, where but one file lies elsewhere.
 */
export function interruptEverywhere(
  t: TestScope & { name: string },
  mode: PublishMode,
  stateDirectory: boolean,
  scenario: Scenario,
): void {
  const test = createSite(t, { mode, stateDirectory })
  const [old, wanted, other] = [OLD, NEW, OTHER].map((files): Commit => {
    const target = test.commit(files)
    return { target, tree: test.checkout(target) }
  }) as [Commit, Commit, Commit]
  let attempts = 0
  const run = (at: number, kind: 'crash' | 'fault', next: Commit): boolean => {
    const volume = path.join(test.volume, String(attempts++))
    const state = stateDirectory ? path.join(volume, 'state') : undefined
    const site = { directory: path.join(volume, 'site'), mode, stateRoot: state }
    const attempt = { site, volume, old, wanted, other }
    mkdirSync(volume)
    scenario.prepare?.(attempt)
    const interrupted = failAt(at, kind, () => scenario.interrupted(attempt))
    try {
      if (interrupted) scenario.check?.(attempt)
      if (kind === 'crash') checkRestart(attempt, scenario)
      publish(site, next.target, none)
      checkPublished(attempt, next)
      if (mode === 'symlink') checkFollowing(attempt, next === wanted ? other : wanted)
    } catch (error) {
      throw new Error(`after a ${kind} at step ${at}`, { cause: error })
    }
    rmSync(volume, { recursive: true })
    return interrupted
  }
  const otherwise = scenario.mayChange === false ? wanted : other
  // There are fewer steps for a crash; test/sync/full-volume.test.ts has faults at other steps.
  const sweep = (kind: 'crash' | 'fault', stride: number) => {
    let count = 0
    for (const at of points(`${t.name}, ${kind}`, { stride, among: stride === 1 ? 48 : 24 })) {
      if (!run(at, kind, count % 2 === 0 ? wanted : otherwise)) break
      count++
    }
    assert.ok(count > 0, `no ${kind}`)
  }
  sweep('crash', stateDirectory ? 3 : 1)
  sweep('fault', 3)
}

/** Publishes what is there before. */
export function publishOld({ site, old }: Attempt): void {
  publish(site, old.target, none)
}

/** Publishes the new commit as a sync does: what fails is given up. */
export function publishWanted({ site, wanted }: Attempt): void {
  const publication = begin(site, wanted.target, none)
  try {
    publication.finish()
  } catch (error) {
    publication.abandon()
    throw error
  }
}

/** Asserts that the link shows the old commit or the new one, whole. */
export function assertWhole({ site, old, wanted }: Attempt): void {
  const commit = path.basename(readlinkSync(site.directory))
  const shown = [old, wanted].find(({ target }) => target.commit === commit)
  assert.ok(shown, `the link shows ${commit}`)
  assert.deepEqual(treeDifferences(readTree(site.directory), shown.tree), [])
}

/** What is said to be in place must be so; and nothing may be gone from sight. */
function checkRestart({ site, old, wanted }: Attempt, { isVisible = false }: Scenario): void {
  const isJournalled = existsSync(path.join(site.directory, '.git-autosync/journal'))
  const commit = intactCommit(site)
  if (isJournalled) assert.equal(commit, wanted.target.commit, 'a journal is completed')
  const trees = [old, wanted].map(({ tree }) => withoutForeign(tree))
  const actual = withoutForeign(isVisible || commit ? readTree(site.directory) : new Map())
  const differences = trees.map((tree) => treeDifferences(actual, tree))
  if (commit === old.target.commit) assert.deepEqual(differences[0], [])
  else if (commit === wanted.target.commit) assert.deepEqual(differences[1], [])
  else if (isVisible) assert.ok(differences.some(({ length }) => length === 0))
}

function checkPublished({ site, volume }: Attempt, { target, tree }: Commit): void {
  tidyNow(site)
  const actual = readTree(site.directory)
  assert.deepEqual(treeDifferences(withoutForeign(actual), tree), [])
  assert.equal(intactCommit(site), target.commit)
  const isLink = site.mode === 'symlink'
  const { stateRoot } = site
  if (isLink) assert.deepEqual(namesIn(worktreesOf(site)), namesBesideLink(target.commit, site))
  else {
    const own = path.join(site.directory, '.git-autosync')
    assert.deepEqual(stateNames(namesIn(own)), stateRoot === undefined ? ['snapshot'] : undefined)
  }
  if (stateRoot !== undefined) {
    const [folder = '', ...others] = namesIn(stateRoot) ?? []
    assert.deepEqual(others, [])
    assert.deepEqual(namesIn(path.join(stateRoot, folder)), [site.mode])
    const states = [`${target.commit}.state`, 'standby.state']
    const expected = isLink ? states : ['snapshot']
    assert.deepEqual(stateNames(namesIn(path.join(stateRoot, folder, site.mode))), expected)
  }
  if (isLink) {
    for (const name of [target.commit, 'standby']) {
      assert.deepEqual(stateNames(namesIn(worktreeStateOf(site, name))), ['snapshot'])
    }
  }
  const beside = ['site', ...(stateRoot ? ['state'] : [])]
  if (isLink) beside.unshift('.git-autosync')
  assert.deepEqual(namesIn(volume), beside)
}

/** The standby that an interruption left is as good as any: a change applied to it is right. */
function checkFollowing(attempt: Attempt, { target, tree }: Commit): void {
  publish(attempt.site, target, none)
  assert.deepEqual(treeDifferences(withoutForeign(readTree(attempt.site.directory)), tree), [])
}

/** Without the files that a test put there as another's. */
export function withoutForeign(tree: Tree): Tree {
  const isForeign = (name: string) => name === 'foreign' || name.endsWith('/foreign')
  return new Map([...tree].filter(([name]) => !isForeign(name)))
}
