// What the page shows, as it changes: server-sent events. It is looked for changes only while
// somebody listens, and whoever reads too slowly is cut off, so that nothing piles up.
// https://html.spec.whatwg.org/multipage/server-sent-events.html
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Clock, Timer } from '../../base/clock.js'
import { redactedJson } from '../redacted-json.js'
import { changeOf } from './page-change.js'
import type { PageReport } from './page-report.js'
import type { PageSource } from './page-route.js'

/** How often it is looked for changes, in milliseconds. */
const LOOK_MS = 1000
/** After how many looks without a change something is sent: proxies cut silent connections. */
const SILENT_LOOKS = 15
/** How long a browser waits before it connects again, in milliseconds. */
const RECONNECT_MS = 3000
/** How many may listen at once; fewer where the server takes few connections. */
const MOST_LISTENERS = 50
/** How many bytes may wait for one that reads slowly, beside the first report. */
const MOST_WAITING_BYTES = 1024 * 1024

/** Adds GET /events: 200 and events without end, or 503 where too many listen. */
export function addEventsRoute(
  app: FastifyInstance,
  source: PageSource,
  { clock, maxConnections }: { clock: Pick<Clock, 'schedule'>; maxConnections: number },
): void {
  // The other connections are for probes.
  const maxListeners = Math.min(MOST_LISTENERS, Math.floor(maxConnections / 2))
  /** Of each, how many bytes its first report had. */
  const listeners = new Map<ServerResponse, number>()
  let told: PageReport | undefined
  let timer: Timer | undefined
  let silentLooks = 0

  function send(text: string): void {
    silentLooks = 0
    for (const [listener, reportBytes] of listeners) {
      if (listener.writableLength > reportBytes + MOST_WAITING_BYTES) listener.destroy()
      else listener.write(text)
    }
  }

  function look(): void {
    const now = source.page()
    const change = told && changeOf(told, now)
    told = now
    if (change) send(eventOf('change', change))
    else if (++silentLooks === SILENT_LOOKS) send(': nothing new\n\n')
  }

  function lookAgain(): void {
    timer = clock.schedule(LOOK_MS, lookAgain)
    look()
  }

  function leave(listener: ServerResponse): void {
    listeners.delete(listener)
    if (listeners.size > 0) return
    timer?.cancel()
    timer = undefined
    told = undefined
  }

  app.get('/events', { exposeHeadRoute: false }, (_request, reply) => {
    if (listeners.size >= maxListeners) {
      return reply.code(503).header('retry-after', 60).send({ error: 'too many listen already' })
    }
    reply.hijack()
    const { raw } = reply
    raw.on('close', () => leave(raw))
    raw.on('error', () => leave(raw))
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx would hold events back until its buffer is full.
      'x-accel-buffering': 'no',
    })
    // Those that listen already are told first, so that all of them know the same.
    if (timer) look()
    else told = source.page()
    const report = Buffer.from(`retry: ${RECONNECT_MS}\n${eventOf('report', told)}`)
    raw.write(report)
    listeners.set(raw, report.length)
    timer ??= clock.schedule(LOOK_MS, lookAgain)
  })
  app.addHook('preClose', async () => {
    for (const listener of listeners.keys()) listener.destroy()
  })
}

/** JSON has no line breaks of its own. */
function eventOf(type: string, data: unknown): string {
  return `event: ${type}\ndata: ${redactedJson(data)}\n\n`
}
