// All work on a standby is interrupted at each of its steps, and then tried again.
import assert from 'node:assert/strict'
import { readlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { begin, inspect, publish } from '../../src/publish/publication.js'
import { fsError, withGate } from '../helpers/fs-faults.js'
import { type Attempt, interruptEverywhere, type Scenario } from '../helpers/interruption.js'
import { readTree, treeDifferences } from '../helpers/same-tree.js'
import { tidyNow } from '../helpers/tidy-now.js'
import { worktreesOf } from '../helpers/worktree-site.js'

const none = () => undefined

/** The link shows one of the commits, whole. */
function assertWhole({ site, ...commits }: Attempt): void {
  const commit = path.basename(readlinkSync(site.directory))
  const shown = [commits.old, commits.wanted].find(({ target }) => target.commit === commit)
  assert.ok(shown, `the link shows ${commit}`)
  assert.deepEqual(treeDifferences(readTree(site.directory), shown.tree), [])
}

/** As a sync does: what fails is given up. */
function publishWanted({ site, wanted }: Attempt): void {
  const publication = begin(site, wanted.target, none)
  try {
    publication.finish()
  } catch (error) {
    publication.abandon()
    throw error
  }
}

function publishAll({ site }: Attempt, ...commits: Attempt['old'][]): void {
  for (const { target } of commits) publish(site, target, none)
}

function withoutLinks(work: () => void): void {
  withGate(({ name }) => {
    if (name === 'linkSync') throw fsError('EPERM')
  }, work)
}

const SCENARIOS: Record<string, Scenario> = {
  'an update of a standby': {
    prepare: (attempt) => {
      publishAll(attempt, attempt.old)
      tidyNow(attempt.site)
    },
    interrupted: publishWanted,
    check: assertWhole,
  },
  'an update of a standby that is some commits behind, and what follows': {
    prepare: (attempt) => {
      publishAll(attempt, attempt.other, attempt.old)
      tidyNow(attempt.site)
    },
    interrupted: (attempt) => {
      publishWanted(attempt)
      tidyNow(attempt.site)
    },
    check: assertWhole,
  },
  'the making of a standby': {
    prepare: (attempt) => publishAll(attempt, attempt.old),
    interrupted: ({ site }) => tidyNow(site),
    check: assertWhole,
  },
  'the making of a standby without hard links': {
    prepare: (attempt) => publishAll(attempt, attempt.old),
    interrupted: ({ site }) => withoutLinks(() => tidyNow(site)),
    check: assertWhole,
  },
  'the end of several earlier worktrees': {
    prepare: (attempt) => publishAll(attempt, attempt.other, attempt.wanted, attempt.old),
    interrupted: ({ site }) => tidyNow(site),
    check: assertWhole,
  },
  'an update of what has drifted in the standby, too': {
    prepare: (attempt) => {
      publishAll(attempt, attempt.old)
      tidyNow(attempt.site)
      writeFileSync(path.join(attempt.site.directory, 'same'), 'drifted')
    },
    interrupted: (attempt) => {
      inspect(attempt.site)
      publishWanted(attempt)
    },
    // What was not seen yet stays as it is.
    check: ({ site }) => inspect(site),
  },
}

for (const stateDirectory of [false, true]) {
  describe(`interrupted ${stateDirectory ? 'with STATE_DIR' : 'with state beside the link'}`, () => {
    for (const [name, scenario] of Object.entries(SCENARIOS)) {
      test(name, (t) => interruptEverywhere(t, 'symlink', stateDirectory, scenario))
    }
  })
}
