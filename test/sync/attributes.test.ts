// Commits with attributes from the packs of real git, whole and thin: where a file was
// converted, its blob is made of what was published.
import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { Oid } from '../../src/git/oid.js'
import { tidy } from '../../src/publish/publication.js'
import { ATTRIBUTE_HISTORY } from '../helpers/attribute-history.js'
import { failsWith } from '../helpers/fails-with.js'
import type { CommitFiles } from '../helpers/git-commit.js'
import { intactCommit } from '../helpers/intact-commit.js'
import { IS_WHOLE } from '../helpers/seed.js'
import { createUnpackSite } from '../helpers/unpack-site.js'

const ALL = { share: { pass: 0, passes: 1 } }
const CANNOT_BE_UNDONE = ['large', 'mixed.txt']
const STEPS = Object.entries(ATTRIBUTE_HISTORY)

for (const mode of ['in-place', 'symlink'] as const) {
  for (const [name, steps] of Object.entries({ onwards: STEPS, backwards: [...STEPS].reverse() })) {
    // Each mode goes another way; in a sweep both of them.
    if (!IS_WHOLE && (name === 'onwards') !== (mode === 'in-place')) continue
    describe(`packs of commits with attributes, ${mode}, ${name}`, () => {
      test('in full', async (t) => {
        const test = createUnpackSite(t, { mode })
        for (const [, files] of steps) {
          const want = test.commitOf(files)
          await test.unpack(test.fullPack(want), { want })
          test.assertCommit(want)
          assert.equal(intactCommit(test.site, ALL), want)
          assert.deepEqual(test.leftOvers(), [])
        }
      })

      test('thin, with a standby where there is one', async (t) => {
        const test = createUnpackSite(t, { mode })
        let have: Oid | undefined
        for (const [step, files] of steps) {
          const want = test.commitOf(without(CANNOT_BE_UNDONE, files))
          const pack = have === undefined ? test.fullPack(want) : test.thinPack(want, have)
          await test.unpack(pack, { want, have }).catch((error) => {
            throw new Error(`${step}: ${error.message}`, { cause: error })
          })
          test.assertCommit(want)
          assert.equal(intactCommit(test.site, ALL), want)
          tidy(test.site, { graceMs: 0, now: 0, checkpoint: () => undefined })
          assert.deepEqual(test.leftOvers(), [])
          have = want
        }
      })
    })
  }
}

describe('what a conversion makes of', () => {
  const attributes = '* text eol=crlf\n'

  test('a large file cannot be undone: everything is fetched anew', async (t) => {
    const test = createUnpackSite(t)
    const large = 'a line\n'.repeat(1_000_000)
    const have = test.commitOf({ '.gitattributes': attributes, large })
    await test.unpack(test.fullPack(have), { want: have })
    const want = test.commitOf({ '.gitattributes': attributes, large: `${large}more\n` })
    const thin = test.unpack(test.thinPack(want, have), { want, have })
    await assert.rejects(thin, failsWith('base-missing'))
    test.assertCommit(have)
    assert.deepEqual(test.leftOvers(), [])
    await test.unpack(test.fullPack(want), { want })
    test.assertCommit(want)
  })

  test('a file with line ends of both kinds cannot be undone', async (t) => {
    const test = createUnpackSite(t)
    const have = test.commitOf({ '.gitattributes': attributes, mixed: 'a\r\nb\n' })
    await test.unpack(test.fullPack(have), { want: have })
    const want = test.commitOf({ mixed: 'a\r\nb\n' })
    const thin = test.unpack(test.thinPack(want, have), { want, have })
    await assert.rejects(thin, failsWith('base-missing'))
    test.assertCommit(have)
  })

  test('a file that was edited is not taken for its blob', async (t) => {
    const test = createUnpackSite(t)
    const files = { '.gitattributes': attributes, a: 'a\n'.repeat(500), b: 'b\n' }
    const have = test.commitOf(files)
    await test.unpack(test.fullPack(have), { want: have })
    appendFileSync(test.at('a'), 'x')
    const want = test.commitOf({ ...files, a: `${files.a}more\n` })
    const thin = test.unpack(test.thinPack(want, have), { want, have })
    await assert.rejects(thin, failsWith('base-missing'))
  })
})

function without(names: readonly string[], files: CommitFiles): CommitFiles {
  return Object.fromEntries(Object.entries(files).filter(([name]) => !names.includes(name)))
}
