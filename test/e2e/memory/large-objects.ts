// A repository whose Git LFS objects are large together, each made as it is sent.
import { createHash } from 'node:crypto'
import path from 'node:path'
import { Readable } from 'node:stream'
import { type TestScope, tempDir } from '../../helpers/git.js'
import { commitFiles } from '../../helpers/git-commit.js'
import { startGitServer } from '../../helpers/git-http-server.js'
import { createRepo } from '../../helpers/test-repo.js'

const PIECE_BYTES = 2 ** 20

/** Serves `count` objects of `bytes` each, up to 1 MiB or a multiple of it; returns the URL of the repository. */
export async function serveLargeObjects(
  t: TestScope,
  { count, bytes }: { count: number; bytes: number },
): Promise<string> {
  const root = tempDir(t)
  const objects = new Map<string, number>()
  for (let n = 0; n < count; n++) {
    const hash = createHash('sha256')
    for (const piece of contentOf(n, bytes)) hash.update(piece)
    objects.set(hash.digest('hex'), n)
  }
  const pointers = [...objects].map(([oid, n]) => [
    `${n}.bin`,
    `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${bytes}\n`,
  ])
  const repo = createRepo(path.join(root, 'one'), { bare: true })
  const attributes = { '.gitattributes': '*.bin filter=lfs -text\n' }
  const head = commitFiles(repo, { ...attributes, ...Object.fromEntries(pointers) })
  repo.git('update-ref', 'refs/heads/main', head)
  const server = await startGitServer(t, {
    root,
    async onRequest(request, response) {
      const asked = request.url ?? ''
      const number = objects.get(path.basename(asked))
      if (number !== undefined) {
        Readable.from(contentOf(number, bytes)).pipe(response)
        return true
      }
      if (!asked.endsWith('/objects/batch')) return false
      const href = (oid: string) => `${server.url}/objects/${oid}`
      const answers = [...objects.keys()].map((oid) => ({
        ...{ oid, size: bytes },
        actions: { download: { href: href(oid) } },
      }))
      response.setHeader('content-type', 'application/vnd.git-lfs+json')
      request.resume().once('end', () => response.end(JSON.stringify({ objects: answers })))
      return true
    },
  })
  return `${server.url}/one`
}

function* contentOf(number: number, bytes: number): Generator<Buffer> {
  const piece = Buffer.alloc(Math.min(PIECE_BYTES, bytes), `object ${number}\n`)
  for (let sent = 0; sent < bytes; sent += piece.length) yield piece
}
