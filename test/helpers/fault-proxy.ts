// A proxy in front of a git server that answers with every fault a network or a server can
// have, as a test chooses; every request is on record with its time.
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodePkt, FLUSH } from '../../src/git/pkt-line.js'
import type { TestScope } from './git.js'
import { startHttpServer } from './http-server.js'

/** What the git server answers. */
interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
}

interface Exchange {
  response: ServerResponse
  /** Asks the git server. */
  ask: () => Promise<Answer>
}

/** Every fault, by what happens. */
export const FAULTS = {
  /** The connection is reset before a byte of an answer. */
  reset: ({ response }) => void response.socket?.resetAndDestroy(),
  'reset in the head': ({ response }) => {
    response.socket?.write('HTTP/1.1 200 OK\r\nContent-Type: appl')
    setImmediate(() => response.socket?.destroy())
  },
  'reset in the body': async ({ response, ask }) => {
    const body = writeHead(response, await ask())
    response.write(body.subarray(0, body.length / 2))
    setImmediate(() => response.socket?.resetAndDestroy())
  },
  /** Nothing comes until the client loses its patience. */
  stall: () => undefined,
  'stall in the body': async ({ response, ask }) => {
    const body = writeHead(response, await ask())
    response.write(body.subarray(0, body.length - 1))
  },
  /** The answer ends in good order, but too early. */
  truncation: async ({ response, ask }) => {
    const body = writeHead(response, await ask())
    response.end(body.subarray(0, body.length * 0.7))
  },
  'a flipped bit': async ({ response, ask }) => {
    const body = writeHead(response, await ask())
    const flipped = Buffer.from(body)
    const at = Math.floor(body.length * 0.8)
    flipped[at] = (flipped[at] ?? 0) ^ 4
    response.end(flipped)
  },
  500: ({ response }) => void response.writeHead(500).end('out of order'),
  502: ({ response }) => void response.writeHead(502, HTML).end('<h1>Bad Gateway</h1>'),
  503: ({ response }) => void response.writeHead(503, { 'retry-after': '1' }).end(),
  429: ({ response }) => void response.writeHead(429, { 'retry-after': '1' }).end(),
  'a garbage body': async ({ response, ask }) => {
    const body = writeHead(response, await ask())
    response.end(Buffer.from(body.map((byte, index) => byte ^ (index * 151 + 7))))
  },
  'garbage pkt-lines': async ({ response, ask }) => {
    writeHead(response, await ask())
    const lines = ['version 9\n', '\x01PACK\0\0\0\x02\0\0\0\x01?', 'packfile\n', '\x03no more\n']
    response.end(Buffer.concat([...lines.map((line) => encodePkt(line)), FLUSH]))
  },
  'an empty body': async ({ response, ask }) => {
    writeHead(response, await ask())
    response.end()
  },
  'another content type': async ({ response, ask }) => {
    const answer = await ask()
    response.writeHead(answer.status, HTML).end(answer.body)
  },
  'a web page': ({ response }) => void response.writeHead(200, HTML).end('<h1>Sign in</h1>'),
  /** All of the answer, slowly. */
  drip: async ({ response, ask }) => {
    const body = writeHead(response, await ask())
    for (let part = 0; part < DRIPS && !response.destroyed; part++) {
      const [start, end] = [part, part + 1].map((each) => Math.ceil((body.length * each) / DRIPS))
      response.write(body.subarray(start, end))
      await sleep(10)
    }
    response.end()
  },
} as const satisfies Record<string, (exchange: Exchange) => void | Promise<void>>

export type Fault = keyof typeof FAULTS

export const FAULT_NAMES = Object.keys(FAULTS) as Fault[]

const HTML = { 'content-type': 'text/html' }
const DRIPS = 30

export interface ProxiedRequest {
  path: string
  /** Milliseconds, as `performance.now()`. */
  at: number
  fault: Fault | undefined
}

export interface FaultProxy {
  /** Without a slash at its end. */
  readonly url: string
  readonly requests: ProxiedRequest[]
  /** The fault of the next request, if any; may be changed while it runs. */
  choose: (request: IncomingMessage) => Fault | undefined
}

/** Starts a proxy before the server at `upstream`, without faults; it is closed after the test. */
export async function startFaultProxy(t: TestScope, upstream: string): Promise<FaultProxy> {
  const requests: ProxiedRequest[] = []
  const server = await startHttpServer(t, async (request, response) => {
    const fault = proxy.choose(request)
    requests.push({ path: request.url ?? '/', at: performance.now(), fault })
    const exchange = { response, ask: () => ask(request, upstream) }
    try {
      if (fault) await FAULTS[fault](exchange)
      else response.end(writeHead(response, await exchange.ask()))
    } catch (error) {
      response.destroy(error instanceof Error ? error : undefined)
    }
  })
  const proxy: FaultProxy = { url: server.url, requests, choose: () => undefined }
  return proxy
}

/** Begins the answer as the git server did; returns the body that belongs to it. */
function writeHead(response: ServerResponse, { status, headers, body }: Answer): Buffer {
  const { 'content-type': type = 'text/plain' } = headers
  response.writeHead(status, { 'content-type': type })
  return body
}

/** Passes a request on, and returns all of its answer. */
async function ask(request: IncomingMessage, upstream: string): Promise<Answer> {
  const body = Buffer.concat((await request.toArray()) as Buffer[])
  return new Promise((resolve, reject) => {
    const { method, headers } = request
    const passed = http.request(new URL(request.url ?? '/', upstream), { method, headers })
    passed.on('error', reject)
    passed.on('response', async (response) => {
      try {
        const chunks = (await response.toArray()) as Buffer[]
        const status = response.statusCode ?? 0
        resolve({ status, headers: response.headers, body: Buffer.concat(chunks) })
      } catch (error) {
        reject(error)
      }
    })
    passed.end(body)
  })
}
