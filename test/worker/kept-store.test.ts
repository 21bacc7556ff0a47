// What the repository behind published files takes over many updates, beside a fresh clone of so many
// commits: at most 1.3 times as much, in fewer than 20 packs; wherever the commits come from.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { inspect } from '../../src/publish/publication.js'
import { ObjectStore } from '../../src/remote/disk/object-store.js'
import { openRepository } from '../../src/remote/disk/repository.js'
import { planPack, uploadPack } from '../../src/remote/disk/upload-pack.js'
import { commitOn } from '../helpers/commit-on.js'
import { git, type TestRepo } from '../helpers/git.js'
import { bytesBelow } from '../helpers/history-site.js'
import { assertRepository } from '../helpers/kept-repository.js'
import { UNBOUNDED } from '../helpers/memory.js'
import { type Random, randomFrom } from '../helpers/random-history.js'
import { IS_WHOLE, SEED } from '../helpers/seed.js'
import { type ShallowRequest, shallowFetch } from '../helpers/shallow-fetch.js'
import { tidyNow } from '../helpers/tidy-now.js'
import { createUnpackSite, type UnpackSite } from '../helpers/unpack-site.js'

const UPDATES = IS_WHOLE ? 1000 : 8
/** After so many updates each, git clones. */
const EVERY = IS_WHOLE ? 25 : 4
const MOST_PACKS = 19
const MOST_SHARE = 1.3
const DEPTH = 5
const FILES = 80
const BRANCH = 'refs/heads/main'

/** After how many commits the source is packed: until then, each object has a file of its own. */
const PACKED_EVERY = 4

/** Commits that edit a large file and a few of many, and now and then make one, or remove it. */
function* commits(repo: TestRepo, random: Random): Generator<string, never> {
  const any = (count: number) => Math.floor(random() * count)
  const line = () => Array.from({ length: 6 }, () => word(random)).join(' ')
  const text = () => Array.from({ length: 60 }, line)
  const anyName = () => `d${any(20)}/f${any(FILES)}`
  const files = new Map(Array.from({ length: FILES }, (_, at) => [`d${at % 20}/f${at}`, text()]))
  const large = Array.from({ length: 3000 }, line)
  const anyFile = () => [...files.keys()][any(files.size)] as string
  for (let last: string[] = []; ; ) {
    const all = [...files].map(([name, lines]) => [name, `${lines.join('\n')}\n`])
    const content = Object.fromEntries([...all, ['large', large.join('\n')]])
    const commit = commitOn(repo, content, last)
    repo.git('update-ref', BRANCH, commit)
    yield commit
    last = [commit]
    for (let count = 0; count < 3; count++) files.get(anyFile())?.splice(any(60), 1, line())
    large.splice(any(large.length), 1, line())
    if (random() < 0.2) files.set(anyName(), text())
    if (random() < 0.1) files.delete(anyFile())
  }
}

/** Deflates as what people write does. */
function word(random: Random): string {
  const words = ['const', 'return', 'value', 'if', 'for', '(', ')', '{', '}', '=>']
  if (random() < 0.4) return words[Math.floor(random() * words.length)] as string
  return random().toString(36).slice(2, 8)
}

async function follow(site: UnpackSite, want: string, isServer: boolean): Promise<void> {
  const { commit, history: before } = inspect(site.site)
  const { shallow = [] } = before ?? {}
  const request = { want, have: commit, shallow, depth: DEPTH }
  const pack = isServer ? shallowFetch(site.repo, request).pack : await readPack(site.repo, request)
  const refs = { [BRANCH]: want, 'refs/remotes/origin/main': want }
  const history = { depth: DEPTH, url: 'https://git.example.com/one', branch: BRANCH, refs }
  await site.unpack(pack, { want, have: commit, history })
  tidyNow(site.site)
}

/** The pack that comes of a directory. */
async function readPack(repo: TestRepo, request: ShallowRequest): Promise<Buffer> {
  const { depth, have, shallow = [], want } = request
  assert.ok(depth !== 'full')
  const store = new ObjectStore(await openRepository(repo.dir))
  const haves = have === undefined ? [] : [have]
  const chunks: Buffer[] = []
  try {
    const request = { wants: [want], haves, shallow, depth, thinPack: true }
    const pack = uploadPack(store, planPack(store, request, UNBOUNDED))
    for await (const bytes of pack) chunks.push(bytes)
  } finally {
    store.close()
  }
  return Buffer.concat(chunks)
}

const CASES = [
  ['in-place', 'a server'],
  ['symlink', 'a server'],
  ['in-place', 'a directory'],
  ['symlink', 'a directory that is packed now and then'],
] as const

for (const [mode, source] of CASES) {
  test(`the store stays small over many updates from ${source}, ${mode}`, async (t) => {
    const site = createUnpackSite(t, { mode })
    const heads = commits(site.repo, randomFrom(SEED))
    let [mostPacks, mostShare] = [0, 0]
    for (let update = 0; update <= UPDATES; update++) {
      const head = heads.next().value
      if (source.includes('packed') && update % PACKED_EVERY === 1) site.repo.git('repack', '-adq')
      await follow(site, head, source === 'a server')
      const repository = git(
        site.directory,
        'rev-parse',
        '--path-format=absolute',
        '--git-common-dir',
      )
      const objects = path.join(repository, 'objects')
      const names = readdirSync(path.join(objects, 'pack'))
      const packs = names.filter((name) => name.endsWith('.pack')).length
      mostPacks = Math.max(mostPacks, packs)
      assert.ok(packs <= MOST_PACKS, `${packs} packs after ${update} updates`)
      if (update % EVERY !== 0) continue
      const cloned = site.at(`../clone-${update}`)
      const url = pathToFileURL(site.repo.gitDir).href
      git(
        site.volume,
        'clone',
        '-q',
        '--bare',
        '--branch',
        'main',
        '--depth',
        `${DEPTH}`,
        url,
        cloned,
      )
      const share = bytesBelow(objects) / bytesBelow(path.join(cloned, 'objects'))
      mostShare = Math.max(mostShare, share)
      assert.ok(share <= MOST_SHARE, `${share} times a clone after ${update} updates`)
      const kept = site.repo.git('rev-list', `--max-count=${DEPTH}`, head).split('\n')
      assertRepository(site.directory, head, kept)
    }
    t.diagnostic(`${UPDATES} updates: ${mostPacks} packs, ${mostShare.toFixed(3)} times a clone`)
  })
}
