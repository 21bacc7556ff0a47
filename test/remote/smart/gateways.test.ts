// What servers and gateways make of git's answers, and real git takes all the same.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { failsWith } from '../../helpers/fails-with.js'
import type { TestScope } from '../../helpers/git.js'
import { gitEnvironment } from '../../helpers/git-command.js'
import { startHttpServer } from '../../helpers/http-server.js'
import { createSession, fetchPack, fill, PREFIXES, serve, signal } from './session-harness.js'

const execute = promisify(execFile)

interface Answer {
  status: number
  type: string
  body: Buffer
  headers?: Record<string, string>
}

interface Gateway {
  /** What it makes of an answer. */
  alter?: (answer: Answer, method: string) => Answer
  /** What it sends before an answer. */
  before?: (response: ServerResponse) => void | Promise<void>
}

/** A gateway before a real git server. */
async function startGateway(t: TestScope, { alter = (answer) => answer, before }: Gateway) {
  const { repo, server } = await serve(t)
  const gateway = await startHttpServer(t, async (request, response) => {
    const { method = 'GET', url = '' } = request
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const sent = ['content-type', 'git-protocol'].flatMap((name) => {
      const value = request.headers[name]
      return typeof value === 'string' ? [[name, value] as [string, string]] : []
    })
    const body = method === 'POST' ? Buffer.concat(chunks) : null
    const answer = await fetch(server.url + url, { method, body, headers: sent })
    const altered = alter(
      {
        status: answer.status,
        type: answer.headers.get('content-type') ?? '',
        body: Buffer.from(await answer.arrayBuffer()),
      },
      method,
    )
    await before?.(response)
    const { status, type, headers } = altered
    response.writeHead(status, { ...(type ? { 'content-type': type } : {}), ...headers })
    response.end(altered.body)
  })
  return { url: `${gateway.url}/repo.git`, gateway, ...fill(repo) }
}

const typed = (type: string): Gateway => ({
  alter: (answer, method) => (method === 'POST' ? { ...answer, type } : answer),
})
const encoded = (encoding: string, encode: (body: Buffer) => Buffer): Gateway => ({
  alter: (answer) => ({
    ...answer,
    body: encode(answer.body),
    headers: { 'content-encoding': encoding },
  }),
})

const GATEWAYS: Record<string, Gateway> = {
  'a result typed as an advertisement': typed('application/x-git-upload-pack-advertisement'),
  'a result typed as a web page': typed('text/html'),
  'a result without a type': typed(''),
  'another status of success': { alter: (answer) => ({ ...answer, status: 203 }) },
  'gzip that nobody asked for': encoded('gzip', gzipSync),
  'x-gzip that nobody asked for': encoded('X-GZip', gzipSync),
  'deflate that nobody asked for': encoded('deflate', deflateSync),
  'deflate without a header': encoded('deflate', deflateRawSync),
  'an encoding that is none': encoded('none', (body) => body),
  'two encodings': encoded('gzip, br', (body) => brotliCompressSync(gzipSync(body))),
  'an unasked 100 Continue': { before: (response) => response.writeContinue() },
  'an interim answer whose lines end as on Unix': {
    before: ({ socket }) => void socket?.write('HTTP/1.1 100 Continue\n\n'),
  },
  'several interim answers': {
    before(response) {
      response.writeContinue()
      response.writeProcessing()
      response.writeContinue()
      response.writeContinue()
    },
  },
  'an interim answer in pieces': {
    async before({ socket }) {
      for (const piece of ['H', 'TTP/1.1 10', '0 Continue\r\nx: y', '\r\n\r', '\n']) {
        socket?.write(piece)
        await nextTurn()
      }
    },
  },
}

for (const [what, gateway] of Object.entries(GATEWAYS)) {
  test(`${what} is taken, as by git`, async (t) => {
    const { url, tip } = await startGateway(t, gateway)
    const session = createSession(t, url)
    for (let polls = 0; polls < 2; polls++) {
      const refs = await session.listRefs(PREFIXES, signal)
      assert.equal(refs.find(({ name }) => name === 'HEAD')?.oid, tip)
    }
    const pack = await fetchPack(session, tip)
    assert.equal(pack.toString('latin1', 0, 4), 'PACK')
    const { stdout } = await execute('git', ['ls-remote', url, 'HEAD'], { env: gitEnvironment() })
    assert.equal(stdout, `${tip}\tHEAD\n`)
  })
}

test('a web page in place of a result is no git server', async (t) => {
  const { url } = await startGateway(t, {
    alter: (answer, method) =>
      method === 'POST' ? { status: 200, type: 'text/html', body: Buffer.from('<p>') } : answer,
  })
  const asked = createSession(t, url).listRefs(PREFIXES, signal)
  await assert.rejects(asked, failsWith('not-a-git-server', /answers with a web page/))
})

test('an encoding that is cut is told', async (t) => {
  const cut = encoded('gzip', (body) => gzipSync(body).subarray(0, -12))
  const { url } = await startGateway(t, cut)
  const asked = createSession(t, url).listRefs(PREFIXES, signal)
  await assert.rejects(asked, failsWith('protocol-error', /encoding gzip that is damaged or cut/))
})

test('encodings one over the other are not undone: each takes memory', async (t) => {
  const many = Array.from({ length: 3 }, () => 'gzip').join(', ')
  const thrice = encoded(many, (body) => gzipSync(gzipSync(gzipSync(body))))
  const { url } = await startGateway(t, thrice)
  const asked = createSession(t, url).listRefs(PREFIXES, signal)
  await assert.rejects(asked, failsWith('not-a-git-server', /encoding gzip, gzip, gzip, which/))
})

test('encodings without end are told of in few words', async (t) => {
  const many = Array.from({ length: 3000 }, () => 'br').join(',')
  const { url } = await startGateway(
    t,
    encoded(many, (body) => body),
  )
  const asked = createSession(t, url).listRefs(PREFIXES, signal)
  await assert.rejects(asked, failsWith('not-a-git-server', /encoding [br,]{200,254}…, which/))
})
