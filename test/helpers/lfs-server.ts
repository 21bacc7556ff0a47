// A real server of Git LFS beside a git server: the batch API and objects over HTTP, with logins,
// expiry, and the faults that a test asks for. Real git-lfs pushes to it.
// https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import { promisify } from 'node:util'
import { gitEnvironment, type TestScope } from './git.js'
import { type GitServer, type RequestHook, startGitServer } from './git-http-server.js'
import { createRepo, type TestRepo } from './test-repo.js'

/** One object in an answer of the batch API. */
export interface BatchObject {
  oid: string
  size: number
  actions?: Record<string, { href: string; header?: Record<string, string> } & Expiry> | undefined
  /** A number as its code, where a server keeps to the API. */
  error?: { code: unknown; message: string }
}

interface Expiry {
  expires_in?: number
  expires_at?: string
}

export interface LfsServer {
  readonly git: GitServer
  /** What was pushed, by its oid. */
  readonly objects: Map<string, Buffer>
  /** Of each batch, which objects were asked for. */
  readonly batches: string[][]
  /** The objects that were downloaded, in order. */
  readonly downloads: { oid: string; authorization: string | undefined }[]
  /** `user:password` that the batch API wants. */
  auth: string | undefined
  /** Changes an answer of the batch API. */
  onBatch: ((object: BatchObject, request: IncomingMessage) => BatchObject) | undefined
  /** Answers in place of the batch API, or of the download of an object, where it returns true. */
  onRequest: RequestHook | undefined
}

const OBJECT = /^\/lfs-objects\/([0-9a-f]{64})$/

/** Starts a server for the repositories in `root`; it is closed after the test. */
export async function startLfsServer(
  t: TestScope,
  root: string,
  protocol: 0 | 2 = 2,
): Promise<LfsServer> {
  const hook: RequestHook = async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://host')
    const isLfs = pathname.includes('/info/lfs/') || OBJECT.test(pathname)
    if (!isLfs) return false
    if (await server.onRequest?.(request, response)) return true
    await serve(server, pathname, request, response)
    return true
  }
  const server: LfsServer = {
    git: await startGitServer(t, { root, protocol, onRequest: hook }),
    objects: new Map(),
    batches: [],
    downloads: [],
    auth: undefined,
    onBatch: undefined,
    onRequest: undefined,
  }
  return server
}

async function serve(
  server: LfsServer,
  pathname: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { auth, objects } = server
  const [, oid] = OBJECT.exec(pathname) ?? []
  const login = request.headers.authorization
  if (oid !== undefined && request.method === 'PUT') {
    const body = await bodyOf(request)
    if (createHash('sha256').update(body).digest('hex') === oid) objects.set(oid, body)
    response.writeHead(200).end()
  } else if (oid !== undefined) {
    server.downloads.push({ oid, authorization: login })
    const body = objects.get(oid)
    response.writeHead(body ? 200 : 404).end(body)
  } else if (!pathname.endsWith('/objects/batch')) {
    response.writeHead(404).end()
  } else if (auth !== undefined && login !== `Basic ${Buffer.from(auth).toString('base64')}`) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="lfs"' }).end()
  } else {
    const wanted = JSON.parse((await bodyOf(request)).toString())
    const answers = answer(server, wanted).map((each) => server.onBatch?.(each, request) ?? each)
    response.writeHead(200, { 'content-type': 'application/vnd.git-lfs+json' })
    response.end(JSON.stringify({ transfer: 'basic', objects: answers }))
  }
}

function answer(
  { batches, git, objects }: LfsServer,
  { operation, objects: wanted }: { operation: string; objects: BatchObject[] },
): BatchObject[] {
  if (operation === 'download') batches.push(wanted.map(({ oid }) => oid))
  return wanted.map(({ oid, size }) => {
    const href = `${git.url}/lfs-objects/${oid}`
    if (operation === 'upload') return { oid, size, actions: { upload: { href } } }
    return objects.has(oid)
      ? { oid, size, actions: { download: { href } } }
      : { oid, size, error: { code: 404, message: 'Object does not exist' } }
  })
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** A repository with Git LFS, and what pushes to the server that serves it. */
export interface LfsRepo {
  /** Where commits are made. */
  work: TestRepo
  /** Where they are pushed to. */
  bare: TestRepo
  url: string
  /** Pushes `main`, and its objects. */
  push(): Promise<string>
  /** What real git and git-lfs check out. */
  clone(to: string, ...options: string[]): Promise<void>
}

/** Creates a repository `name` in the folder of a server, with `*.bin` in Git LFS. */
export function createLfsRepo(server: LfsServer, root: string, name: string): LfsRepo {
  const bare = createRepo(path.join(root, name), { bare: true })
  bare.git('config', 'http.receivepack', 'true')
  const work = createRepo(`${path.join(path.dirname(root), name)}-work`)
  work.git('lfs', 'install', '--local')
  const url = `${server.git.url}/${name}`
  work.git('remote', 'add', 'origin', url)
  work.write({ '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n' })
  const login = () => {
    const { auth } = server
    return auth === undefined
      ? []
      : ['-c', `url.${withLogin(server, auth)}.insteadOf=${server.git.url}`]
  }
  return {
    work,
    bare,
    url,
    async push() {
      await runGit(work.dir, [
        ...login(),
        'push',
        '-q',
        '--force',
        'origin',
        'HEAD:refs/heads/main',
      ])
      return work.oid('HEAD')
    },
    clone: (to, ...options) => gitWithLfs(root, ...login(), 'clone', '-q', ...options, url, to),
  }
}

/** Runs real git, which makes files of pointers where it checks them out. */
export async function gitWithLfs(cwd: string, ...args: string[]): Promise<void> {
  const filter = { process: 'git-lfs filter-process', smudge: 'git-lfs smudge -- %f' }
  const filters = Object.entries(filter).map(([key, value]) => `filter.lfs.${key}=${value}`)
  const config = [...filters, 'filter.lfs.required=true'].flatMap((each) => ['-c', each])
  await runGit(cwd, [...config, ...args])
}

function withLogin({ git }: LfsServer, auth: string): string {
  return git.url.replace('://', `://${auth}@`)
}

/** Runs git while this process serves it. */
async function runGit(cwd: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)('git', args, { cwd, env: gitEnvironment() })
}
