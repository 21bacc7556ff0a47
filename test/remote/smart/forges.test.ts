// What the forges do that git's own server does not, each as a server that does it.
import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import path from 'node:path'
import { describe, test } from 'node:test'
import { type ErrorCode, SyncError } from '../../../src/base/errors.js'
import { parseRemoteUrl } from '../../../src/git/remote-url.js'
import type { RemoteSession } from '../../../src/remote/remote-session.js'
import { failsWith } from '../../helpers/fails-with.js'
import { type ForgeRules, type Refusal, startForge } from '../../helpers/forge.js'
import { createRepo, type TestRepo, type TestScope, tempDir } from '../../helpers/git.js'
import { startGitServer } from '../../helpers/git-http-server.js'
import { startHttpServer, type TestServer } from '../../helpers/http-server.js'
import { assertSameObjects, listObjects, readPack } from '../../helpers/packs.js'
import { createSession } from './session-harness.js'

const NOW = Date.parse('2026-05-01T12:00:00Z')
const BASIC = `Basic ${Buffer.from('reader:secret').toString('base64')}`
const HTML = { 'content-type': 'text/html; charset=utf-8' }
const signal = new AbortController().signal

interface Hosted {
  repo: TestRepo
  forge: TestServer
}

/** A repository at `place` below the root of a git server, behind a forge. */
async function host(
  t: TestScope,
  place: string,
  rules: ForgeRules & { protocol?: 0 | 2 },
): Promise<Hosted> {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, place), { bare: true })
  repo.commit('first', { file: 'content', 'folder/other': 'more' })
  const { protocol = 2 } = rules
  const server = await startGitServer(t, { root, protocol })
  return { repo, forge: await startForge(t, server.url, rules) }
}

function open(t: TestScope, repo: string, authorization?: string): RemoteSession {
  const authorize = async () => (authorization === undefined ? {} : { authorization })
  return createSession(t, parseRemoteUrl(repo, '/').url, authorize, () => NOW)
}

/** Follows `HEAD` as the service does: the refs, then all of its commit. */
async function assertServes(session: RemoteSession, { repo }: Hosted): Promise<void> {
  const [head] = await session.listRefs(['HEAD'], signal)
  const tip = repo.oid('HEAD')
  assert.equal(head?.oid, tip)
  const { chunks } = await session.fetch({ wants: [tip], haves: [], thinPack: false }, signal)
  const received: Buffer[] = []
  for await (const chunk of chunks) received.push(chunk)
  assertSameObjects(await readPack(Buffer.concat(received)), repo, listObjects(repo, tip))
}

async function assertRefused(session: RemoteSession, code: ErrorCode, words: RegExp) {
  await assert.rejects(session.listRefs(['HEAD'], signal), failsWith(code, words))
}

const lacksAuthorization = ({ headers }: IncomingMessage) => headers.authorization !== BASIC

describe('Azure DevOps', () => {
  const rules: ForgeRules & { protocol: 0 } = {
    protocol: 0,
    refuse(request, body): Refusal | undefined {
      if (lacksAuthorization(request))
        return { status: 203, headers: HTML, body: '<h1>Sign in</h1>' }
      if (request.url?.includes('.git/')) return { status: 404, headers: HTML, body: 'TF401019' }
      if (request.method === 'POST' && !/ multi_ack[ \n]/.test(body.toString())) {
        return {
          status: 400,
          headers: { 'content-type': 'text/plain' },
          body: 'TF401041: multi_ack',
        }
      }
      return undefined
    },
    // A name of the same length: it has only the older of the two.
    rewrite: (advertisement) =>
      Buffer.from(
        advertisement.toString('latin1').replace('multi_ack_detailed', 'no-such-capability'),
        'latin1',
      ),
  }
  const place = 'org/My Project/_git/my repo'

  test('serves who asks for multi_ack, at a path with spaces', async (t) => {
    const hosted = await host(t, place, rules)
    for (const written of [place, place.replaceAll(' ', '%20')]) {
      await assertServes(open(t, `${hosted.forge.url}/${written}`, BASIC), hosted)
    }
    assert.match(hosted.forge.requests[0]?.url ?? '', /^\/org\/My%20Project\/_git\/my%20repo\/info/)
  })

  test('wants credentials by a page of status 203, and no .git', async (t) => {
    const { forge } = await host(t, place, rules)
    const url = `${forge.url}/${place}`
    const wants =
      /my%20repo wants credentials \(203 .* no credentials are given for it in CREDENTIALS_PATH/
    await assertRefused(open(t, url), 'authentication-required', wants)
    const suffix = /my%20repo\.git \(404 Not Found\).*Azure DevOps .* only without \.git/
    await assertRefused(open(t, `${url}.git`, BASIC), 'repository-not-found', suffix)
  })
})

describe('CodeCommit', () => {
  test('wants a Content-Length, and no .git', async (t) => {
    const hosted = await host(t, 'v1/repos/app', {
      refuse({ method, url, headers }) {
        if (url?.includes('.git/')) return { status: 404 }
        const isBare = method === 'POST' && headers['content-length'] === undefined
        return isBare || headers['transfer-encoding'] ? { status: 411 } : undefined
      },
    })
    const url = `${hosted.forge.url}/v1/repos/app`
    await assertServes(open(t, url), hosted)
    await assertRefused(
      open(t, `${url}.git`),
      'repository-not-found',
      /CodeCommit .* without \.git/,
    )
  })
})

describe('Gerrit', () => {
  const challenge = (value: string) => ({ status: 401, headers: { 'www-authenticate': value } })

  test('serves who is authenticated below /a/', async (t) => {
    const hosted = await host(t, 'platform/core', {
      route: (asked) => asked.replace(/^\/a\//, '/'),
      refuse: (request) =>
        request.url?.startsWith('/a/') && lacksAuthorization(request)
          ? challenge('Digest realm="Gerrit", nonce="n, Basic", Basic realm="Gerrit"')
          : undefined,
    })
    await assertServes(open(t, `${hosted.forge.url}/platform/core`), hosted)
    await assertServes(open(t, `${hosted.forge.url}/a/platform/core`, BASIC), hosted)
    const wants = /\/a\/platform\/core wants credentials \(401 Unauthorized\)/
    await assertRefused(
      open(t, `${hosted.forge.url}/a/platform/core`),
      'authentication-required',
      wants,
    )
  })

  test('that takes only Digest is said to', async (t) => {
    const digest = challenge('Digest realm="Gerrit, Basic", qop="auth", nonce="n"')
    const { forge } = await host(t, 'platform/core', { refuse: () => digest })
    const words = /takes only Digest authentication \(401 Unauthorized\), which is not supported/
    await assertRefused(
      open(t, `${forge.url}/a/platform/core`, BASIC),
      'authentication-required',
      words,
    )
  })
})

describe('Bitbucket Server', () => {
  for (const protocol of [0, 2] as const) {
    test(`names no service before its refs, in protocol ${protocol}`, async (t) => {
      const hosted = await host(t, 'scm/team/app.git', {
        protocol,
        rewrite: (advertisement) => {
          const text = advertisement.toString('latin1')
          return Buffer.from(
            text.replace(/^[0-9a-f]{4}# service=git-upload-pack\n0000/, ''),
            'latin1',
          )
        },
      })
      await assertServes(open(t, `${hosted.forge.url}/scm/team/app.git`), hosted)
    })
  }
})

describe('Gitea', () => {
  test('wants credentials for what is private, and takes a token as user name', async (t) => {
    const token = `Basic ${Buffer.from('token:').toString('base64')}`
    const hosted = await host(t, 'team/app.git', {
      refuse: ({ headers }) =>
        headers.authorization === token
          ? undefined
          : {
              status: 401,
              headers: { 'www-authenticate': 'Basic realm="Gitea"', 'content-type': 'text/plain' },
              body: 'Unauthorized\n',
            },
    })
    const url = `${hosted.forge.url}/team/app.git`
    await assertServes(open(t, url, token), hosted)
    const wants = /wants credentials.*it said: Unauthorized$/
    await assertRefused(open(t, url), 'authentication-required', wants)
  })
})

describe('GitLab', () => {
  test('knows no private repository without credentials', async (t) => {
    const hosted = await host(t, 'team/app.git', {
      refuse: (request) =>
        lacksAuthorization(request)
          ? { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not found' }
          : undefined,
    })
    const url = `${hosted.forge.url}/team/app.git`
    await assertServes(open(t, url, BASIC), hosted)
    const words = /team\/app\.git \(404 Not Found\), or it is private: many servers answer so/
    await assertRefused(open(t, url), 'repository-not-found', words)
  })

  test('redirects to its sign-in page', async (t) => {
    const { forge } = await host(t, 'team/app.git', {
      refuse: ({ url }) =>
        url === '/users/sign_in'
          ? { status: 200, headers: HTML, body: '<html>Sign in</html>' }
          : { status: 302, headers: { location: '/users/sign_in' } },
    })
    const words =
      /sign-in page http:.*\/users\/sign_in: the repository may be private, or not exist/
    await assertRefused(open(t, `${forge.url}/team/app`), 'authentication-required', words)
  })
})

describe('GitHub', () => {
  const reset = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 1800) }
  const rows: [what: string, refusal: Refusal, retryAfterMs: number | undefined][] = [
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '60' } }, 60_000],
    ['403 with Retry-After', { status: 403, headers: { 'retry-after': '90' } }, 90_000],
    ['403 with a reset', { status: 403, headers: reset }, 1_800_000],
    ['429 with a reset', { status: 429, headers: reset }, 1_800_000],
    ['Retry-After wins', { status: 403, headers: { ...reset, 'retry-after': '5' } }, 5_000],
    [
      'words only',
      {
        status: 403,
        headers: { 'content-type': 'text/plain' },
        body: 'You have exceeded a secondary rate limit.',
      },
      undefined,
    ],
  ]
  for (const [what, refusal, retryAfterMs] of rows) {
    test(`limits the rate: ${what}`, async (t) => {
      const { url } = await startHttpServer(t, (_, response) => {
        response.writeHead(refusal.status, refusal.headers).end(refusal.body)
      })
      await assert.rejects(open(t, `${url}/a/b.git`).listRefs(['HEAD'], signal), (error) => {
        failsWith('rate-limited', /asks for fewer requests/)(error)
        assert.ok(error instanceof SyncError)
        assert.equal(error.retryAfterMs, retryAfterMs)
        return true
      })
    })
  }
})

test('a server of plain files is told apart', async (t) => {
  const { url } = await startHttpServer(t, (_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
    response.end(`${'1'.repeat(40)}\trefs/heads/main\n`)
  })
  const words = /served as plain files \(the dumb HTTP protocol\).*git http-backend$/
  await assertRefused(open(t, `${url}/repo.git`), 'not-a-git-server', words)
})
