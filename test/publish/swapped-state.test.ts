// Whoever owns the directory above swaps what is this service's own, or the directory that all of
// it lies in, for a symlink, between any two calls: what the symlink leads to stays as it is.
import assert from 'node:assert/strict'
import { cpSync, lstatSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { announceProcess } from '../../src/publish/lease/process-identity.js'
import {
  acquireLease,
  inspect,
  openIncoming,
  tidy,
  unpublish,
} from '../../src/publish/publication.js'
import type { PublishMode, Target } from '../../src/publish/target.js'
import { closeGate } from '../helpers/fs-faults.js'
import type { CommitFiles } from '../helpers/git-commit.js'
import { NEEDS_LINUX } from '../helpers/needs.js'
import { begin, publish } from '../helpers/publish.js'
import { createSite, type TestSite } from '../helpers/publish-site.js'
import { readTree } from '../helpers/same-tree.js'
import { points } from '../helpers/sweep.js'

const OLD: CommitFiles = { a: '1', 'd/b': '1', gone: '1' }
const NEW: CommitFiles = { a: '2', 'd/b': '2', 'n/c': '2' }
const none = () => undefined
const self = announceProcess('own')

/** What is done at a target; each ends, or fails with a SyncError. */
const WORKS: Record<string, (site: Target, test: TestSite) => void> = {
  publish(site, test) {
    const incoming = openIncoming(site)
    const received = incoming.create()
    try {
      received.create()
      begin(site, test.commit(NEW), none).finish()
    } finally {
      incoming.removeAfter({ close: none })
    }
  },
  inspect: (site) => inspect({ ...site, clean: true }),
  tidy: (site) => tidy(site, { graceMs: 0, now: Date.now(), checkpoint: none }),
  unpublish: (site) => unpublish(site),
  lease: (target) => acquireLease({ target, self, expired: undefined }),
}

/** What is swapped, below ROOT. */
const SWAPPED: [PublishMode, string][] = [
  ['in-place', 'in/site/.git-autosync'],
  ['in-place', 'in/site'],
  ['in-place', 'in'],
  ['symlink', 'in/.git-autosync'],
  ['symlink', 'in/.git-autosync/site'],
  ['symlink', 'in'],
]

/** The victim has all the names that are to be found in what is swapped. */
function createVictim(swapped: string, victim: string): void {
  if (lstatSync(swapped, { throwIfNoEntry: false })) {
    cpSync(swapped, victim, { recursive: true, verbatimSymlinks: true })
  }
  for (const [name, entry] of readTree(victim)) {
    const at = path.join(victim, name)
    if (entry.kind === 'directory') writeFileSync(`${at}/precious`, 'precious')
    else if (entry.kind === 'file') writeFileSync(at, 'precious')
  }
  for (const name of ['staging', 'incoming', 'site/.git-autosync/staging', 'standby.new']) {
    mkdirSync(path.join(victim, name), { recursive: true })
    writeFileSync(path.join(victim, name, '0'), 'precious')
  }
  for (const name of ['journal.next', 'snapshot.next', 'current.next', 'lease.own']) {
    writeFileSync(path.join(victim, name), 'precious')
  }
}

/** Works, and swaps before the call number `at`; returns whether there were that many. */
function swapAt(t: TestSite, work: (typeof WORKS)[string], swapped: string, at: number): boolean {
  let count = 0
  // Made before the gate closes.
  t.commit(NEW)
  const open = closeGate(() => {
    if (count++ !== at || !lstatSync(swapped, { throwIfNoEntry: false })) return
    renameSync(swapped, `${swapped}-was`)
    symlinkSync(t.outside, swapped)
  })
  try {
    work(t.site, t)
  } catch (error) {
    assert.ok(error instanceof SyncError || 'code' in (error as Error), String(error))
    if (count <= at) throw error
  } finally {
    open()
  }
  return count > at
}

describe('what is swapped for a symlink between two calls', NEEDS_LINUX, () => {
  for (const [mode, relative] of SWAPPED) {
    for (const [name, work] of Object.entries(WORKS)) {
      test(`is not gone through: ${relative}, ${mode}, ${name}`, (t) => {
        let count = 0
        for (const at of points(t.name, { stride: 5, among: 18 })) {
          const site = createSite(t, { mode })
          const directory = path.join(site.volume, 'in/site')
          site.site = { ...site.site, directory, root: site.volume }
          publish(site.site, site.commit(OLD), none)
          const swapped = path.join(site.volume, relative)
          createVictim(swapped, site.outside)
          const before = readTree(site.outside)
          const isThere = swapAt(site, work, swapped, at)
          assert.deepEqual(readTree(site.outside), before, `swapped at call ${at}`)
          if (!isThere) break
          count++
        }
        assert.ok(count > 0, 'nothing was swapped')
      })
    }
  }
})
