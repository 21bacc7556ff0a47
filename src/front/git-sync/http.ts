// What git-sync serves: whether there is content yet, at every path that is nothing else.
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import { UsageError } from './command-line.js'

/** Answers a request; undefined: it is none of its own. */
export type Route = (
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<unknown> | undefined

/** What answers, by the paths that it answers at. */
export type Routes = Readonly<Record<string, Route>>

/** Serves at `host:port`, or at `:port` of every address; `onFault` is told where an answer fails. Throws where it cannot. */
export async function serve(
  bind: string,
  isReady: () => boolean,
  routes: Routes,
  onFault: (error: unknown) => void,
): Promise<http.Server> {
  const [, host = '', port] = /^(.*):(\d+)$/.exec(bind) ?? []
  if (port === undefined)
    throw new UsageError(
      `invalid flag: --http-bind must be host:port or :port, not ${JSON.stringify(bind)}`,
      1,
    )
  const server = http.createServer((request, response) => {
    request.resume()
    const [path = ''] = request.url?.split('?') ?? []
    const answered = Object.hasOwn(routes, path) ? routes[path]?.(request, response) : undefined
    answered?.catch((error: unknown) => {
      onFault(error)
      if (response.headersSent) response.destroy()
      else response.writeHead(500).end()
    })
    if (answered) return
    if (isReady()) response.end()
    else sendText(response, 503, 'repo is not ready\n')
  })
  server.unref()
  const address = host.replace(/^\[|\]$/g, '')
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port: Number(port), ...(address && { host: address }) }, resolve)
  })
  return server
}

/** Answers with plain text. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text)
}

/** Serves metrics. */
export function metricsRoutes(render: () => Promise<string>): Routes {
  return {
    '/metrics': async (_request, response) => {
      const text = await render()
      response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
      response.end(text)
    },
  }
}
