// A volume that is read-only, or becomes so while a commit is published: what is whole is told as such.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import type { Inspection } from '../../src/publish/drift/inspection.js'
import { inspect } from '../../src/publish/publication.js'
import { commitOn } from '../helpers/commit-on.js'
import { failsWith } from '../helpers/fails-with.js'
import { type FsCall, fsError, withGate } from '../helpers/fs-faults.js'
import { createHistorySite } from '../helpers/history-site.js'
import { publish } from '../helpers/publish.js'
import { createSite, type TestSite } from '../helpers/publish-site.js'
import { tidyNow } from '../helpers/tidy-now.js'

const none = () => undefined

/** Works on a volume that is read-only after so many changes. Returns whether it came to that. */
function readOnlyAfter(changes: number, work: () => void): boolean {
  let count = 0
  const gate = ({ isChange, name }: FsCall) => {
    // As Linux does, whether there is anything to be changed or not.
    const isWrite = isChange && name !== 'existsSync' && name !== 'fsyncSync'
    if (isWrite && count++ >= changes) throw fsError('EROFS')
  }
  withGate(gate, work)
  return count > changes
}

function look({ site }: TestSite): Inspection {
  let found: Inspection | undefined
  readOnlyAfter(0, () => {
    found = inspect(site)
  })
  return found as Inspection
}

for (const mode of ['in-place', 'symlink'] as const) {
  for (const stateDirectory of [false, true]) {
    describe(`a read-only volume, ${mode}${stateDirectory ? ', with STATE_DIR' : ''}`, () => {
      test('has what was published, also where files were touched', (t) => {
        const test = createSite(t, { mode, stateDirectory })
        const { commit } = test.commit({ a: '1', 'd/b': '1' })
        test.publish({ a: '1', 'd/b': '1' })
        tidyNow(test.site)
        assert.deepEqual(look(test), { commit, drift: undefined })
        utimesSync(test.at('a'), 1, 1)
        assert.deepEqual(look(test), { commit, drift: undefined })
        writeFileSync(test.at('a'), 'edited')
        assert.throws(() => look(test), failsWith('volume-failed', /read-only/))
        assert.deepEqual(inspect(test.site).drift?.paths, ['a'])
      })

      test('that became so during a publication has the commit that was in place', (t) => {
        const test = createSite(t, { mode, stateDirectory })
        const first = test.commit({ a: '1', 'd/b': '1' })
        const second = test.commit({ a: '2', 'd/c': '1' })
        // From there on, a publication in place is half done.
        const isJournalled = () =>
          readdirSync(path.dirname(test.volume), { recursive: true, encoding: 'utf8' }).some(
            (name) => path.basename(name) === 'journal',
          )
        let isReached = true
        let known = 0
        for (let changes = 0; isReached; changes++) {
          test.publish(first)
          tidyNow(test.site)
          isReached = readOnlyAfter(changes, () => {
            try {
              publish(test.site, second, none)
            } catch (error) {
              assert.equal((error as { code?: unknown }).code, 'volume-failed')
            }
          })
          if (mode === 'in-place' && isJournalled()) continue
          const isFirst = readFileSync(test.at('a'), 'utf8') === '1'
          assert.deepEqual(look(test), {
            commit: isFirst ? first.commit : second.commit,
            drift: undefined,
          })
          known++
        }
        assert.ok(known > 5, `${known} looks`)
        test.publish(second)
      })
    })
  }
}

test('a read-only volume has the history that is kept', async (t) => {
  const site = createHistorySite(t)
  const commit = commitOn(site.repo, { a: '1' }, [])
  await site.follow(commit, 1)
  // Right after that, the index is one that would be renewed.
  const found = look(site)
  assert.equal(found.commit, commit)
  assert.deepEqual(found.history, inspect(site.site).history)
  assert.ok(found.history)
})
