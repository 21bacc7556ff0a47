// An HTTP proxy as companies have them: tunnels by CONNECT, plain requests by their
// whole URL, and credentials of its own. Names are resolved by the test.
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https, { type ServerOptions } from 'node:https'
import net, { type AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TestScope } from './at-end.js'
import { atEnd } from './at-end.js'

export interface ForwardProxyOptions {
  /** `user:password` that every request must bring. */
  auth?: string
  /** Makes it an `https://` proxy. */
  tls?: ServerOptions
  /** The port of 127.0.0.1 that stands for `host:port`; undefined: a bad gateway. */
  resolve?: (authority: string) => number | undefined
}

export interface ForwardProxy {
  /** Without credentials. */
  readonly url: string
  readonly port: number
  /** What was asked for, such as `CONNECT git.example:443` or `GET http://git.example/`. */
  readonly asked: string[]
  /** The headers of every request. */
  readonly headers: http.IncomingHttpHeaders[]
  /** Answers every request with this status, while set. */
  refusal: number | undefined
  /** The credentials that it wants; may be changed while it runs. */
  auth: string | undefined
}

/** Starts a proxy on a free port of 127.0.0.1; it is closed after the test. */
export async function startForwardProxy(
  t: TestScope,
  options: ForwardProxyOptions = {},
): Promise<ForwardProxy> {
  const { tls, resolve = ownPort } = options
  const asked: string[] = []
  const headers: http.IncomingHttpHeaders[] = []
  const sockets = new Set<Duplex>()

  /** The status that a request is refused with, or the port it may go to. */
  function admit(request: IncomingMessage, authority: string): { status: number } | number {
    asked.push(`${request.method} ${request.url}`)
    headers.push(request.headers)
    if (proxy.refusal !== undefined) return { status: proxy.refusal }
    const wanted = proxy.auth && `Basic ${Buffer.from(proxy.auth).toString('base64')}`
    if (wanted && request.headers['proxy-authorization'] !== wanted) return { status: 407 }
    return resolve(authority) ?? { status: 502 }
  }

  function pass(request: IncomingMessage, response: ServerResponse): void {
    const { host, port, pathname, search } = new URL(request.url ?? '')
    const target = admit(request, port ? host : `${host}:80`)
    if (typeof target !== 'number') return void response.writeHead(target.status).end()
    const { 'proxy-authorization': _, ...passed } = request.headers
    const { method } = request
    const onward = http.request({ port: target, method, path: pathname + search, headers: passed })
    onward.on('error', () => response.destroy())
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(response)
    })
    request.pipe(onward)
  }

  function tunnel(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const target = admit(request, request.url ?? '')
    socket.on('error', () => undefined)
    if (typeof target !== 'number') {
      const reason = http.STATUS_CODES[target.status]
      socket.end(`HTTP/1.1 ${target.status} ${reason}\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    const onward = net.connect(target, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.write(head)
      onward.pipe(socket).pipe(onward)
    })
    onward.on('error', () => socket.destroy())
    socket.on('close', () => onward.destroy())
  }

  const server = tls ? https.createServer(tls, pass) : http.createServer(pass)
  server.on('connect', tunnel)
  server.on('connection', (socket: Duplex) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  atEnd(t, () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`
  const proxy: ForwardProxy = {
    url,
    port,
    asked,
    headers,
    refusal: undefined,
    auth: options.auth,
  }
  return proxy
}

/** Every name is this machine. */
function ownPort(authority: string): number {
  return Number(/\d+$/.exec(authority)?.[0])
}
