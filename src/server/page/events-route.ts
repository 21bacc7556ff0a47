// What the page shows, as it changes: server-sent events. It is looked for changes only while
// somebody listens, and whoever reads too slowly is cut off, so that nothing piles up.
// https://html.spec.whatwg.org/multipage/server-sent-events.html
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Clock, Timer } from '../../base/clock.js'
import { inTurns } from '../streamed.js'
import type { PageSource } from './page-route.js'
import { Told } from './told.js'

/** How often it is looked for changes, in milliseconds. */
const LOOK_MS = 1000
/** After how many looks without a change something is sent: proxies cut silent connections. */
const SILENT_LOOKS = 15
/** How long a browser waits before it connects again, in milliseconds. */
const RECONNECT_MS = 3000
/** How many may listen at once; fewer where the server takes few connections. */
const MOST_LISTENERS = 50
/** How many characters may wait for one that reads slowly, beside the first report. */
const MOST_WAITING = 1024 * 1024

interface Listener {
  response: ServerResponse
  /** What is to be sent after its first report; undefined once that was sent. */
  waiting: string[] | undefined
  /** How many characters its first report had. */
  reportLength: number
}

/** Adds GET /events: 200 and events without end, or 503 where too many listen. */
export function addEventsRoute(
  app: FastifyInstance,
  source: PageSource,
  { clock, maxConnections }: { clock: Pick<Clock, 'schedule'>; maxConnections: number },
): void {
  // The other connections are for probes.
  const maxListeners = Math.min(MOST_LISTENERS, Math.floor(maxConnections / 2))
  const listeners = new Set<Listener>()
  let told = new Told()
  let looking: Promise<string[]> | undefined
  /** Resolves once there is something to tell to whoever comes. */
  let begun: Promise<void> | undefined
  let timer: Timer | undefined
  let silentLooks = 0

  function send(text: string): void {
    silentLooks = 0
    for (const listener of listeners) {
      const { reportLength, response, waiting } = listener
      const length = waiting?.reduce((sum, each) => sum + each.length, 0) ?? response.writableLength
      if (length > reportLength + MOST_WAITING) response.destroy()
      else if (waiting) waiting.push(text)
      else response.write(text)
    }
  }

  function look(): Promise<string[]> {
    looking = told.look(source.page()).finally(() => {
      looking = undefined
    })
    return looking
  }

  async function begin(): Promise<void> {
    timer = clock.schedule(LOOK_MS, lookAgain)
    await looking
    told = new Told()
    await look()
  }

  async function lookAgain(): Promise<void> {
    timer = clock.schedule(LOOK_MS, lookAgain)
    // On a busy machine, one look may last longer than the time between two.
    if (looking) return
    const changes = await look()
    for (const change of changes) send(eventOf('change', change))
    if (changes.length === 0 && ++silentLooks === SILENT_LOOKS) send(': nothing new\n\n')
  }

  function leave(listener: Listener): void {
    if (!listeners.delete(listener) || listeners.size > 0) return
    timer?.cancel()
    begun = undefined
    if (!looking) told = new Told()
  }

  /** Sends what is known; meanwhile, what is new waits. */
  async function welcome(listener: Listener): Promise<void> {
    const { response } = listener
    begun ??= begin()
    await begun
    await looking
    // From here on it is told of what changes.
    listener.waiting = []
    response.write(`retry: ${RECONNECT_MS}\nevent: report\ndata: `)
    for await (const piece of inTurns(told.report())) {
      if (response.destroyed) return
      listener.reportLength += piece.length
      if (!response.write(piece)) await drained(response)
    }
    response.write('\n\n')
    for (const text of listener.waiting) response.write(text)
    listener.waiting = undefined
  }

  app.get('/events', { exposeHeadRoute: false }, (_request, reply) => {
    if (listeners.size >= maxListeners) {
      return reply.code(503).header('retry-after', 60).send({ error: 'too many listen already' })
    }
    reply.hijack()
    const { raw: response } = reply
    const listener: Listener = { response, waiting: [], reportLength: 0 }
    listeners.add(listener)
    response.on('close', () => leave(listener))
    response.on('error', () => leave(listener))
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx would hold events back until its buffer is full.
      'x-accel-buffering': 'no',
    })
    void welcome(listener).catch(() => response.destroy())
  })
  app.addHook('preClose', async () => {
    for (const { response } of listeners) response.destroy()
  })
}

/** Resolves once more may be written, or nothing any more. */
async function drained(response: ServerResponse): Promise<void> {
  const waiting = new AbortController()
  const { signal } = waiting
  try {
    await Promise.race(['drain', 'close'].map((event) => once(response, event, { signal })))
  } finally {
    waiting.abort()
  }
}

/** JSON has no line breaks of its own. */
function eventOf(type: string, json: string): string {
  return `event: ${type}\ndata: ${json}\n\n`
}
