// Entries whose commits must be signed, through the whole service: what is refused is not shown, what
// is shown stays whole, and the next good commit is published.
import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileScope } from '../helpers/file-scope.js'
import { git, gitBytes, type RepoOptions, type TestRepo } from '../helpers/git.js'
import { GpgHome } from '../helpers/gpg-home.js'
import { type Service, until } from '../helpers/service.js'
import { SharedService } from '../helpers/shared-service.js'
import { publicKeyOf, writeLines } from '../helpers/ssh-signing.js'
import { createKey } from '../helpers/sshd.js'

/** Signs what stands at HEAD anew. */
function signHead(repo: TestRepo, key: string): string {
  const config = ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${key}`]
  gitBytes(repo.dir, [...config, 'commit', '-q', '--amend', '--no-edit', '-S'])
  return repo.git('rev-parse', 'HEAD')
}

const scope = fileScope()
const settings = { VERIFY_INTERVAL: '1s', SCRAPE_INTERVAL: '1s' }
const usual = new SharedService(scope, { settings })
const restarted = new SharedService(scope, { settings })

interface SetUpOptions {
  repository?: RepoOptions
  shared?: SharedService
}

/** An entry with these fields, and a folder for keys, of which one is accepted. */
async function setUp(name: string, fields: object, options: SetUpOptions = {}) {
  const { repository = {}, shared = usual } = options
  const entry = await shared.entry(name, repository)
  entry.repo.commit('first', { file: '1', 'dir/file': '1' })
  const folder = `${name}.keys`
  const at = (file: string) => path.join(entry.dir, folder, file)
  mkdirSync(path.join(entry.dir, folder))
  const key = createKey(at('key'), 'ed25519')
  const other = createKey(at('other'), 'ed25519')
  const signers = writeLines(at('signers'), `me@example.com ${publicKeyOf(key)}`)
  return {
    ...{ ...entry, at, key, other, signers },
    list: (more: object) => entry.list({ ...fields, ...more }),
    verify: { keys: [`${folder}/signers`] },
    /** As the listing names a file of the folder. */
    named: (file: string) => `${folder}/${file}`,
    shown: () => readFileSync(path.join(entry.out, 'file'), 'utf8'),
    /** How many packs were asked for. */
    fetches: () => entry.requests().filter(({ body }) => body.includes('command=fetch')).length,
    /** How often it was said that a sync failed. */
    refusals: ({ logs }: Service) =>
      logs.filter((line) => line['entry'] === name && line.message.startsWith('sync failed'))
        .length,
  }
}

// They wait for one service, and not for each other.
describe('commits that must be signed', { concurrency: 8 }, () => {
  for (const publish of ['in-place', 'symlink']) {
    test(`${publish}: what is not signed is refused, and what is shown is put right`, async () => {
      const name = `refused-${publish}`
      const site = await setUp(name, { publish })
      const { fetches, key, list, other, out, repo, requests, shown, signers, verify } = site
      const first = signHead(repo, key)
      list({ verify })
      const service = await site.start()
      await service.untilPublished(name, first)
      const { signer } = await service.entry(name)
      assert.match(signer ?? '', /^me@example\.com \(ssh-ed25519 SHA256:.{43}\)$/)
      const told = (text: string) =>
        service.logs.filter(({ entry, message }) => entry === name && message === text)
      assert.equal(told('published')[0]?.['signer'], signer)

      const second = repo.commit('second', { file: '2' })
      const words = await service.untilFailed(name, 'signature-refused')
      assert.match(
        words,
        new RegExp(`^The commit ${second} is not signed\\. .*accepted: me@example`),
      )
      const asked = told('sync failed').length
      // What is shown stays, is put right, and is not fetched again and again.
      writeFileSync(path.join(out, 'file'), 'changed')
      await until(() => shown() === '1', 'drift is repaired')
      rmSync(path.join(out, 'file'))
      await until(() => told('drift repaired').length > 1, 'again')
      assert.equal(shown(), '1')
      assert.equal(site.refusals(service), Math.max(asked, 1))
      assert.equal((await service.entry(name)).state, 'stalled')

      repo.commit('third', { file: '3' })
      const third = signHead(repo, other)
      await until(
        async () => (await service.entry(name)).error?.message.includes(third),
        'the third is refused',
      )
      // Its log line may come after the answer that has its error.
      await until(() => site.refusals(service) > Math.max(asked, 1), 'that is told')
      assert.equal(shown(), '1')
      // A key is added: the next poll sees that by itself.
      const before = [site.refusals(service), fetches()]
      const polls = requests().length
      await until(() => requests().length >= polls + 3, 'it is polled')
      assert.deepEqual([site.refusals(service), fetches()], before)
      appendFileSync(signers, `you@example.com ${publicKeyOf(other)}\n`)
      await service.untilPublished(name, third)
      assert.equal(shown(), '3')
      assert.match((await service.entry(name)).signer ?? '', /^you@example\.com /)

      rmSync(signers)
      repo.commit('fourth', { file: '4' })
      const fourth = signHead(repo, key)
      assert.match(await service.untilFailed(name, 'keys-invalid'), /^The key file .*\/signers /)
      writeLines(signers, publicKeyOf(key))
      await service.untilPublished(name, fourth)
      assert.equal(shown(), '4')
      assert.ok(fetches() > 3 && fetches() < 30, `${fetches()} packs`)
    })
  }

  test('a revoked key lets nothing through, and once it is none any more, what it signed is shown', async () => {
    const name = 'revoked'
    const { at, key, list, named, repo, shown, start, verify } = await setUp(name, {})
    const first = signHead(repo, key)
    const revoked = writeLines(at('revoked'), '# none')
    list({ verify: { ...verify, revoked: [named('revoked')] } })
    const service = await start()
    await service.untilPublished(name, first)
    writeLines(revoked, publicKeyOf(key))
    repo.commit('second', { file: '2' })
    const second = signHead(repo, key)
    assert.match(await service.untilFailed(name, 'signature-refused'), /which is revoked/)
    assert.equal(shown(), '1')
    writeLines(revoked)
    await service.untilPublished(name, second)
    assert.equal(shown(), '2')
  })

  test('tags must be signed by OpenPGP, and under their own names', async (t) => {
    const name = 'tags'
    const { at, list, named, out, repo, start } = await setUp(name, { publish: 'symlink' })
    const gpg = new GpgHome(t)
    gpg.createKey('Releases <r@example.com>', 'ed25519')
    gpg.exportTo(at('team.asc'))
    const env = { GNUPGHOME: gpg.directory }
    const signTag = (...args: string[]) =>
      gitBytes(repo.dir, ['-c', 'user.signingKey=r@example.com', 'tag', '-m', 'tag', ...args], {
        env,
      })
    repo.git('tag', 'v1.0.0')
    list({ semver: '*', verify: { keys: [named('team.asc')], object: 'tag' } })
    const service = await start()
    assert.match(await service.untilFailed(name, 'signature-refused'), /no annotated tag/)
    signTag('-s', 'v1.0.1')
    await service.untilPublished(name, repo.git('rev-parse', 'HEAD'))
    assert.match(
      (await service.entry(name)).signer ?? '',
      /^Releases <r@example\.com> \([0-9A-F]{40}\)$/,
    )
    repo.commit('second', { file: '2' })
    signTag('-s', 'v1.0.2')
    await service.untilPublished(name, repo.git('rev-parse', 'HEAD'))
    // What was signed as an earlier version is not shown as a later one.
    repo.git('update-ref', 'refs/tags/v1.0.3', repo.git('rev-parse', 'v1.0.1'))
    const renamed = await service.untilFailed(name, 'signature-refused')
    assert.match(renamed, /tag at refs\/tags\/v1\.0\.3 was signed as "v1\.0\.1"/)
    assert.equal(readFileSync(path.join(out, 'file'), 'utf8'), '2')
    signTag('-s', 'v1.0.4')
    await until(async () => (await service.entry(name)).state === 'synced', 'it goes on')
    list({ semver: '*', verify: { keys: [named('team.asc')], object: 'both' } })
    assert.match(
      await service.untilFailed(name, 'signature-refused'),
      /The commit .* is not signed/,
    )
    assert.equal(git(repo.dir, 'rev-parse', 'HEAD'), (await service.entry(name)).oid)
  })
})

const IN_PLACE: [name: string, fields: object, repository?: RepoOptions][] = [
  ['in-place', {}],
  ['symlink', { publish: 'symlink' }],
  ['a part of it', { subdir: 'dir' }],
  ['SHA-256', {}, { objectFormat: 'sha256' }],
  ['with history', { history: 2 }],
]

test('a commit in place is verified when that is first asked for', {
  concurrency: true,
}, async (t) => {
  const names = IN_PLACE.map(([title]) => title.replaceAll(' ', '-'))
  const sites = await Promise.all(
    IN_PLACE.map(([, fields, repository = {}], index) =>
      setUp(names[index] as string, fields, { repository, shared: restarted }),
    ),
  )
  for (const { list } of sites) list({})
  const service = await restarted.start()
  await Promise.all(
    sites.map(({ key, list, name, repo, shown, verify }, index) =>
      t.test(IN_PLACE[index]?.[0] ?? '', async () => {
        const first = repo.git('rev-parse', 'HEAD')
        await service.untilPublished(name, first)
        assert.equal((await service.entry(name)).signer, null)
        list({ verify })
        const words = await service.untilFailed(name, 'signature-refused')
        assert.match(words, new RegExp(`The commit ${first} is not signed`))
        assert.equal((await service.entry(name)).oid, first)
        assert.equal(shown(), '1')

        list({})
        await until(
          async () => (await service.entry(name)).state === 'synced',
          'nobody asks any more',
        )
        const second = signHead(repo, key)
        await service.untilPublished(name, second)
        list({ verify })
        await until(async () => (await service.entry(name)).signer !== null, 'it is verified')
        assert.equal((await service.entry(name)).state, 'synced')
      }),
    ),
  )
  assert.equal(await service.stop(), 0)
  const again = await restarted.start()
  for (const name of names) {
    await until(async () => (await again.entry(name)).state === 'synced', 'it is remembered')
    assert.match((await again.entry(name)).signer ?? '', /^me@/)
  }
  assert.equal(
    again.logs.some(({ message }) => message === 'published'),
    false,
  )
})
