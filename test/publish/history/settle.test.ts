// What real git finds in the repository behind files that are published in place.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commitOn } from '../../helpers/commit-on.js'
import { createHistorySite } from '../../helpers/history-site.js'
import { randomFrom, randomHistory } from '../../helpers/random-history.js'

for (const objectFormat of ['sha1', 'sha256'] as const) {
  for (const depth of [1, 3, 'full'] as const) {
    test(`a random ${objectFormat} history of depth ${depth} is a repository at each step`, async (t) => {
      const site = createHistorySite(t, { objectFormat })
      const random = randomFrom(7)
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
