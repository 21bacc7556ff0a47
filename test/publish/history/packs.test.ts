// What somebody does in a repository between two steps of a publication, or to what it is made of.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { findHistory } from '../../../src/publish/history/directory.js'
import { adoptPacks, releasePacks } from '../../../src/publish/history/packs.js'
import { directoryLayout } from '../../../src/publish/target.js'
import { toBytePath } from '../../../src/volume/byte-path.js'
import { commitOn } from '../../helpers/commit-on.js'
import { volumeAt } from '../../helpers/file-at.js'
import { failAt } from '../../helpers/fs-faults.js'
import { tempDir } from '../../helpers/git.js'
import { createHistorySite, type HistorySite } from '../../helpers/history-site.js'

const packsOf = (site: HistorySite) => readdirSync(site.at('.git/objects/pack'))

test('a repack of somebody drops no pack to which no ref leads yet', async (t) => {
  const site = createHistorySite(t)
  const first = commitOn(site.repo, { a: '1' }, [])
  const second = commitOn(site.repo, { a: '2' }, [first])
  await site.follow(first, 1)
  await site.publishUnsettled(second, 1)
  site.git('repack', '-adq')
  site.git('prune', '--expire=now')
  assert.equal(site.settle(), 'settled')
  site.assertRepository(second, 1)
  assert.deepEqual(
    packsOf(site).filter((name) => name.endsWith('.keep')),
    [],
  )
})

test('a pack that somebody keeps stays kept', async (t) => {
  const site = createHistorySite(t)
  await site.follow(commitOn(site.repo, { a: '1' }, []), 1)
  const keep = site.at(`.git/objects/pack/${packsOf(site)[0]?.replace(/\.\w+$/, '.keep')}`)
  for (const text of ['', 'mine', 'x'.repeat(100)]) {
    writeFileSync(keep, text)
    releasePacks(site.layout)
    assert.ok(existsSync(keep))
  }
})

test('a pack that comes again, and that somebody keeps, stays theirs', async (t) => {
  const site = createHistorySite(t)
  const folder = tempDir(t)
  for (const name of ['pack', 'index']) writeFileSync(path.join(folder, name), name)
  const keep = site.at('.git/objects/pack/pack-x.keep')
  const [pack, index] = ['pack', 'index'].map((name) => path.join(folder, name)) as [string, string]
  await site.follow(commitOn(site.repo, { a: '1' }, []), 1)
  writeFileSync(keep, 'mine')
  adoptPacks(site.layout, [{ checksum: 'x', index, pack }])
  assert.equal(readFileSync(keep, 'utf8'), 'mine')
  releasePacks(site.layout)
  assert.ok(existsSync(keep))
  assert.equal(readFileSync(site.at('.git/objects/pack/pack-x.pack'), 'utf8'), 'pack')
})

test('a history of which objects are missing is found out where each is looked for', async (t) => {
  const site = createHistorySite(t)
  const first = commitOn(site.repo, { 'd/same': 'same', a: '1' }, [])
  await site.follow(first, 1)
  const [earlier] = packsOf(site)
  await site.follow(commitOn(site.repo, { 'd/same': 'same', a: '2' }, [first]), 1)
  const volume = volumeAt(site.volume)
  const layout = directoryLayout({ ...site.site, volume, path: toBytePath(site.directory) })
  const find = (isThorough: boolean) => findHistory(layout, site.snapshot(), { isThorough })
  assert.ok(find(true))
  rmSync(site.at(`.git/objects/pack/${earlier?.replace(/\.\w+$/, '.idx')}`))
  assert.ok(find(false))
  assert.equal(find(true), undefined)
})

test('a pack that is put in place is kept by nobody once refs lead to it, killed at any step', async (t) => {
  for (let step = 0, isOver = false; !isOver; step++) {
    const site = createHistorySite(t)
    await site.follow(commitOn(site.repo, { a: '1' }, []), 1)
    const folder = tempDir(t)
    const adopt = () => {
      for (const name of ['pack', 'index']) writeFileSync(path.join(folder, name), name)
      const [pack, index] = ['pack', 'index'].map((name) => path.join(folder, name)) as [
        string,
        string,
      ]
      adoptPacks(site.layout, [{ checksum: 'x', index, pack }])
    }
    isOver = !failAt(step, 'crash', adopt)
    adopt()
    releasePacks(site.layout)
    const kept = packsOf(site).filter((name) => name.includes('.keep'))
    assert.deepEqual(kept, [], `step ${step}`)
  }
})
