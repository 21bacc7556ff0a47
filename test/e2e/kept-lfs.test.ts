// What git and git-lfs say in a repository behind files that Git LFS has: the same as in a clone.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { commitOn } from '../helpers/commit-on.js'
import { createRepo, git, tempDir } from '../helpers/git.js'
import { gitWithLfs, startLfsServer } from '../helpers/lfs-server.js'
import { startService, writeListing } from '../helpers/service.js'

const MODES = ['in-place', 'symlink'] as const
/** Without it, git takes what it looks at for changed, in a clone as well. */
const FILTER = ['-c', 'filter.lfs.clean=git-lfs clean -- %f', '-c', 'filter.lfs.required=true']
const LOOKS = [
  ['status', '--porcelain'],
  ['lfs', 'ls-files', '--size', '--long'],
  ['lfs', 'status', '--porcelain'],
  ['rev-parse', 'HEAD'],
  ['ls-files', '--stage'],
]

test('git lfs and git status say of kept repositories what they say of a clone', async (t) => {
  const dir = tempDir(t)
  const root = path.join(dir, 'repos')
  mkdirSync(root)
  const server = await startLfsServer(t, root, 2)
  const repo = createRepo(path.join(root, 'one'), { bare: true })
  const pointerTo = (text: string) => {
    const content = Buffer.from(text.repeat(1000))
    const oid = createHash('sha256').update(content).digest('hex')
    server.objects.set(oid, content)
    return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`
  }
  const attributes = { '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n' }
  const stays = { ...attributes, 'd/same.bin': pointerTo('same') }
  const listingPath = path.join(dir, 'listing.json')
  const url = `${server.git.url}/one`
  writeListing(
    listingPath,
    MODES.map((publish) => ({ path: publish, repo: url, publish, lfs: true, history: 1 })),
  )
  let head = commitOn(repo, { ...stays, 'a.bin': pointerTo('1'), text: '1' }, [])
  repo.git('update-ref', 'refs/heads/main', head)
  const service = await startService(t, { listingPath, settings: { SCRAPE_INTERVAL: '1h' } })
  for (let step = 1; step < 4; step++) {
    const clone = path.join(dir, 'clone')
    await gitWithLfs(dir, 'clone', '-q', '--depth', '1', url, clone)
    for (const publish of MODES) {
      await service.untilPublished(publish, head)
      for (const look of LOOKS) {
        const [ours, cloned] = [path.join(dir, publish), clone].map((at) =>
          git(at, ...FILTER, ...look),
        )
        assert.equal(ours, cloned, `${publish}: git ${look.join(' ')}`)
      }
    }
    rmSync(clone, { recursive: true })
    head = commitOn(repo, { ...stays, [`${step}.bin`]: pointerTo(`${step + 1}`), text: '1' }, [
      head,
    ])
    repo.git('update-ref', 'refs/heads/main', head)
    service.signal('SIGHUP')
  }
})
