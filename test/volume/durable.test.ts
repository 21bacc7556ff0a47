// What survives a loss of power: what is synced before what, and what is looked at afterwards.
import assert from 'node:assert/strict'
import { readFileSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import type { Lease } from '../../src/publish/lease/lease.js'
import { announceProcess, currentBootId } from '../../src/publish/lease/process-identity.js'
import { acquireLease, inspect, tidy } from '../../src/publish/publication.js'
import type { Target } from '../../src/publish/target.js'
import { type FsCall, recordCalls } from '../helpers/fs-faults.js'
import type { TestScope } from '../helpers/git.js'
import { publish } from '../helpers/publish.js'
import { createSite, type SiteOptions, type TestSite } from '../helpers/publish-site.js'

const none = () => undefined
const FILES = { a: '1', b: '2', 'd/c': '3' }

/** A published site with a lease, of which everything was looked at. */
function create(
  t: TestScope,
  options: SiteOptions,
): { test: TestSite; site: Target; boot: string } {
  const test = createSite(t, options)
  const answer = acquireLease({
    target: test.site,
    self: announceProcess('own'),
    expired: undefined,
  })
  assert.equal(answer.state, 'held')
  const { lease } = answer as { lease: Lease }
  const site = { ...test.site, lease }
  inspect(site)
  publish(site, test.commit(FILES), none)
  tidy(site, { graceMs: 0, now: Date.now(), checkpoint: none })
  return { test, site, boot: path.join(path.dirname(lease.file), 'boot') }
}

/** The paths that were synced, in the order of all calls; the descriptor tells no path. */
function syncsIn(calls: readonly FsCall[]): string[] {
  return calls.flatMap(({ name }, index) =>
    name === 'fsyncSync' ? (calls[index - 1]?.paths ?? []).map((at) => path.resolve(at)) : [],
  )
}

for (const mode of ['in-place', 'symlink'] as const) {
  describe(mode, () => {
    test('content, snapshot and journal are synced before the first rename that counts', (t) => {
      const { test, site } = create(t, { mode })
      const target = test.commit({ ...FILES, a: 'edited', 'n/e/w': 'new' })
      const calls = recordCalls(() => publish(site, target, none))
      const last = calls.findIndex(
        ({ name, paths }) => name === 'renameSync' && paths.some((file) => /journal$/.test(file)),
      )
      const before = syncsIn(calls.slice(0, last)).map((file) => path.basename(file))
      assert.deepEqual(
        ['0', '1', 'e', 'w', 'journal.next'].filter((name) => !before.includes(name)),
        [],
      )
      assert.ok(before.some((name) => /^snapshot.*\.next$/.test(name)))
      assert.ok(before.some((name) => /staging$/.test(name)))
      assert.ok(
        !calls
          .slice(0, last)
          .some(
            ({ name, paths }) =>
              name === 'renameSync' && paths.some((file) => /staging/.test(file)),
          ),
      )
      // The name of the journal itself.
      assert.equal(calls[last + 2]?.name, 'fsyncSync')
      if (mode === 'symlink') assert.equal(syncsIn(calls).at(-1), test.volume)
    })

    test('a large update is not synced file by file', (t) => {
      const { test, site } = create(t, { mode })
      const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`m/${n}`, `${n}`]))
      const target = test.commit({ ...FILES, ...many })
      const calls = recordCalls(() => publish(site, target, none))
      assert.ok(syncsIn(calls).length < 10, `${syncsIn(calls)}`)
    })

    test('after a boot, a file is found that lost its content, and kept its status', (t) => {
      const { test, site, boot } = create(t, { mode })
      assert.equal(readFileSync(boot, 'latin1').trim(), currentBootId())
      const file = test.at('d/c')
      // A time that can be set again to the last digit.
      const whole = 1_700_000_000
      utimesSync(file, whole, whole)
      inspect(site)
      writeFileSync(file, '\0')
      utimesSync(file, whole, whole)
      assert.equal(inspect(site).drift, undefined, 'nothing speaks against it')
      writeFileSync(boot, 'another\n')
      assert.deepEqual(inspect(site).drift?.paths, ['d/c'])
      assert.equal(readFileSync(boot, 'latin1').trim(), currentBootId())
    })
  })
}
