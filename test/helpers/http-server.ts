// A bare HTTP server for what a git server does not do by itself.
import http, { type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestScope } from './at-end.js'
import { atEnd } from './at-end.js'

export interface TestServer {
  /** Without a slash at its end. */
  readonly url: string
  readonly requests: IncomingMessage[]
  /** TCP connections accepted so far. */
  readonly connections: number
  readonly server: http.Server
}

/** Starts `listener` on a free port of 127.0.0.1; it is closed after the test. */
export async function startHttpServer(
  t: TestScope,
  listener: RequestListener,
): Promise<TestServer> {
  const requests: IncomingMessage[] = []
  let connections = 0
  const server = http.createServer((request, response) => {
    requests.push(request)
    listener(request, response)
  })
  server.keepAliveTimeout = 0
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  atEnd(t, () => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    server,
    get connections() {
      return connections
    },
  }
}
