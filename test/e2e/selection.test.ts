// Parts of a repository, by subdirectory and by sparse patterns: after each step of a random
// history, and each change of what is selected, the directories equal what real git checks out.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createRepo, type TestRepo, tempDir } from '../helpers/git.js'
import { type CommitFile, commitFiles } from '../helpers/git-commit.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { type Random, randomFrom, randomHistory } from '../helpers/random-history.js'
import { checkedOutTree, differencesTo, readTree, type Tree } from '../helpers/same-tree.js'
import { IS_WHOLE, SEED } from '../helpers/seed.js'
import { startService, until, writeListing } from '../helpers/service.js'

const STEPS = IS_WHOLE ? 16 : 5

/** What is always there to be published. */
const KEEP = 'kept\n'

/** What an entry selects. */
interface Part {
  subdir?: string
  sparse?: string[]
}

for (const protocol of [2, 0] as const) {
  test(`parts of a random history over protocol v${protocol}`, async (t) => {
    const random = randomFrom(SEED)
    const dir = tempDir(t)
    const repo = createRepo(path.join(dir, 'repos/one'), { bare: true })
    repo.git('config', 'uploadpack.allowFilter', 'true')
    const server = await startGitServer(t, { root: path.join(dir, 'repos'), protocol })
    const listingPath = path.join(dir, 'listing.json')
    const histories = [randomHistory(random, { hasAttributes: true }), randomHistory(random)]
    const commit = () => {
      const [outside, inside] = histories.map((history) => history.next().value)
      const files = { ...outside, ...below('pkg/site', inside ?? {}), 'pkg/site/keep': KEEP }
      repo.git('update-ref', 'refs/heads/main', commitFiles(repo, files))
    }
    const list = () => {
      const parts = [{ subdir: 'pkg/site' }, randomPart(random), randomPart(random)]
      const entries = parts.flatMap((part, index) =>
        (['in-place', 'symlink'] as const).map((publish) => {
          return { path: `${publish}${index}`, repo: `${server.url}/one`, publish, ...part }
        }),
      )
      writeListing(listingPath, entries)
      return entries
    }
    commit()
    let entries = list()
    const settings = { SCRAPE_INTERVAL: '1h', WORKTREE_GRACE_PERIOD: '100ms' }
    const service = await startService(t, { listingPath, settings })
    for (let step = 0; step < STEPS; step++) {
      const oid = repo.oid('main')
      for (const { path: name, publish, repo: url, ...part } of entries) {
        assert.ok(publish && url)
        const expected = partOf(repo, oid, part)
        const differences = () => differencesTo(expected, path.join(dir, name))
        await service.untilPublished(name, oid)
        // The commit may be the one before, of which another part is published now.
        await until(async () => differences().length === 0, 'equal').catch(() => {})
        assert.deepEqual(differences(), [], `seed ${SEED}, step ${step}, ${JSON.stringify(part)}`)
      }
      if (step % 3 === 2) entries = list()
      else {
        commit()
        service.signal('SIGHUP')
      }
    }
  })
}

test('an update of a part takes what changed in it, and nothing else', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'), { bare: true })
  repo.git('config', 'uploadpack.allowFilter', 'true')
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const listingPath = path.join(dir, 'listing.json')
  const entry = { path: 'part', repo: `${server.url}/one`, subdir: 'd7', sparse: ['/d7/*', '!*9'] }
  writeListing(listingPath, [entry])
  const files: Record<string, string> = {}
  for (let n = 0; n < 10_000; n++) files[`d${n % 100}/f${n}`] = `${n}\n`.repeat(50)
  const commit = (changed: Record<string, string>) => {
    Object.assign(files, changed)
    const oid = commitFiles(repo, files)
    repo.git('update-ref', 'refs/heads/main', oid)
    return oid
  }
  const settings = { SCRAPE_INTERVAL: '1h' }
  const first = commit({})
  const service = await startService(t, { listingPath, settings })
  await service.untilPublished('part', first)
  const update = async (changed: Record<string, string>) => {
    server.requests.length = 0
    const oid = commit(changed)
    service.signal('SIGHUP')
    await service.untilPublished('part', oid)
    const { filesWritten } = await until(
      () => service.logs.find((line) => line['oid'] === oid && 'filesWritten' in line),
      'it is told',
    )
    const bytes = server.requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0)
    return { requests: server.requests.length, filesWritten, bytes }
  }
  assert.equal(readTree(path.join(dir, 'part')).size, 100)
  for (const n of [107, 207]) {
    const inside = await update({ [`d7/f${n}`]: 'changed' })
    assert.ok(inside.requests <= 3, `${inside.requests} requests`)
    assert.equal(inside.filesWritten, 1)
    assert.equal(readFileSync(path.join(dir, `part/f${n}`), 'utf8'), 'changed')
    const outside = await update({ [`d8/f${n + 1}`]: 'changed', [`d7/f${n + 2}9`]: 'new' })
    assert.ok(outside.requests <= 2, `${outside.requests} requests`)
    assert.equal(outside.filesWritten, 0)
    assert.ok(outside.bytes <= 20_000, `${outside.bytes} bytes`)
    t.diagnostic(`inside ${inside.bytes} bytes, outside ${outside.bytes} bytes`)
  }
})

test('a subdirectory that a commit lacks leaves what is published', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'))
  const first = repo.commit('', { 'docs/site/a': 'a' })
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [{ path: 'site', repo: repo.dir, subdir: 'docs/site' }])
  const service = await startService(t, { listingPath, settings: { SCRAPE_INTERVAL: '100ms' } })
  await service.untilPublished('site', first)
  repo.commit('', { 'docs/site': null, 'docs/b': 'b' })
  const message = await service.untilFailed('site', 'subdir-not-found')
  assert.match(message, /has no directory "docs\/site";/)
  assert.equal(readFileSync(path.join(dir, 'site/a'), 'utf8'), 'a')
  const third = repo.commit('', { 'docs/site/a': 'again' })
  await service.untilPublished('site', third)
  assert.equal(readFileSync(path.join(dir, 'site/a'), 'utf8'), 'again')
})

function randomPart(random: Random): Part {
  const pick = (items: readonly string[]) => items[Math.floor(random() * items.length)] as string
  const line = () => {
    const negation = pick(['', '', '!'])
    const parts = Array.from({ length: 1 + Math.floor(random() * 2) }, () =>
      pick(['a', 'b.txt', 'src', 'deep', 'pkg', 'site', '*', '**', '*.b', 's*']),
    )
    return `${negation}${pick(['', '/'])}${parts.join('/')}${pick(['', '', '/'])}`
  }
  const lines = Array.from({ length: Math.floor(random() * 4) }, line)
  // A list must be able to want something, and each directory that is published has a file.
  return { sparse: [...lines, 'keep'], ...(random() < 0.5 ? { subdir: 'pkg/site' } : {}) }
}

function below(directory: string, files: Record<string, CommitFile>): Record<string, CommitFile> {
  return Object.fromEntries(
    Object.entries(files).map(([name, file]) => [`${directory}/${name}`, file]),
  )
}

/** What git checks out of a part of a commit. */
function partOf(repo: TestRepo, oid: string, { sparse, subdir }: Part): Tree {
  const file = path.join(repo.gitDir, 'info/sparse-checkout')
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, (sparse ?? ['/*']).map((line) => `${line}\n`).join(''))
  const settings = ['core.sparseCheckout=true', 'core.sparseCheckoutCone=false']
  const tree = checkedOutTree(repo.dir, oid, settings)
  rmSync(file)
  if (subdir === undefined) return tree
  const inside = [...tree].filter(([name]) => name.startsWith(`${subdir}/`))
  return new Map(inside.map(([name, entry]) => [name.slice(subdir.length + 1), entry]))
}
