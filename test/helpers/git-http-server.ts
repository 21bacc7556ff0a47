// A real git server over HTTP: `git http-backend` as CGI over a folder of
// repositories, with every request and TCP connection on record.
// https://git-scm.com/docs/git-http-backend
import { spawn } from 'node:child_process'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https, { type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import path from 'node:path'
import { atEnd, type TestScope } from './at-end.js'
import { git, gitEnvironment } from './git-command.js'

/** As `git http-backend` would start it, but without a process in between. */
const BACKEND = path.join(git('.', '--exec-path'), 'git-http-backend')

const MAX_BODY = 64 * 1024

/** One request as the server saw it; the byte counts grow while it lasts. */
export interface ServedRequest {
  method: string
  /** With the query. */
  path: string
  /** `git-upload-pack`, or the empty string. */
  service: string
  /** The Git-Protocol header, or the empty string. */
  protocol: string
  headers: http.IncomingHttpHeaders
  /** Body bytes. */
  bytesIn: number
  bytesOut: number
  /** The body, each byte a character; of a long one, about the first 64 KiB. */
  body: string
  /** When it came, as Date.now() has it. */
  at: number
  /** Counts TCP connections from 1. */
  connectionId: number
}

/** Answers a request in place of git when it returns true. */
export type RequestHook = (
  request: IncomingMessage,
  response: ServerResponse,
) => boolean | Promise<boolean>

export interface GitServerOptions {
  /** The folder whose repositories are served. */
  root: string
  /** 0 keeps the Git-Protocol header from git. @default 2 */
  protocol?: 0 | 2
  /** Asked first for every request. */
  onRequest?: RequestHook
  /** Further headers of every response of git. */
  headers?: Record<string, string>
  /** @default any free one */
  port?: number
  /** `user:password`; any other Basic credential is answered with 401. */
  auth?: string
  /** @default plain HTTP */
  tls?: ServerOptions
}

export interface GitServer {
  /** Without a slash at its end. */
  readonly url: string
  readonly requests: ServedRequest[]
  /** TCP connections accepted so far. */
  readonly connections: number
  /** May be set, changed and taken away while the server runs. */
  onRequest: RequestHook | undefined
  close(): Promise<void>
}

/** Starts a server on a port of 127.0.0.1; it is closed after the test. */
export async function startGitServer(t: TestScope, options: GitServerOptions): Promise<GitServer> {
  const connectionIds = new WeakMap<Socket, number>()
  const requests: ServedRequest[] = []
  let connections = 0
  let hook = options.onRequest

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const record = recordOf(request, connectionIds.get(request.socket) ?? 0)
    requests.push(record)
    countBytes(request, response, record)
    try {
      if (await hook?.(request, response)) return
      if (!isAuthorized(request, options.auth)) {
        response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end('Unauthorized')
        return
      }
      runBackend(request, response, options)
    } catch (error) {
      response.destroy(error instanceof Error ? error : undefined)
    }
  }
  const server = options.tls ? https.createServer(options.tls, answer) : http.createServer(answer)
  // Clients decide how long a connection is kept.
  server.keepAliveTimeout = 0
  server.on('connection', (socket) => connectionIds.set(socket, ++connections))
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))

  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
  }
  atEnd(t, close)
  return {
    url: `http${options.tls ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get connections() {
      return connections
    },
    get onRequest() {
      return hook
    },
    set onRequest(next) {
      hook = next
    },
    close,
  }
}

function recordOf(request: IncomingMessage, connectionId: number): ServedRequest {
  const path = request.url ?? '/'
  const { pathname, searchParams } = new URL(path, 'http://host')
  const protocol = request.headers['git-protocol']
  return {
    method: request.method ?? '',
    path,
    service: searchParams.get('service') ?? /\/(git-[a-z-]+)$/.exec(pathname)?.[1] ?? '',
    protocol: typeof protocol === 'string' ? protocol : '',
    headers: request.headers,
    bytesIn: 0,
    body: '',
    at: Date.now(),
    bytesOut: 0,
    connectionId,
  }
}

function countBytes(request: IncomingMessage, response: ServerResponse, record: ServedRequest) {
  const { write, end } = response
  const count = (chunk: unknown) => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) {
      record.bytesOut += Buffer.byteLength(chunk)
    }
  }
  // `data` listeners would start the stream, so the pushes are counted.
  const push = request.push.bind(request)
  request.push = (chunk, encoding) => {
    if (chunk) record.bytesIn += chunk.length
    if (chunk && record.body.length < MAX_BODY) record.body += chunk.toString('latin1')
    return push(chunk, encoding)
  }
  response.write = ((...args: Parameters<typeof write>) => {
    count(args[0])
    return write.apply(response, args)
  }) as typeof write
  response.end = ((...args: Parameters<typeof end>) => {
    count(args[0])
    return end.apply(response, args)
  }) as typeof end
}

function isAuthorized(request: IncomingMessage, auth: string | undefined): boolean {
  if (auth === undefined) return true
  return request.headers.authorization === `Basic ${Buffer.from(auth).toString('base64')}`
}

function runBackend(request: IncomingMessage, response: ServerResponse, options: GitServerOptions) {
  const url = new URL(request.url ?? '/', 'http://host')
  const { headers } = request
  const header = (name: string) => headers[name]?.toString()
  const child = spawn(BACKEND, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...gitEnvironment(),
      GIT_PROJECT_ROOT: options.root,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method,
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REMOTE_ADDR: '127.0.0.1',
      CONTENT_TYPE: header('content-type') ?? '',
      // Absent for a chunked body, which git then reads to its end.
      CONTENT_LENGTH: header('content-length'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      GIT_PROTOCOL: options.protocol === 0 ? undefined : header('git-protocol'),
    },
  })
  response.on('close', () => child.kill())
  // A broken pipe: git has answered without reading all, or was killed.
  child.stdin.on('error', () => {})
  request.pipe(child.stdin)
  answerFromCgi(child.stdout, response, options.headers ?? {})
}

/** Turns CGI output, headers first, into the response. */
function answerFromCgi(
  stdout: NodeJS.ReadableStream,
  response: ServerResponse,
  extraHeaders: Record<string, string>,
) {
  let head: Buffer | undefined = Buffer.alloc(0)
  stdout.on('data', (chunk: Buffer) => {
    if (head) {
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      writeHead(response, head.toString('latin1', 0, end), extraHeaders)
      chunk = head.subarray(end + 4)
      head = undefined
    }
    if (chunk.length > 0 && !response.write(chunk)) {
      stdout.pause()
      response.once('drain', () => stdout.resume())
    }
  })
  stdout.on('end', () => {
    if (head) response.writeHead(500)
    response.end()
  })
}

function writeHead(response: ServerResponse, head: string, extraHeaders: Record<string, string>) {
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon)
    const value = line.slice(colon + 1).trim()
    if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10)
    else response.setHeader(name, value)
  }
  for (const [name, value] of Object.entries(extraHeaders)) response.setHeader(name, value)
}
