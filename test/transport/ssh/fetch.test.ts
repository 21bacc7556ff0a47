import assert from 'node:assert/strict'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import type { GitObject } from '../../../src/git/object.js'
import type { RemoteSession } from '../../../src/remote/remote-session.js'
import { failsWith } from '../../helpers/fails-with.js'
import { createRepo, type TestRepo } from '../../helpers/git.js'
import { assertSameObjects, catFile, listObjects, readPack } from '../../helpers/packs.js'
import { startSshd } from '../../helpers/sshd.js'
import { bytesOf, createHarness, credentialFor, signal } from './ssh-harness.js'

const PREFIXES = ['HEAD', 'refs/heads/main', 'refs/tags/v1']

async function serve(
  t: TestContext,
  protocol: 0 | 2,
  objectFormat: 'sha1' | 'sha256' = 'sha1',
): Promise<{ repo: TestRepo; remote: RemoteSession }> {
  const sshd = await startSshd(t, { acceptsProtocol: protocol === 2 })
  const repo = createRepo(path.join(sshd.dir, "it's a repo!.git"), { bare: true, objectFormat })
  const { session } = createHarness(t)
  return { repo, remote: session(sshd.url(repo.dir), credentialFor(sshd)) }
}

const TEXT = Array.from({ length: 500 }, (_, line) => `line ${line * 7919}\n`).join('')

/** Commits, of which only the last is the tip of a branch, and an annotated tag of the first. */
function fill(repo: TestRepo): { first: string; tip: string } {
  const first = repo.commit('first', { 'a.txt': TEXT, 'folder/b.txt': 'b', empty: '' })
  repo.git('tag', '-a', '-m', 'annotated', 'v1')
  return { first, tip: repo.commit('second', { 'a.txt': `${TEXT}and more` }) }
}

for (const protocol of [2, 0] as const) {
  for (const objectFormat of ['sha1', 'sha256'] as const) {
    test(`protocol ${protocol} (${objectFormat}): refs, a first pack and a thin one`, async (t) => {
      const { repo, remote } = await serve(t, protocol, objectFormat)
      const { first, tip } = fill(repo)
      for (let poll = 0; poll < 2; poll++) {
        assert.deepEqual(await remote.listRefs(PREFIXES, signal), [
          { name: 'HEAD', oid: tip, peeled: undefined, target: 'refs/heads/main' },
          { name: 'refs/heads/main', oid: tip, peeled: undefined, target: undefined },
          { name: 'refs/tags/v1', oid: repo.oid('v1'), peeled: first, target: undefined },
        ])
      }
      const whole = await bytesOf(
        await remote.fetch({ wants: [tip], haves: [], thinPack: false }, signal),
      )
      assertSameObjects(
        await readPack(whole, { objectFormat }),
        repo,
        listObjects(repo, '--no-walk', tip),
      )
      const thin = await bytesOf(
        await remote.fetch({ wants: [tip], haves: [first], thinPack: true }, signal),
      )
      const old = catFile(repo, listObjects(repo, '--no-walk', first))
      const findBase = (oid: string): GitObject | undefined => old.get(oid)
      const news = listObjects(repo, '--no-walk', tip).filter((oid) => !old.has(oid))
      assertSameObjects(await readPack(thin, { objectFormat, findBase }), repo, news)
      assert.ok(thin.length < whole.length / 2, `${thin.length} of ${whole.length} bytes`)
    })
  }

  test(`protocol ${protocol}: a base that the server does not know makes a whole pack`, async (t) => {
    const { repo, remote } = await serve(t, protocol)
    const { tip } = fill(repo)
    const request = { wants: [tip], haves: ['1'.repeat(40)], thinPack: true }
    const pack = await readPack(await bytesOf(await remote.fetch(request, signal)))
    assertSameObjects(pack, repo, listObjects(repo, '--no-walk', tip))
  })

  test(`protocol ${protocol}: a pack of many windows arrives whole`, async (t) => {
    const { repo, remote } = await serve(t, protocol)
    const random = Buffer.from(Array.from({ length: 6_000_000 }, (_, at) => (at * at * 31) >> 7))
    const tip = repo.commit('large', { random })
    const fetched = await remote.fetch({ wants: [tip], haves: [], thinPack: false }, signal)
    const pack = await readPack(await bytesOf(fetched))
    assertSameObjects(pack, repo, listObjects(repo, '--no-walk', tip))
  })

  test(`protocol ${protocol}: an empty repository, and a commit that is not there`, async (t) => {
    const { repo, remote } = await serve(t, protocol)
    assert.deepEqual(await remote.listRefs(PREFIXES, signal), [])
    fill(repo)
    assert.equal((await remote.listRefs(['HEAD'], signal)).length, 1)
    const request = { wants: ['1'.repeat(40)], haves: [], thinPack: false }
    await assert.rejects(
      (async () => bytesOf(await remote.fetch(request, signal)))(),
      failsWith('commit-not-found', /correct the entry's commit, or follow a branch or a tag/),
    )
  })
}

test('a path is absolute or relative to the home, and what is not there is told in words', async (t) => {
  const sshd = await startSshd(t)
  const repo = createRepo(path.join(sshd.dir, 'repo.git'), { bare: true })
  const tip = repo.commit('first', { file: '1' })
  const { session } = createHarness(t)
  const head = async (url: string) => {
    const [ref] = await session(url, credentialFor(sshd)).listRefs(['HEAD'], signal)
    return ref?.oid
  }
  assert.equal(await head(sshd.url(repo.dir)), tip)
  assert.equal(await head(sshd.url(repo.dir.replace(/\.git$/, ''))), tip)
  await assert.rejects(
    head(sshd.url('/~/no/such/repo.git')),
    failsWith(
      'repository-not-found',
      /^There is no repository at 127\.0\.0\.1:\d+:no\/such\/repo\.git, .*\(it said: fatal: 'no\/such\/repo\.git' does not appear/,
    ),
  )
})
