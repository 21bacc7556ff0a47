// A bare HTTPS server, whose TLS a test chooses.
import type { IncomingMessage, RequestListener } from 'node:http'
import https, { type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { TestScope } from './at-end.js'
import { atEnd } from './at-end.js'

export interface HttpsTestServer {
  /** Without a slash at its end, by the address 127.0.0.1. */
  readonly url: string
  readonly port: number
  readonly requests: IncomingMessage[]
  /** The names of the client certificates that came, one for each request; '' for none. */
  readonly clients: string[]
  /** TLS connections accepted so far. */
  readonly connections: number
  readonly server: https.Server
}

/** Starts `listener` on a free port of 127.0.0.1; it is closed after the test. */
export async function startHttpsServer(
  t: TestScope,
  options: ServerOptions,
  listener: RequestListener = (_, response) => response.end('fine'),
): Promise<HttpsTestServer> {
  const requests: IncomingMessage[] = []
  const clients: string[] = []
  let connections = 0
  const server = https.createServer(options, (request, response) => {
    requests.push(request)
    const { subject } = (request.socket as TLSSocket).getPeerCertificate()
    clients.push(String(subject?.CN ?? ''))
    listener(request, response)
  })
  server.keepAliveTimeout = 0
  server.on('secureConnection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  atEnd(t, () => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    requests,
    clients,
    server,
    get connections() {
      return connections
    },
  }
}
