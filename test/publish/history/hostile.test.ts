// Whoever owns the published directory may have put anything in the place of the repository.
import assert from 'node:assert/strict'
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { ensureRepository } from '../../../src/publish/history/create.js'
import { RepositoryObjects } from '../../../src/publish/history/objects.js'
import { settle } from '../../../src/publish/history/settle.js'
import { commitOn } from '../../helpers/commit-on.js'
import { failsWith } from '../../helpers/fails-with.js'
import type { TestScope } from '../../helpers/git.js'
import { createHistorySite, type HistorySite } from '../../helpers/history-site.js'
import { createPipe } from '../../helpers/special-files.js'

const OPTIONS = { url: 'https://git.example.com/site.git', objectFormat: 'sha1' } as const

/** A site with one commit published, and the next one to publish. */
async function published(t: TestScope): Promise<{ site: HistorySite; next: string }> {
  const site = createHistorySite(t)
  const first = commitOn(site.repo, { a: '1', 'd/b': '2' }, [])
  await site.follow(first, 2)
  return { site, next: commitOn(site.repo, { a: '2', 'd/b': '2' }, [first]) }
}

describe('a repository', () => {
  for (const kind of ['symlink', 'file'] as const) {
    test(`is not made where a ${kind} is`, async (t) => {
      const site = createHistorySite(t)
      mkdirSync(site.directory)
      const elsewhere = path.join(site.outside, 'elsewhere')
      mkdirSync(elsewhere)
      if (kind === 'symlink') symlinkSync(elsewhere, site.at('.git'))
      else writeFileSync(site.at('.git'), 'gitdir: ../outside\n')
      await assert.rejects(ensureRepository(site.layout, OPTIONS), failsWith('path-blocked'))
      assert.deepEqual(readdirSync(elsewhere), [])
    })
  }

  const places = ['refs', 'refs/heads', 'objects', 'objects/pack', 'logs', 'info']
  for (const place of places) {
    test(`is not written through a symlink at ${place}`, async (t) => {
      const { next, site } = await published(t)
      const elsewhere = path.join(site.outside, 'elsewhere')
      mkdirSync(elsewhere)
      rmSync(site.at(`.git/${place}`), { recursive: true, force: true })
      symlinkSync(elsewhere, site.at(`.git/${place}`))
      // Whether it fails or puts a directory of its own there: nothing goes elsewhere.
      await site.follow(next, 2).catch(() => undefined)
      assert.deepEqual(readdirSync(elsewhere), [])
    })
  }

  const files = [
    'HEAD',
    'index',
    'shallow',
    'packed-refs',
    'config',
    'refs/heads/main',
    'logs/HEAD',
  ]
  test('is settled whatever stands in the place of its files', async (t) => {
    const { next, site } = await published(t)
    for (const file of files) {
      rmSync(site.at(`.git/${file}`), { recursive: true, force: true })
      createPipe(site.at(`.git/${file}`))
    }
    rmSync(site.at('.git/git-autosync-settled'))
    symlinkSync('/etc/passwd', site.at('.git/git-autosync-settled'))
    symlinkSync('/etc/passwd', site.at('.git/git-autosync.next'))
    await site.follow(next, 2)
    assert.equal(site.git('rev-parse', 'HEAD'), next)
    assert.equal(site.git('status', '--porcelain'), '')
  })

  test('is rid of pipes at the next look, as git would wait for them', async (t) => {
    const { site } = await published(t)
    const opened = ['packed-refs', 'info/exclude', 'shallow', 'HEAD', 'index', 'logs/HEAD']
    for (const file of opened.map((name) => site.at(`.git/${name}`))) {
      rmSync(file, { force: true })
      createPipe(file)
      assert.equal(site.settle(), 'settled')
      const isPipe = lstatSync(file, { throwIfNoEntry: false })?.isFIFO() ?? false
      assert.equal(isPipe, false, file)
    }
    assert.equal(site.git('status', '--porcelain', '-uno'), '')
  })

  test('is settled though git left its locks, and those in the way go', async (t) => {
    const { next, site } = await published(t)
    const locks = ['index', 'HEAD', 'shallow', 'config', 'refs/heads/main'].map((file) =>
      site.at(`.git/${file}.lock`),
    )
    for (const lock of locks) {
      writeFileSync(lock, '')
      utimesSync(lock, 0, 0)
    }
    await site.follow(next, 1)
    site.assertRepository(next, 1)
    assert.deepEqual(
      locks.filter((lock) => existsSync(lock)),
      [site.at('.git/config.lock')],
    )
  })

  test('that was emptied is told apart', async (t) => {
    const { site } = await published(t)
    const snapshot = site.snapshot()
    rmSync(site.at('.git'), { recursive: true })
    const root = site.directory
    assert.equal(settle(site.layout, { root }, snapshot, 0), 'incomplete')
    assert.equal(existsSync(site.at('.git')), false)
  })

  test('is settled though some of its packs are damaged, and they are left alone', async (t) => {
    const { next, site } = await published(t)
    const packs = site.at('.git/objects/pack')
    const [index = ''] = readdirSync(packs).filter((name) => name.endsWith('.idx'))
    const bytes = readFileSync(path.join(packs, index))
    const count = Buffer.from(bytes.subarray(0, 1032))
    count.writeUInt32BE(2 ** 32 - 1, 1028)
    const damaged = [
      bytes.subarray(0, 1040),
      bytes.subarray(0, 1100),
      count,
      Buffer.from('no index'),
    ]
    for (const [at, content] of damaged.entries()) {
      const name = path.join(packs, `pack-${String(at).repeat(40)}`)
      writeFileSync(`${name}.idx`, content)
      writeFileSync(`${name}.pack`, 'PACK')
    }
    assert.equal(await site.follow(next, 2), 'settled')
    assert.equal(site.join(2), true)
    assert.equal(site.git('rev-parse', 'HEAD'), next)
    assert.equal(readdirSync(packs).filter((name) => name.endsWith('.idx')).length, 5)
  })

  test('keeps the work of somebody', async (t) => {
    const { next, site } = await published(t)
    writeFileSync(site.at('mine'), 'mine')
    site.git('add', 'mine')
    site.git('commit', '-qm', 'mine')
    const mine = site.git('rev-parse', 'HEAD')
    site.git('branch', 'feature')
    writeFileSync(site.at('mine'), 'stashed')
    site.git('stash', '-q')
    const stash = site.git('rev-parse', 'refs/stash')
    await site.follow(next, 1)
    for (let round = 0; round < 2; round++) {
      assert.equal(site.git('rev-parse', 'HEAD'), next)
      assert.equal(site.git('rev-parse', 'feature'), mine)
      assert.equal(site.git('rev-parse', `refs/kept/${mine}`), mine)
      assert.equal(site.git('rev-parse', 'refs/stash'), stash)
      assert.equal(site.git('show', `${mine}:mine`), 'mine')
      assert.equal(site.git('fsck', '--full'), '')
      site.join(1)
    }
  })
})

test('of a blob where a commit belongs nothing is read', async (t) => {
  const site = createHistorySite(t)
  const commit = commitOn(site.repo, { a: '1' }, [])
  await site.follow(commit, 1)
  const oid = site.repo.gitBytes(['hash-object', '-w', '--stdin'], { input: Buffer.alloc(1 << 20) })
  const blob = oid.toString().trim()
  const loose = `${blob.slice(0, 2)}/${blob.slice(2)}`
  mkdirSync(site.at(`.git/objects/${blob.slice(0, 2)}`), { recursive: true })
  copyFileSync(path.join(site.repo.gitDir, 'objects', loose), site.at(`.git/objects/${loose}`))
  const { layout } = site
  const objects = new RepositoryObjects(layout, 'sha1')
  t.after(() => objects.close())
  assert.equal(objects.readIfAny(blob)?.body.length, 1 << 20)
  const read = t.mock.method(layout.volume, 'readBytes')
  assert.deepEqual([objects.hasCommit(commit), objects.hasCommit(blob)], [true, false])
  assert.equal(read.mock.callCount(), 0)
})
