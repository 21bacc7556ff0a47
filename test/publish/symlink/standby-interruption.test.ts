// All work on a standby is interrupted at its steps, and then tried again.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fsError, withGate } from '../../helpers/fs-faults.js'
import { intactCommit } from '../../helpers/intact-commit.js'
import {
  type Attempt,
  assertWhole,
  interruptEverywhere,
  publishOld,
  publishWanted,
  type Scenario,
} from '../../helpers/interruption.js'
import { publish } from '../../helpers/publish.js'
import { tidyNow } from '../../helpers/tidy-now.js'

const none = () => undefined

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
      publishOld(attempt)
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
    prepare: publishOld,
    interrupted: ({ site }) => tidyNow(site),
    check: assertWhole,
  },
  'the making of a standby without hard links': {
    prepare: publishOld,
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
      publishOld(attempt)
      tidyNow(attempt.site)
      writeFileSync(path.join(attempt.site.directory, 'same'), 'drifted')
    },
    interrupted: (attempt) => {
      intactCommit(attempt.site)
      publishWanted(attempt)
    },
    // What was not seen yet stays as it is.
    check: ({ site }) => intactCommit(site),
  },
}

for (const stateDirectory of [false, true]) {
  describe(`interrupted ${stateDirectory ? 'with STATE_DIR' : 'with state beside the link'}`, () => {
    for (const [name, scenario] of Object.entries(SCENARIOS)) {
      test(name, (t) => interruptEverywhere(t, 'symlink', stateDirectory, scenario))
    }
  })
}
