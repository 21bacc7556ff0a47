// The requests that the server was sent, once more and with nothing done with the answers: what an
// update costs that is not ours.
import http from 'node:http'
import { text } from 'node:stream/consumers'
import type { TestScope } from '../helpers/at-end.js'

/** A request as the server got it. */
export interface SentRequest {
  method: string
  /** With the query. */
  path: string
  headers: http.IncomingHttpHeaders
  /** In base64. */
  body: string
}

/** Sends requests over one connection, which is kept. */
export class Replay {
  readonly #url: string
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 })

  constructor(scope: TestScope, url: string) {
    this.#url = url
    scope.after(() => this.#agent.destroy())
  }

  /** Sends one request after the other; milliseconds until the last byte of the last answer. */
  async ms(requests: readonly SentRequest[]): Promise<number> {
    const startedAt = performance.now()
    for (const request of requests) await this.#send(request)
    return performance.now() - startedAt
  }

  async #send({ body, headers, method, path }: SentRequest): Promise<void> {
    const { host: _, connection: __, ...sent } = headers
    const request = http.request(this.#url, { agent: this.#agent, method, path, headers: sent })
    const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
      request.once('response', resolve).once('error', reject)
    })
    request.end(Buffer.from(body, 'base64'))
    const response = await answered
    const answer = await text(response.setEncoding('latin1'))
    if (response.statusCode !== 200) {
      throw new Error(`${method} ${path} answered ${response.statusCode} ${answer.slice(0, 200)}`)
    }
  }
}
