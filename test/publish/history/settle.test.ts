// What real git finds in the repository behind files that are published in place.
import assert from 'node:assert/strict'
import { lstatSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { settle } from '../../../src/publish/history/settle.js'
import { isSettled } from '../../../src/publish/history/settled-mark.js'
import { commitOn } from '../../helpers/commit-on.js'
import { createHistorySite } from '../../helpers/history-site.js'
import { randomFrom, randomHistory } from '../../helpers/random-history.js'
import { SEED } from '../../helpers/seed.js'

for (const objectFormat of ['sha1', 'sha256'] as const) {
  for (const depth of [1, 3, 'full'] as const) {
    test(`a random ${objectFormat} history of depth ${depth} is a repository at each step`, async (t) => {
      const site = createHistorySite(t, { objectFormat })
      const random = randomFrom(SEED)
      const trees = randomHistory(random)
      let parent: string | undefined
      for (let step = 0; step < 5; step++) {
        parent = commitOn(site.repo, trees.next().value, parent === undefined ? [] : [parent])
        if (step % 3 === 1) continue
        assert.equal(await site.follow(parent, depth), 'settled')
        site.assertRepository(parent, depth)
        const length = depth === 'full' ? step + 1 : Math.min(depth, step + 1)
        assert.equal(site.git('log', '--format=%H').split('\n').length, length)
      }
    })
  }
}

test('what was settled as it was published is settled as it is read', async (t) => {
  const site = createHistorySite(t)
  await site.publishUnsettled(commitOn(site.repo, { a: '1' }, []), 1)
  assert.ok(isSettled(site.layout, { root: site.directory }, site.snapshot()))
})

test('the configuration says of the volume what is so, also of a repository from earlier', async (t) => {
  const site = createHistorySite(t)
  const first = commitOn(site.repo, { a: '1', l: { symlink: 'a' } }, [])
  await site.follow(first, 1)
  for (const before of [false, true]) {
    if (before) {
      site.git('config', 'core.symlinks', 'false')
      site.git('config', 'core.ignorecase', 'true')
      await site.follow(commitOn(site.repo, { a: '2', l: { symlink: 'a' } }, [first]), 1)
    }
    assert.equal(site.git('config', 'core.symlinks'), 'true')
    assert.equal(site.git('config', 'core.ignorecase'), 'false')
  }
  rmSync(site.at('l'))
  site.git('checkout', '--', 'l')
  assert.ok(lstatSync(site.at('l')).isSymbolicLink())
})

test('an index that was written in the second of its files spares git their content later', async (t) => {
  const site = createHistorySite(t)
  await site.follow(commitOn(site.repo, { a: '1', b: '1' }, []), 1)
  const [index, root] = [site.at('.git/index'), site.directory]
  const second = Math.floor(
    Math.max(...['a', 'b'].map((file) => lstatSync(site.at(file)).mtimeMs)) / 1000,
  )
  // As if it was written in the second of the last file.
  utimesSync(index, second, second)
  const before = lstatSync(index).ino
  settle(site.layout, { root }, site.snapshot(), second * 1000)
  assert.equal(lstatSync(index).ino, before)
  // An edit of the same size, which git would not see any more.
  writeFileSync(site.at('b'), '2')
  utimesSync(site.at('b'), second + 0.5, second + 0.5)
  settle(site.layout, { root }, site.snapshot(), (second + 10) * 1000)
  assert.notEqual(lstatSync(index).ino, before)
  assert.equal(site.git('status', '--porcelain'), 'M b')
})
