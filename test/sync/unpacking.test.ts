// Packs of real git on their way to a directory.
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { describe, test } from 'node:test'
import { publish, type Site } from '../../src/publish/publication.js'
import { LARGE_BYTES } from '../../src/publish/published-tree.js'
import { unpack } from '../../src/sync/unpacking.js'
import type { CommitFiles } from '../helpers/git-commit.js'
import type { MemoryTarget } from '../helpers/git-target.js'
import { createSite, namesIn, type TestSite } from '../helpers/publish-site.js'
import { readTree } from '../helpers/same-tree.js'
import { tidyNow } from '../helpers/tidy-now.js'

const none = () => undefined

/** More than is held in memory, and does not compress. */
const LARGE = Buffer.from(Array.from({ length: LARGE_BYTES }, (_, n) => (n * n * 31) >> 7))
const FIRST: CommitFiles = { a: '1', 'd/large': LARGE, 'd/b': '2' }
const SECOND: CommitFiles = { ...FIRST, a: 'new', 'd/copy': LARGE, 'e/moved': '2' }

/** The pack of a commit; of what it has and `have` has not, as a thin pack. */
function packOf(test: TestSite, { commit }: MemoryTarget, have?: MemoryTarget): Buffer {
  const revisions = have ? `${commit}\n^${have.commit}\n` : `${commit}\n`
  const thin = have ? ['--thin'] : []
  return test.repo.gitBytes(['pack-objects', '--stdout', '--revs', '-q', ...thin], {
    input: revisions,
  })
}

async function* chunksOf(pack: Buffer): AsyncGenerator<Buffer> {
  for (let start = 0; start < pack.length; start += 65_000) {
    yield pack.subarray(start, start + 65_000)
  }
}

function unpackTo(site: Site, pack: Buffer, want: MemoryTarget, have?: MemoryTarget) {
  const options = { site, want: want.commit, have: have?.commit, memoryBytes: 64 * 1024 }
  return unpack(chunksOf(pack), { ...options, checkpoint: none })
}

for (const mode of ['in-place', 'symlink'] as const) {
  for (const stateDirectory of [false, true]) {
    describe(`a pack, ${mode}${stateDirectory ? ' with STATE_DIR' : ''}`, () => {
      const create = (t: { after(cleanUp: () => unknown): void }) =>
        createSite(t, { mode, stateDirectory })

      test('with large files leaves nothing beside what is published', async (t) => {
        const test = create(t)
        const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
        await unpackTo(test.site, packOf(test, first), first)
        test.assertPublished(first)
        if (mode === 'in-place') assertTidy(test)
        tidyNow(test.site)
        await unpackTo(test.site, packOf(test, second, first), second, first)
        test.assertPublished(second)
        if (mode === 'in-place') assertTidy(test)
      })

      test('that is cut leaves what is published, and nothing else', async (t) => {
        const test = create(t)
        const [first, second] = [test.commit({ a: '1' }), test.commit(FIRST)]
        const pack = packOf(test, second)
        const cut = pack.subarray(0, pack.length - 30)
        await assert.rejects(unpackTo(test.site, cut, second), { code: 'pack-corrupt' })
        const files = [...readTree(test.volume).values()].filter(({ kind }) => kind !== 'directory')
        assert.deepEqual(files, [])
        publish(test.site, first, none)
        await assert.rejects(unpackTo(test.site, cut, second), { code: 'pack-corrupt' })
        test.assertPublished(first)
        if (mode === 'in-place') assertTidy(test)
        await unpackTo(test.site, pack, second)
        test.assertPublished(second)
      })

      test('for a site of the other mode is received beside it, not in it', async (t) => {
        const test = create(t)
        const [first, second] = [test.commit({ a: '1' }), test.commit(FIRST)]
        const other = mode === 'symlink' ? 'in-place' : 'symlink'
        publish({ ...test.site, mode: other }, first, none)
        const before = namesIn(test.directory)
        const pack = packOf(test, second)
        const failing = unpackTo(test.site, pack.subarray(0, -30), second)
        await assert.rejects(failing, { code: 'pack-corrupt' })
        assert.deepEqual(namesIn(test.directory), before)
        await unpackTo(test.site, pack, second)
        tidyNow(test.site)
        test.assertPublished(second)
        if (mode === 'in-place') assertTidy(test)
      })
    })
  }

  test(`a pack for ${mode} never goes through a symlink that another made`, async (t) => {
    const test = createSite(t, { mode: 'in-place' })
    mkdirSync(`${test.outside}/d`)
    symlinkSync(test.outside, test.directory)
    const target = test.commit(FIRST)
    await assert.rejects(unpackTo(test.site, packOf(test, target), target), {
      code: 'path-blocked',
    })
    assert.deepEqual(readdirSync(test.outside), ['d'])
  })
}

/** Nothing of this service lies in the directory but its snapshot. */
function assertTidy({ at, site }: TestSite): void {
  const expected = site.stateDirectory === undefined ? ['snapshot'] : undefined
  assert.deepEqual(namesIn(at('.git-autosync')), expected)
}
