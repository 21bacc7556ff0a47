// Every publication is interrupted at its steps, and then tried again.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { unpublish } from '../../src/publish/publication.js'
import type { PublishMode } from '../../src/publish/target.js'
import { intactCommit } from '../helpers/intact-commit.js'
import {
  type Attempt,
  assertWhole,
  interruptEverywhere,
  publishOld,
  publishWanted,
  type Scenario,
  withoutForeign,
} from '../helpers/interruption.js'
import { publish } from '../helpers/publish.js'
import { namesIn } from '../helpers/publish-site.js'
import { readTree, treeDifferences } from '../helpers/same-tree.js'
import { tidyNow } from '../helpers/tidy-now.js'

const none = () => undefined

/** Asserts that each path is as in the one commit or the other, and missing only if in one. */
function assertOldOrNew({ site, old, wanted }: Attempt): void {
  const actual = withoutForeign(readTree(site.directory))
  for (const [name, entry] of actual) {
    const trees = [old.tree, wanted.tree].map((tree) => new Map([[name, tree.get(name) ?? entry]]))
    const known = old.tree.has(name) || wanted.tree.has(name)
    const matches = [old, wanted].some(
      ({ tree }, index) =>
        tree.has(name) && treeDifferences(new Map([[name, entry]]), trees[index]!).length === 0,
    )
    assert.ok(known && matches, `${name} is neither old nor new`)
  }
  for (const [name, before] of old.tree) {
    const after = wanted.tree.get(name)
    if (!after || (before.kind === 'directory') !== (after.kind === 'directory')) continue
    assert.ok(actual.has(name), `${name} is gone`)
  }
}

for (const stateDirectory of [false, true]) {
  describe(`interrupted ${stateDirectory ? 'with STATE_DIR' : 'with state beside the files'}`, () => {
    const everywhere = (t: TestContext, mode: PublishMode, scenario: Scenario) =>
      interruptEverywhere(t, mode, stateDirectory, scenario)

    test('in place: every file is old or new, and the next publication is right', (t) => {
      everywhere(t, 'in-place', {
        prepare: (attempt) => {
          publishOld(attempt)
          writeFileSync(path.join(attempt.site.directory, 'foreign'), 'foreign')
          mkdirSync(path.join(attempt.site.directory, 'gone'), { recursive: true })
        },
        interrupted: publishWanted,
        check: assertOldOrNew,
      })
    })

    test('in place, the first time', (t) => {
      everywhere(t, 'in-place', { interrupted: publishWanted })
    })

    test('in place, over files of which nothing is known any more', (t) => {
      everywhere(t, 'in-place', {
        prepare: (attempt) => {
          publishWanted(attempt)
          const { directory, stateRoot: state } = attempt.site
          rmSync(state ?? path.join(directory, '.git-autosync'), { recursive: true })
          writeFileSync(path.join(directory, 'edited'), 'drifted')
        },
        mayChange: false,
        interrupted: publishWanted,
      })
    })

    test('in place, over files that have drifted', (t) => {
      everywhere(t, 'in-place', {
        prepare: (attempt) => {
          publishOld(attempt)
          writeFileSync(path.join(attempt.site.directory, 'edited'), 'drifted')
          rmSync(path.join(attempt.site.directory, 'directory-to-file/a'))
        },
        interrupted: (attempt) => {
          intactCommit(attempt.site)
          publishWanted(attempt)
        },
      })
    })

    test('by symlink: the link shows one commit whole', (t) => {
      everywhere(t, 'symlink', {
        prepare: publishOld,
        interrupted: (attempt) => {
          publishWanted(attempt)
          tidyNow(attempt.site)
        },
        check: assertWhole,
        isVisible: true,
      })
    })

    test('by symlink, the first time', (t) => {
      everywhere(t, 'symlink', { interrupted: publishWanted })
    })

    test('by symlink, going back to the commit before', (t) => {
      everywhere(t, 'symlink', {
        prepare: (attempt) => {
          publishWanted(attempt)
          publishOld(attempt)
        },
        interrupted: (attempt) => {
          tidyNow(attempt.site)
          publishWanted(attempt)
        },
        check: assertWhole,
        isVisible: true,
      })
    })

    test('from a directory to a symlink', (t) => {
      everywhere(t, 'symlink', {
        prepare: ({ site, old }) => publish({ ...site, mode: 'in-place' }, old.target, none),
        interrupted: publishWanted,
        isVisible: true,
      })
    })

    test('from a symlink to a directory', (t) => {
      everywhere(t, 'in-place', {
        prepare: ({ site, old }) => publish({ ...site, mode: 'symlink' }, old.target, none),
        interrupted: publishWanted,
        isVisible: true,
      })
    })

    for (const mode of ['in-place', 'symlink'] as const) {
      test(`unpublish of ${mode}, and then published after all`, (t) => {
        everywhere(t, mode, { prepare: publishOld, interrupted: ({ site }) => unpublish(site) })
      })

      test(`unpublish of ${mode}, and then once more`, (t) => {
        everywhere(t, mode, {
          prepare: publishOld,
          interrupted: ({ site }) => unpublish(site),
          check: ({ site, volume }) => {
            unpublish(site)
            const left = namesIn(volume) ?? []
            assert.deepEqual(left, site.stateRoot ? ['state'] : [])
          },
        })
      })
    }
  })
}
