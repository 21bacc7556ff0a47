// What sends our HTTP requests has the shape of isomorphic-git's HttpClient: the library
// itself talks through it.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import git from 'isomorphic-git'
import { createHttpClient } from '../../../src/transport/http/undici-client.js'
import { atEnd } from '../../helpers/at-end.js'
import { createRepo, tempDir } from '../../helpers/git.js'
import { startGitServer } from '../../helpers/git-http-server.js'

test('isomorphic-git lists refs over HTTP', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'one'))
  const oid = repo.commit('first', { file: '1' })
  const server = await startGitServer(t, { root: dir })
  const http = createHttpClient({ idleTimeoutMs: 60_000 })
  atEnd(t, () => http.close())
  const url = `${server.url}/one`
  const refs = await git.listServerRefs({ http: http as never, url, prefix: 'refs/heads/' })
  assert.deepEqual(
    refs.map((ref) => [ref.ref, ref.oid]),
    [['refs/heads/main', oid]],
  )
})
