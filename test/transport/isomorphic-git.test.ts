// The seam to the network has the shape of isomorphic-git's HttpClient: the library
// itself talks through both transports.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import git from 'isomorphic-git'
import { createLocalClient } from '../../src/remote/disk/local.js'
import { createHttpClient } from '../../src/transport/http/client.js'
import type { HttpClient } from '../../src/transport/http/http-client.js'
import { atEnd } from '../helpers/at-end.js'
import { createRepo, tempDir } from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'

/** What isomorphic-git, which knows http only, asks of `from` is asked of `to`. */
function relocated(client: HttpClient, from: string, to: string): HttpClient {
  return {
    request: (request) => client.request({ ...request, url: request.url.replace(from, to) }),
  }
}

test('isomorphic-git lists refs over HTTP and of a local repository', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'one'))
  const oid = repo.commit('first', { file: '1' })
  const server = await startGitServer(t, { root: dir })
  const client = createHttpClient({ idleTimeoutMs: 10_000 })
  atEnd(t, () => client.close())
  const url = `${server.url}/one`
  const local = relocated(createLocalClient(), url, pathToFileURL(repo.dir).href)
  for (const http of [client, local]) {
    const refs = await git.listServerRefs({ http: http as never, url, prefix: 'refs/heads/' })
    assert.deepEqual(
      refs.map((ref) => [ref.ref, ref.oid]),
      [['refs/heads/main', oid]],
    )
  }
})
