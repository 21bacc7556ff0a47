// Profiles of this process at /debug/pprof/. There is no Go here: they are in the formats of V8, as the
// developer tools of Chromium read them.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Session } from 'node:inspector/promises'
import { isFor, type Route, sendText } from './http.js'

const BASE = '/debug/pprof'
const DEFAULT_SECONDS = { profile: 30, heap: 5 } as const
const MAX_SECONDS = 300
const INDEX = `/debug/pprof/

cmdline              the command line
profile?seconds=30   CPU, to be saved as NAME.cpuprofile
heap?seconds=5       what is allocated meanwhile, to be saved as NAME.heapprofile
`

const OF_GO = ['symbol', 'trace']

type Kind = keyof typeof DEFAULT_SECONDS

/** Creates the route; `commandLine` gives what may be shown of that. */
export function pprofRoute(commandLine: () => string): Route {
  let isBusy = false
  const profile = async (kind: Kind, request: IncomingMessage, response: ServerResponse) => {
    const seconds = secondsOf(request, kind)
    if (seconds === undefined)
      return sendText(response, 400, `seconds: more than 0, up to ${MAX_SECONDS}\n`)
    if (isBusy) return sendText(response, 500, 'another profile is being made\n')
    isBusy = true
    try {
      const made = await record(kind, seconds * 1000, response)
      response.setHeader('content-type', 'application/json')
      response.setHeader('content-disposition', `attachment; filename="git-sync.${kind}profile"`)
      response.end(JSON.stringify(made))
    } finally {
      isBusy = false
    }
  }
  return (request, response) => {
    if (isFor(request, BASE)) {
      response.writeHead(301, { location: `${BASE}/` }).end()
      return Promise.resolve()
    }
    if (!request.url?.startsWith(`${BASE}/`)) return undefined
    for (const kind of ['profile', 'heap'] as const) {
      if (isFor(request, `${BASE}/${kind}`)) return profile(kind, request, response)
    }
    if (isFor(request, `${BASE}/`)) sendText(response, 200, INDEX)
    else if (isFor(request, `${BASE}/cmdline`)) sendText(response, 200, commandLine())
    else if (OF_GO.some((name) => isFor(request, `${BASE}/${name}`)))
      sendText(response, 501, `only a program in Go has that: see ${BASE}/\n`)
    else sendText(response, 404, `there is no such profile: see ${BASE}/\n`)
    return Promise.resolve()
  }
}

function secondsOf({ url = '' }: IncomingMessage, kind: Kind): number | undefined {
  const text = new URLSearchParams(url.split('?')[1]).get('seconds')
  const seconds = text === null ? DEFAULT_SECONDS[kind] : Number(text)
  return seconds > 0 && seconds <= MAX_SECONDS ? seconds : undefined
}

/** Records until the time is over, or nobody waits for it any more. */
async function record(kind: Kind, durationMs: number, response: ServerResponse): Promise<object> {
  const session = new Session()
  session.connect()
  try {
    if (kind === 'profile') {
      await session.post('Profiler.enable')
      await session.post('Profiler.start')
      await passed(durationMs, response)
      return (await session.post('Profiler.stop')).profile
    }
    await session.post('HeapProfiler.startSampling')
    await passed(durationMs, response)
    return (await session.post('HeapProfiler.stopSampling')).profile
  } finally {
    session.disconnect()
  }
}

function passed(ms: number, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    response.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
