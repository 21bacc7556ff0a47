// A forge before a real git server: it answers by its own rules whatever it does not
// like, and changes what git answers.
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { TestScope } from './at-end.js'
import { startHttpServer, type TestServer } from './http-server.js'

/** What the forge says in place of git. */
export interface Refusal {
  status: number
  headers?: OutgoingHttpHeaders
  body?: string
}

export interface ForgeRules {
  /** The refusal of a request, if it has one. */
  refuse?: (request: IncomingMessage, body: Buffer) => Refusal | undefined
  /** The path of git's server that stands for a path of the forge. */
  route?: (path: string) => string
  /** Changes git's answer to `GET info/refs`. */
  rewrite?: (advertisement: Buffer) => Buffer
}

const PASSED = ['git-protocol', 'content-type', 'accept']

/** Starts a forge before the git server at `upstream`; it is closed after the test. */
export async function startForge(
  t: TestScope,
  upstream: string,
  { refuse, route = (path) => path, rewrite }: ForgeRules,
): Promise<TestServer> {
  return startHttpServer(t, async (request, response) => {
    const body = Buffer.concat((await request.toArray()) as Buffer[])
    const refusal = refuse?.(request, body)
    if (refusal) {
      response.writeHead(refusal.status, refusal.headers).end(refusal.body)
      return
    }
    const { method = 'GET', url = '/', headers } = request
    const passed = PASSED.flatMap((name) => (headers[name] ? [[name, String(headers[name])]] : []))
    const answer = await fetch(upstream + route(url), {
      method,
      headers: Object.fromEntries(passed),
      ...(method === 'POST' ? { body } : {}),
    })
    const content = Buffer.from(await answer.arrayBuffer())
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
    response.end(rewrite && method === 'GET' ? rewrite(content) : content)
  })
}
