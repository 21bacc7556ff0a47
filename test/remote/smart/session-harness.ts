// Sessions with a real git server.

import path from 'node:path'
import type { FetchedPack, RemoteSession } from '../../../src/remote/remote-session.js'
import { SmartSession } from '../../../src/remote/smart/smart-session.js'
import { type Authorize, withAuthorization } from '../../../src/transport/http/authorized-client.js'
import type { HttpClient } from '../../../src/transport/http/http-client.js'
import { createResponseCheck } from '../../../src/transport/http/response-check.js'
import { createHttpTransport } from '../../../src/transport/http/transport.js'
import { createHttpClient } from '../../../src/transport/http/undici-client.js'
import { atEnd } from '../../helpers/at-end.js'
import {
  createRepo,
  type RepoOptions,
  type TestRepo,
  type TestScope,
  tempDir,
} from '../../helpers/git.js'
import {
  type GitServer,
  type GitServerOptions,
  startGitServer,
} from '../../helpers/git-http-server.js'
import { refsBounds } from '../../helpers/memory.js'

/** What is asked for where it does not matter. */
export const PREFIXES = ['HEAD', 'refs/heads/main', 'refs/tags/v1']
/** Never aborts. */
export const signal = new AbortController().signal

/** What {@link serve} gives. */
export interface Served {
  repo: TestRepo
  server: GitServer
  session: RemoteSession
}

/** A repository, a server for its folder, and a session with it. */
export async function serve(
  t: TestScope,
  options: Partial<GitServerOptions> & RepoOptions = {},
): Promise<Served> {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'repo.git'), { bare: true, ...options })
  const server = await startGitServer(t, { root, ...options })
  return { repo, server, session: createSession(t, `${server.url}/repo.git`) }
}

/** A session with the repository at `url`; it ends with the test. */
export function createSession(
  t: TestScope,
  url: string,
  authorize: Authorize = async () => ({}),
  now = Date.now,
): RemoteSession {
  const client = createHttpClient({ idleTimeoutMs: 60_000 })
  atEnd(t, () => client.close())
  return sessionOver(client, url, authorize, now)
}

/** A session over HTTP, as the service would have it. */
export function sessionOver(
  client: HttpClient,
  url: string,
  authorize: Authorize,
  now = Date.now,
): RemoteSession {
  const check = createResponseCheck(now)
  const transport = createHttpTransport({
    url,
    client: withAuthorization(client, url, authorize),
    check,
    loginAt: () => ({ client, check, hasCredentials: async () => false }),
  })
  return new SmartSession(transport, refsBounds())
}

/** What the server was asked since the last call. */
export function takeRequests({ requests }: GitServer): string[] {
  return requests.splice(0).map(({ method, path: asked }) => `${method} ${asked}`)
}

/** What {@link takeRequests} gives of a discovery, and of any other request. */
export const GET = 'GET /repo.git/info/refs?service=git-upload-pack'
export const POST = 'POST /repo.git/git-upload-pack'

/** A pack, received whole. */
export async function bytesOf({ chunks }: FetchedPack): Promise<Buffer> {
  const received: Buffer[] = []
  for await (const chunk of chunks) received.push(chunk)
  return Buffer.concat(received)
}

/** Fetches commits whole. */
export async function fetchPack(session: RemoteSession, ...wants: string[]): Promise<Buffer> {
  return bytesOf(await session.fetch({ wants, haves: [], thinPack: false }, signal))
}

/** The first commit of {@link fill}. */
export const FILES = { 'a.txt': 'a', 'folder/b.txt': 'b'.repeat(5000), empty: '' }

/** Commits, of which only the last is the tip of a branch, and an annotated tag of the second. */
export function fill(repo: TestRepo): { first: string; second: string; tip: string; tag: string } {
  const first = repo.commit('first', FILES)
  const second = repo.commit('second', { 'a.txt': 'changed' })
  repo.git('tag', '-a', '-m', 'annotated', 'v1')
  const tip = repo.commit('third', { 'folder/b.txt': `${'b'.repeat(5000)}, and more` })
  return { first, second, tip, tag: repo.oid('v1') }
}
