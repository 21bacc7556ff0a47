// A server of every kind of failure, each of which says back what it was sent.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { encodePkt, FLUSH } from '../../src/git/pkt-line.js'
import type { TestScope } from './at-end.js'
import { startHttpServer, type TestServer } from './http-server.js'

type Answer = (request: IncomingMessage, response: ServerResponse, words: string) => void

const GIT = { 'content-type': 'application/x-git-upload-pack-advertisement' }
const DEAD = '127.0.0.1:1'

const text =
  (status: number): Answer =>
  (_request, response, words) => {
    response.writeHead(status, { 'content-type': 'text/plain' }).end(words)
  }

const redirect =
  (to: (words: string) => string): Answer =>
  (_request, response, words) => {
    response.writeHead(302, { location: to(encodeURIComponent(words)) }).end()
  }

/** By the name of the repository asked for, without a suffix. */
export const ANSWERS: Readonly<Record<string, Answer>> = {
  unauthorized: text(401),
  forbidden: text(403),
  missing: text(404),
  busy: text(429),
  broken: text(500),
  odd: text(418),
  page: (_request, response, words) => {
    response
      .writeHead(200, { 'content-type': `text/html; ${encodeURIComponent(words)}` })
      .end(words)
  },
  type: (_request, response, words) => {
    response.writeHead(200, { 'content-type': `text/${encodeURIComponent(words)}` }).end()
  },
  liar: (_request, response, words) => {
    response.writeHead(200, GIT).end(words)
  },
  refusal: (_request, response, words) => {
    response.writeHead(200, GIT)
    response.end(Buffer.concat([encodePkt(`ERR ${words}\n`), FLUSH]))
  },
  moved: redirect((words) => `http://u:${words}@${DEAD}/x?token=${words}`),
  scheme: redirect((words) => `ftp://u:${words}@${DEAD}/x?token=${words}`),
  loop: redirect((words) => `?token=${words}`),
  service: redirect((words) => `http://${DEAD}/x?service=${words}`),
  nowhere: redirect((words) => `http://[${words}`),
  cut: (_request, response) => {
    response.destroy()
  },
}

/** What is said back: the last header that may be a secret, in each form it can have. */
function wordsOf({ headers }: IncomingMessage): string[] {
  const sent = headers.cookie ?? headers['x-key']?.toString() ?? headers.authorization ?? 'nothing'
  const value = String(sent)
  const encoded = value.split(' ').at(-1) ?? ''
  const plain = value.startsWith('Basic ') ? Buffer.from(encoded, 'base64').toString() : value
  return [value, plain, encodeURIComponent(plain), Buffer.from(`x${plain}`).toString('base64')]
}

/** Starts it. A request for `/…/<answer>-<number>` gets that answer, in that form. */
export function startEchoServer(t: TestScope): Promise<TestServer> {
  return startHttpServer(t, (request, response) => {
    const [, name = '', number = '0'] = /\/(\w+)-(\d)\//.exec(request.url ?? '') ?? []
    const words = wordsOf(request)[Number(number)] ?? ''
    const answer = ANSWERS[name]
    if (answer) answer(request, response, words)
    else response.writeHead(400).end()
  })
}
