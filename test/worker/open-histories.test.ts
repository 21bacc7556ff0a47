// However many submodules a commit has whose history is kept, few of their repositories are open at once.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parseRemoteUrl } from '../../src/git/remote-url.js'
import type { PublishMode } from '../../src/publish/target.js'
import { ALL } from '../../src/publish/tree/selection.js'
import type { PackRequest, UnpackOptions } from '../../src/worker/unpacked.js'
import { commitOn } from '../helpers/commit-on.js'
import type { TestScope } from '../helpers/git.js'
import { assertRepository } from '../helpers/kept-repository.js'
import { shallowFetch } from '../helpers/shallow-fetch.js'
import { filesOf } from '../helpers/submodule-repos.js'
import { chunksOf, createUnpackSite } from '../helpers/unpack-site.js'

const DEPTH = 2
const URL = 'https://git.example.com/top'
const SITE_OPTIONS = {
  selection: { ...ALL, submodules: 'recursive' },
  remote: parseRemoteUrl(URL, '/'),
} as const

/** Publishes a commit with so many submodules, and then one that changes all; the most descriptors meanwhile. */
async function mostOpen(t: TestScope, mode: PublishMode, count: number): Promise<number> {
  const site = createUnpackSite(t, { mode })
  const { repo } = site
  const places = Array.from({ length: count }, (_, at) => `m${at}`)
  const leaves = [commitOn(repo, { leaf: '1' }, [])]
  leaves.push(commitOn(repo, { leaf: '2' }, leaves))
  const tops: string[] = []
  for (const oid of leaves) {
    const modules = places.map(
      (place) => [place, { repo: place, oid, url: `../${place}` }] as const,
    )
    tops.push(commitOn(repo, filesOf(new Map(modules)), tops))
  }
  const [one, two] = tops as [string, string]
  const fetch = ({ haves: [have], history, wants: [want = ''] }: PackRequest) => {
    const request = { want, have, shallow: history?.shallow ?? [], depth: history?.depth ?? 1 }
    return chunksOf([shallowFetch(repo, request).pack])
  }
  const history = { depth: DEPTH, url: URL, branch: 'refs/heads/main' }
  const before = openFiles()
  let most = 0
  const options: Partial<UnpackOptions> = {
    ...SITE_OPTIONS,
    fetch,
    checkpoint() {
      most = Math.max(most, openFiles() - before)
    },
  }
  const first = shallowFetch(repo, { want: one, depth: DEPTH }).pack
  const kept = { ...history, refs: { 'refs/heads/main': one } }
  const published = await site.unpack(first, { ...options, want: one, history: kept })
  const { shallow } = published.history ?? assert.fail('no history is kept')
  const thin = shallowFetch(repo, { want: two, have: one, shallow, depth: DEPTH }).pack
  const next = { ...history, refs: { 'refs/heads/main': two } }
  await site.unpack(thin, { ...options, want: two, have: one, history: next })
  assertRepository(site.directory, two, tops)
  for (const place of places.slice(-2)) {
    assertRepository(path.join(site.directory, place), leaves[1] as string, leaves)
  }
  assert.equal(openFiles(), before)
  return most
}

function openFiles(): number {
  return readdirSync('/proc/self/fd').length
}

for (const mode of ['in-place', 'symlink'] as const) {
  test(`descriptors hardly grow with submodules, ${mode}`, async (t) => {
    const [few, more] = [9, 18]
    const growth = (await mostOpen(t, mode, more)) - (await mostOpen(t, mode, few))
    // One for the pack that comes, and one for the directory of its files, of which few are open, too.
    assert.ok(growth <= 3 * (more - few), `${growth} for ${more - few} submodules`)
  })
}
