// Entries whose commits must be signed, through the whole service: what is refused is not shown, what
// is shown stays whole, and the next good commit is published.
import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { git, gitBytes, type RepoOptions, type TestRepo, type TestScope } from '../helpers/git.js'
import { GpgHome } from '../helpers/gpg-home.js'
import { serveOneEntry } from '../helpers/one-entry.js'
import { type Service, startService, until, writeListing } from '../helpers/service.js'
import { publicKeyOf, writeLines } from '../helpers/ssh-signing.js'
import { createKey } from '../helpers/sshd.js'

/** Signs what stands at HEAD anew. */
function signHead(repo: TestRepo, key: string): string {
  const config = ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${key}`]
  gitBytes(repo.dir, [...config, 'commit', '-q', '--amend', '--no-edit', '-S'])
  return repo.git('rev-parse', 'HEAD')
}

async function setUp(t: TestScope, fields: object, repository: RepoOptions = {}) {
  const site = await serveOneEntry(t, { files: { file: '1', 'dir/file': '1' }, repository })
  const key = createKey(path.join(site.dir, 'key'), 'ed25519')
  const other = createKey(path.join(site.dir, 'other'), 'ed25519')
  const signers = writeLines(path.join(site.dir, 'signers'), `me@example.com ${publicKeyOf(key)}`)
  const entry = { path: 'out', repo: `${site.server.url}/one`, ...fields }
  const list = (more: object) => writeListing(site.listingPath, [{ ...entry, ...more }])
  const settings = { VERIFY_INTERVAL: '300ms' }
  const start = () => startService(t, { listingPath: site.listingPath, settings })
  const shown = () => readFileSync(path.join(site.out, 'file'), 'utf8')
  return { ...site, key, other, signers, list, start, shown }
}

/** How often the remote was asked for anything. */
const requests = ({ logs }: Service) =>
  logs.filter(({ message }) => message === 'remote requested').length

/** How many packs were asked for. */
const fetches = ({ logs }: Service) =>
  logs.filter(({ message, service }) => message === 'remote requested' && service === 'fetch')
    .length

for (const publish of ['in-place', 'symlink']) {
  test(`${publish}: what is not signed is refused, and what is shown is put right`, async (t) => {
    const { key, list, other, out, repo, shown, signers, start } = await setUp(t, { publish })
    const first = signHead(repo, key)
    list({ verify: { keys: ['signers'] } })
    const service = await start()
    await service.untilPublished('out', first)
    const { signer } = await service.entry('out')
    assert.match(signer ?? '', /^me@example\.com \(ssh-ed25519 SHA256:.{43}\)$/)
    const line = service.logs.find(({ message }) => message === 'published')
    assert.equal(line?.['signer'], signer)

    const second = repo.commit('second', { file: '2' })
    const words = await service.untilFailed('out', 'signature-refused')
    assert.match(words, new RegExp(`^The commit ${second} is not signed\\. .*accepted: me@example`))
    const asked = service.logs.filter(({ message }) => message === 'sync failed').length
    // What is shown stays, is put right, and is not fetched again and again.
    writeFileSync(path.join(out, 'file'), 'changed')
    await until(() => shown() === '1', 'drift is repaired')
    rmSync(path.join(out, 'file'))
    await until(
      () => service.logs.filter(({ message }) => message === 'drift repaired').length > 1,
      'again',
    )
    assert.equal(shown(), '1')
    const failed = service.logs.filter(({ message }) => message.startsWith('sync failed'))
    assert.equal(failed.length, Math.max(asked, 1))
    assert.equal((await service.entry('out')).state, 'stalled')

    repo.commit('third', { file: '3' })
    const third = signHead(repo, other)
    await until(
      async () => (await service.entry('out')).error?.message.includes(third),
      'the third is refused',
    )
    assert.equal(shown(), '1')
    // A key is added: the next poll sees that by itself.
    const refusals = () =>
      service.logs.filter(({ message }) => message.startsWith('sync failed')).length
    const [before, since] = [refusals(), fetches(service)]
    const polls = requests(service)
    await until(() => requests(service) >= polls + 3, 'it is polled')
    assert.deepEqual([refusals(), fetches(service)], [before, since])
    appendFileSync(signers, `you@example.com ${publicKeyOf(other)}\n`)
    await service.untilPublished('out', third)
    assert.equal(shown(), '3')
    assert.match((await service.entry('out')).signer ?? '', /^you@example\.com /)

    rmSync(signers)
    repo.commit('fourth', { file: '4' })
    const fourth = signHead(repo, key)
    assert.match(await service.untilFailed('out', 'keys-invalid'), /^The key file .*\/signers /)
    writeLines(signers, publicKeyOf(key))
    await service.untilPublished('out', fourth)
    assert.equal(shown(), '4')
    assert.ok(fetches(service) < 30)
  })
}

const IN_PLACE: [name: string, fields: object, repository?: RepoOptions][] = [
  ['in-place', {}],
  ['symlink', { publish: 'symlink' }],
  ['a part of it', { subdir: 'dir' }],
  ['SHA-256', {}, { objectFormat: 'sha256' }],
  ['with history', { history: 2 }],
]

for (const [name, fields, repository] of IN_PLACE) {
  test(`${name}: a commit in place is verified when that is first asked for`, async (t) => {
    const { key, list, repo, shown, start } = await setUp(t, fields, repository)
    list({})
    const first = repo.git('rev-parse', 'HEAD')
    const service = await start()
    await service.untilPublished('out', first)
    assert.equal((await service.entry('out')).signer, null)
    list({ verify: { keys: ['signers'] } })
    const words = await service.untilFailed('out', 'signature-refused')
    assert.match(words, new RegExp(`The commit ${first} is not signed`))
    assert.equal((await service.entry('out')).oid, first)
    assert.equal(shown(), '1')

    list({})
    await until(async () => (await service.entry('out')).state === 'synced', 'nobody asks any more')
    const second = signHead(repo, key)
    await service.untilPublished('out', second)
    list({ verify: { keys: ['signers'] } })
    await until(async () => (await service.entry('out')).signer !== null, 'it is verified')
    assert.equal((await service.entry('out')).state, 'synced')
    assert.equal(await service.stop(), 0)
    const again = await start()
    await until(async () => (await again.entry('out')).state === 'synced', 'it is remembered')
    assert.match((await again.entry('out')).signer ?? '', /^me@/)
    assert.equal(
      again.logs.some(({ message }) => message === 'published'),
      false,
    )
  })
}

test('a revoked key lets nothing through, and once it is none any more, what it signed is shown', async (t) => {
  const { dir, key, list, repo, shown, start } = await setUp(t, {})
  const first = signHead(repo, key)
  const revoked = writeLines(path.join(dir, 'revoked'), '# none')
  list({ verify: { keys: ['signers'], revoked: ['revoked'] } })
  const service = await start()
  await service.untilPublished('out', first)
  writeLines(revoked, publicKeyOf(key))
  repo.commit('second', { file: '2' })
  const second = signHead(repo, key)
  assert.match(await service.untilFailed('out', 'signature-refused'), /which is revoked/)
  assert.equal(shown(), '1')
  writeLines(revoked)
  await service.untilPublished('out', second)
  assert.equal(shown(), '2')
})

test('tags must be signed by OpenPGP, and under their own names', async (t) => {
  const { dir, list, out, repo, start } = await setUp(t, { publish: 'symlink' })
  const gpg = new GpgHome(t)
  gpg.createKey('Releases <r@example.com>', 'ed25519')
  gpg.exportTo(path.join(dir, 'team.asc'))
  const env = { GNUPGHOME: gpg.directory }
  const signTag = (...args: string[]) =>
    gitBytes(repo.dir, ['-c', 'user.signingKey=r@example.com', 'tag', '-m', 'tag', ...args], {
      env,
    })
  repo.git('tag', 'v1.0.0')
  list({ semver: '*', verify: { keys: ['team.asc'], object: 'tag' } })
  const service = await start()
  assert.match(await service.untilFailed('out', 'signature-refused'), /no annotated tag/)
  signTag('-s', 'v1.0.1')
  await service.untilPublished('out', repo.git('rev-parse', 'HEAD'))
  assert.match(
    (await service.entry('out')).signer ?? '',
    /^Releases <r@example\.com> \([0-9A-F]{40}\)$/,
  )
  repo.commit('second', { file: '2' })
  signTag('-s', 'v1.0.2')
  await service.untilPublished('out', repo.git('rev-parse', 'HEAD'))
  // What was signed as an earlier version is not shown as a later one.
  repo.git('update-ref', 'refs/tags/v1.0.3', repo.git('rev-parse', 'v1.0.1'))
  const renamed = await service.untilFailed('out', 'signature-refused')
  assert.match(renamed, /tag at refs\/tags\/v1\.0\.3 was signed as "v1\.0\.1"/)
  assert.equal(readFileSync(path.join(out, 'file'), 'utf8'), '2')
  signTag('-s', 'v1.0.4')
  await until(async () => (await service.entry('out')).state === 'synced', 'it goes on')
  list({ semver: '*', verify: { keys: ['team.asc'], object: 'both' } })
  assert.match(await service.untilFailed('out', 'signature-refused'), /The commit .* is not signed/)
  assert.equal(git(repo.dir, 'rev-parse', 'HEAD'), (await service.entry('out')).oid)
})
