// Profiles of this process at /debug/pprof/. There is no Go here: they are in the formats of V8, as the
// developer tools of Chromium read them.
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Session } from 'node:inspector/promises'
import { setTimeout } from 'node:timers/promises'
import { type Route, type Routes, sendText } from './http.js'

const BASE = '/debug/pprof'
const DEFAULT_SECONDS = { profile: 30, heap: 5 } as const
const MAX_SECONDS = 300
const INDEX = `/debug/pprof/

cmdline              the command line
profile?seconds=30   CPU, to be saved as NAME.cpuprofile
heap?seconds=5       what is allocated meanwhile, to be saved as NAME.heapprofile
`

const OF_GO = ['allocs', 'block', 'goroutine', 'mutex', 'symbol', 'threadcreate', 'trace']

type Kind = keyof typeof DEFAULT_SECONDS

/** Creates the routes; `commandLine` gives what may be shown of that. */
export function pprofRoutes(commandLine: () => string): Routes {
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
  const text = (status: number, words: () => string): Route => {
    return async (_request, response) => sendText(response, status, words())
  }
  const ofGo = text(501, () => `only a program in Go has that: see ${BASE}/\n`)
  return {
    ...Object.fromEntries(OF_GO.map((name) => [`${BASE}/${name}`, ofGo])),
    [BASE]: async (_request, response) => response.writeHead(301, { location: `${BASE}/` }).end(),
    [`${BASE}/`]: text(200, () => INDEX),
    [`${BASE}/cmdline`]: text(200, commandLine),
    [`${BASE}/profile`]: (request, response) => profile('profile', request, response),
    [`${BASE}/heap`]: (request, response) => profile('heap', request, response),
  }
}

function secondsOf({ url = '' }: IncomingMessage, kind: Kind): number | undefined {
  const text = new URLSearchParams(url.split('?')[1]).get('seconds')
  const seconds = text === null ? DEFAULT_SECONDS[kind] : Number(text)
  return seconds > 0 && seconds <= MAX_SECONDS ? seconds : undefined
}

/** Records until the time is over, or nobody waits for it any more. */
async function record(kind: Kind, durationMs: number, response: ServerResponse): Promise<object> {
  const passed = () =>
    Promise.race([setTimeout(durationMs, undefined, { ref: false }), once(response, 'close')])
  const session = new Session()
  session.connect()
  try {
    if (kind === 'profile') {
      await session.post('Profiler.enable')
      await session.post('Profiler.start')
      await passed()
      return (await session.post('Profiler.stop')).profile
    }
    await session.post('HeapProfiler.startSampling')
    await passed()
    return (await session.post('HeapProfiler.stopSampling')).profile
  } finally {
    session.disconnect()
  }
}
