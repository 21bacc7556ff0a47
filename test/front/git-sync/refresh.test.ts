// What is looked at before each sync, and what where it cannot be read.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { Credential } from '../../../src/credentials/credential.js'
import { SyncCounts } from '../../../src/front/git-sync/counts.js'
import { firstEntry, type Refreshed, refreshing } from '../../../src/front/git-sync/refresh.js'
import type { Entry } from '../../../src/listing/entry.js'
import { failsWith } from '../../helpers/fails-with.js'
import { FakeClock } from '../../helpers/fake-clock.js'
import { FakeRemote } from '../../helpers/fake-remote.js'
import { listed, oid, REPO } from '../../helpers/fake-sync.js'
import { type TestScope, tempDir } from '../../helpers/git.js'
import { startHttpServer } from '../../helpers/http-server.js'

const { signal } = new AbortController()

/** A session that looks before each sync. */
function start(t: TestScope, options: Partial<Refreshed['options']>, credential?: Credential) {
  const [entry] = listed([{ path: '/srv/link', repo: REPO, branch: 'main' }])
  assert.ok(entry)
  const file = path.join(tempDir(t), 'file')
  const changed: Entry[] = []
  const secrets: string[] = []
  const refreshed: Refreshed = {
    clock: new FakeClock(),
    options: { askpassUrl: '', sparseCheckoutFile: '', ...options },
    entry,
    asked: [],
    credentials: credential ? [{ ...credential, passwordFile: file }] : [],
    counts: new SyncCounts(),
    redactor: { add: (secret) => secrets.push(secret) },
    sparse: undefined,
  }
  const remote = new FakeRemote()
  remote.push(oid(1))
  const open = refreshing(
    () => remote,
    refreshed,
    (each) => changed.push(each),
  )
  const session = open({ remote: entry.remote, credential: undefined })
  const sync = () => session.listRefs(['HEAD'], signal)
  return { ...refreshed, changed, file, remote, secrets, session, sync }
}

test('a password is the first line of its file, as it is at each sync', async (t) => {
  const { credentials, file, remote, secrets, sync } = start(t, {}, { url: REPO, username: 'me' })
  await assert.rejects(sync(), failsWith('credentials-invalid', /--password-file .* ENOENT/))
  assert.equal(remote.polls.length, 0)
  for (const [text, password] of [
    ['one\nmore\n', 'one'],
    ['two', 'two'],
  ] as const) {
    writeFileSync(file, text)
    await sync()
    assert.deepEqual(credentials, [{ url: REPO, username: 'me', password }])
  }
  assert.deepEqual([secrets, remote.polls.length], [['one', 'two'], 2])
})

test('the service that has logins is asked before each sync, and counted', async (t) => {
  let answered = 0
  const service = await startHttpServer(t, (_request, response) => {
    response.statusCode = ++answered === 2 ? 500 : 200
    response.end(`username=me\npassword=p${answered}\n`)
  })
  const { asked, counts, remote, sync } = start(t, { askpassUrl: `${service.url}/` })
  await sync()
  await assert.rejects(sync(), failsWith('credentials-invalid'))
  await sync()
  const { origin } = new URL(REPO)
  assert.deepEqual(asked, [{ url: origin, username: 'me', password: 'p3' }])
  assert.equal(remote.polls.length, 2)
  assert.match(counts.render(), /^git_sync_askpass_calls\{status="error"\} 1$/m)
  assert.match(counts.render(), /^git_sync_askpass_calls\{status="success"\} 2$/m)
})

test('a commit that is fetched without a look at refs is looked before, too', async (t) => {
  const service = await startHttpServer(t, (_request, response) => {
    response.end('username=me\npassword=p\n')
  })
  const { session, sync } = start(t, { askpassUrl: `${service.url}/` })
  const fetch = () => session.fetch({ wants: [oid(1)] } as never, signal)
  await sync()
  await fetch()
  assert.equal(service.requests.length, 1)
  await fetch()
  assert.equal(service.requests.length, 2)
})

test('another sparse-checkout file is another selection', async (t) => {
  const sparseCheckoutFile = path.join(tempDir(t), 'sparse')
  const { changed, sync } = start(t, { sparseCheckoutFile })
  await assert.rejects(sync(), failsWith('credentials-invalid', /--sparse-checkout-file/))
  for (const text of ['/a/\n', '/a/\n', 'b\n']) {
    writeFileSync(sparseCheckoutFile, text)
    await sync()
  }
  assert.deepEqual(
    changed.map(({ selection }) => selection.sparse),
    [['/*', '!/*/', '/a/'], ['b']],
  )
})

test('where nothing is to be looked at, nothing is between', (t) => {
  const { remote, session } = start(t, {})
  assert.equal(session, remote)
})

/** A cycle that gives up at the failure of this number, and in which no wait ends before the test. */
function patience(failures: number, retryMs: number) {
  const told: string[] = []
  return {
    told,
    retryMs,
    get isOver() {
      return told.length >= failures
    },
    failSync: ({ message }: Error) => told.push(message),
  }
}

test('a sparse-checkout file that is not there at the start is tried again, until that is given up', async (t) => {
  const sparseCheckoutFile = path.join(tempDir(t), 'sparse')
  const refreshed = start(t, { sparseCheckoutFile })
  const three = patience(3, 0)
  assert.equal(await firstEntry(refreshed, three), undefined)
  assert.equal(three.told.length, 3)
  assert.match(three.told[0] ?? '', /--sparse-checkout-file .* cannot be read: ENOENT/)
  // At once: a period more would be as long as any test may take.
  assert.equal(await firstEntry(refreshed, patience(1, 2 ** 30)), undefined)
  const first = firstEntry(refreshed, patience(9, 0))
  writeFileSync(sparseCheckoutFile, '\u00e9\n')
  assert.deepEqual((await first)?.selection.sparse, ['\u00c3\u00a9'])
  const whole = start(t, {})
  assert.equal(await firstEntry(whole, patience(1, 0)), whole.entry)
})
