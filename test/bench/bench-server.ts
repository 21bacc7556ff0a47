// The one server of a run, which git and the service both use, as seen by the bench.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { TestScope } from '../helpers/at-end.js'
import { until } from '../helpers/service.js'
import type { SentRequest } from './replay.js'
import type { ServerMessage, ServerTotals } from './server-process.js'

export interface BenchServer {
  /** Without a slash at its end. */
  readonly url: string
  /** With the last requests since they were asked for last. */
  totals(): Promise<ServerTotals & { sent: SentRequest[] }>
  /** What came on top of the totals while `work` was done. */
  during<T>(work: () => Promise<T>): Promise<ServerTotals & { sent: SentRequest[]; result: T }>
  /** Waits for `requests` requests since `before`, and until no more come. */
  untilServed(before: ServerTotals, requests: number): Promise<void>
}

const PROCESS = fileURLToPath(new URL('./server-process.js', import.meta.url))
const TINY_REPOS = fileURLToPath(new URL('./tiny-repos-process.js', import.meta.url))
const QUIET_MS = 200
const PATIENCE_MS = 5 * 60_000

/** Starts a server of the repositories in `root`. */
export function startBenchServer(scope: TestScope, root: string): Promise<BenchServer> {
  return startServer(scope, PROCESS, [root])
}

/** Starts a server that has a repository of one commit by every name. */
export function startTinyRepos(scope: TestScope): Promise<BenchServer> {
  return startServer(scope, TINY_REPOS, [])
}

async function startServer(
  scope: TestScope,
  program: string,
  args: readonly string[],
): Promise<BenchServer> {
  const child = fork(program, args)
  const exited = once(child, 'exit')
  scope.after(async () => {
    if (child.connected) child.disconnect()
    await exited
  })
  const hello = await nextMessage(child)
  if (!('url' in hello)) throw new Error('The git server did not say where it listens')

  const server: BenchServer = {
    url: hello.url,
    async totals() {
      const answered = nextMessage(child)
      child.send('totals')
      const totals = await answered
      if ('url' in totals) throw new Error('The git server answered with its URL')
      return totals
    },
    async during(work) {
      const before = await server.totals()
      const result = await work()
      const after = await server.totals()
      return {
        result,
        requests: after.requests - before.requests,
        bytesOut: after.bytesOut - before.bytesOut,
        mostAtOnce: after.mostAtOnce,
        sent: after.sent,
      }
    },
    async untilServed(before, requests) {
      const served = async () => (await server.totals()).requests - before.requests
      const what = async () => `${requests} requests are served: ${await served()}`
      await until(async () => (await served()) >= requests, what, PATIENCE_MS)
      for (let last = Number.NaN, now = await served(); now !== last; now = await served()) {
        last = now
        await sleep(QUIET_MS)
      }
    },
  }
  return server
}

/** Rejects where the server ends instead. */
async function nextMessage(child: ChildProcess): Promise<ServerMessage> {
  const ended = new AbortController()
  const onExit = () => ended.abort()
  child.once('exit', onExit)
  try {
    const [message] = await once(child, 'message', { signal: ended.signal })
    return message as ServerMessage
  } finally {
    child.off('exit', onExit)
  }
}
