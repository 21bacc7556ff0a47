// Nodes behind relays while commits are pushed. Each whole node is what a pod on a node is but for its
// process: a machine of its own, with its sessions, its connections, its memory, its state and its
// directory; only the worker threads are shared by all nodes of this process.
import { setMaxListeners } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../../src/base/clock.js'
import { createRedactor } from '../../../src/base/known-secrets.js'
import { parseRemoteUrl } from '../../../src/git/remote-url.js'
import { parseListing } from '../../../src/listing/listing.js'
import { createMachine, type Machine } from '../../../src/machine.js'
import { createSessions } from '../../../src/sessions.js'
import { readSettings, type Settings } from '../../../src/settings.js'
import type { SyncEvent } from '../../../src/sync/events.js'
import { createMemoryBudget } from '../../../src/thread/memory-budget.js'
import { startWorkers } from '../../../src/worker/threads.js'
import { atEnd } from '../../helpers/at-end.js'
import { createCa } from '../../helpers/certificates.js'
import { createRepo, type TestScope, tempDir } from '../../helpers/git.js'
import { startGitServer } from '../../helpers/git-http-server.js'
import { startRelay } from '../../helpers/relay.js'
import { until } from '../../helpers/service.js'

export interface RelayRunOptions {
  nodes: number
  /** So many of them are whole ones; the others fetch and publish nothing, for a machine of few processors. */
  whole: number
  commits: number
  /** Of each node, in milliseconds. */
  intervalMs: number
  /** From one commit to the next, once all nodes have it, in milliseconds. */
  pauseMs: number
  /** After which of the commits one of the relays is killed; undefined: there is one only. */
  killAfter?: number | undefined
  /** Told of each commit that all nodes have. @default nobody is */
  onCommit?: (lastMs: number) => void
}

export interface RelayReport {
  /** How long the last node took for each commit, in milliseconds. */
  lastMs: number[]
  /** How long half of the nodes took for each, in milliseconds. */
  medianMs: number[]
  /** What the git server was asked for refs, in the second in which it was asked most. */
  mostPollsInASecond: number
  pollsPerSecond: number
  /** How many fetches of each commit reached the git server. */
  fetches: number[]
  /** Polls of all nodes. */
  polls: number
  /** Failures of polls and syncs, by their code. */
  failures: Record<string, number>
  faults: string[]
}

const REPO = 'https://forge.example/team/site.git'
const POLL = 'ls-refs'

export async function runRelay(t: TestScope, options: RelayRunOptions): Promise<RelayReport> {
  const { commits, killAfter, nodes: count, pauseMs, whole } = options
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/team/site.git'), { bare: true })
  let tip = repo.commit('commit 0', filesOf(0))
  const origin = await startGitServer(t, { root: path.join(dir, 'repos') })
  const asked = origin.requests
  const ca = createCa(dir, 'ca')
  const tls = ca.issue('relay')
  const relayOptions = {
    repositories: { 'forge.example/team/site.git': `${origin.url}/team/site.git` },
    tls,
    ca,
  }
  const { port } = await startRelay(t, relayOptions)
  const doomed =
    killAfter === undefined ? undefined : await startRelay(t, { ...relayOptions, port })
  const failures: RelayReport['failures'] = {}
  let polls = 0
  const settings = settingsOf({
    LISTING_PATH: path.join(dir, 'listing.json'),
    REPO_REWRITE: `https://forge.example/=https://127.0.0.1:${port}/forge.example/`,
    CA_FILE: ca.cert,
    SCRAPE_INTERVAL: `${options.intervalMs}ms`,
    MAX_CONCURRENT_SYNCS: '1',
  })
  const published = new Map<number, { oid: string; at: number }>()
  const observe = (node: number) => (event: SyncEvent) => {
    if (event.type === 'sync-published') published.set(node, { oid: event.oid, at: Date.now() })
    if (event.type === 'poll-unchanged' || event.type === 'poll-changed') polls++
    if (event.type === 'poll-failed' || event.type === 'sync-failed') {
      failures[event.error.code] = (failures[event.error.code] ?? 0) + 1
    }
  }
  const threads = startWorkers(4)
  threads.setMaxListeners(0)
  const machines = Array.from({ length: whole }, (_, node) =>
    createNode({ ...settings, root: path.join(dir, `nodes/${node}`) }, observe(node), threads),
  )
  atEnd(t, async () => {
    await Promise.all(machines.map(({ stop }) => stop()))
    await Promise.all(machines.map(({ sessions }) => sessions.close()))
  })
  const begin = async ({ setEntries }: Machine, root: string) => {
    mkdirSync(root, { recursive: true })
    setEntries(
      parseListing(JSON.stringify([{ path: 'site', repo: REPO }]), root, {
        root,
        publish: 'symlink',
        intervalMs: options.intervalMs,
      }),
    )
  }
  const stop = new AbortController()
  setMaxListeners(0, stop.signal)
  const ended: Promise<void>[] = []
  atEnd(t, async () => {
    stop.abort()
    await Promise.all(ended)
  })
  for (let node = 0; node < count; node++) {
    const machine = machines[node]
    if (machine) await begin(machine, path.join(dir, `nodes/${node}`))
    else
      ended.push(
        follow(settings, observe(node), stop.signal, (oid) =>
          published.set(node, { oid, at: Date.now() }),
        ),
      )
    // Pods start one after the other.
    await sleep(options.intervalMs / count)
  }
  const untilAll = (oid: string) =>
    until(
      () => published.size === count && [...published.values()].every((each) => each.oid === oid),
      async () =>
        `all nodes have ${oid}: ${[...published.values()].filter((each) => each.oid === oid).length}; ${JSON.stringify(failures)}`,
    )
  await untilAll(tip)
  await sleep(pauseMs)
  asked.splice(0)
  polls = 0
  const startedAt = Date.now()
  const [lastMs, medianMs, fetches, faults]: [number[], number[], number[], string[]] = [
    [],
    [],
    [],
    [],
  ]
  for (let commit = 1; commit <= commits; commit++) {
    tip = repo.commit(`commit ${commit}`, filesOf(commit))
    const pushedAt = Date.now()
    if (commit - 1 === killAfter) void doomed?.kill()
    await untilAll(tip)
    const tookMs = [...published.values()].map(({ at }) => at - pushedAt).sort((a, b) => a - b)
    lastMs.push(tookMs.at(-1) ?? 0)
    options.onCommit?.(lastMs.at(-1) ?? 0)
    medianMs.push(tookMs[Math.floor(tookMs.length / 2)] ?? 0)
    fetches.push(asked.filter(({ body }) => body.includes(`want ${tip}`)).length)
    for (let node = 0; node < whole; node++) {
      const file = path.join(dir, `nodes/${node}/site/number`)
      if (readFileSync(file, 'utf8') !== String(commit)) faults.push(`node ${node} lacks ${commit}`)
    }
    await sleep(pauseMs)
  }
  // Of the clock, as relays ask by them: the first and the last are partly of the run.
  const seconds = Math.floor(Date.now() / 1000) - Math.floor(startedAt / 1000) + 1
  const pollsAt = asked.filter(({ body }) => body.includes(POLL)).map(({ at }) => at)
  const bySecond = pollsAt.map((at) => pollsAt.filter((other) => other >= at && other < at + 1000))
  return {
    lastMs,
    medianMs,
    mostPollsInASecond: Math.max(...bySecond.map(({ length }) => length)),
    pollsPerSecond: pollsAt.length / seconds,
    fetches,
    polls,
    failures,
    faults,
  }
}

function filesOf(commit: number): Record<string, string> {
  const others = Array.from({ length: 20 }, (_, file) => [`folder/${file}`, `file ${file}\n`])
  return { ...Object.fromEntries(others), number: String(commit) }
}

function settingsOf(env: Record<string, string>): Settings {
  const faults: string[] = []
  const settings = readSettings(new Map(), env, '/', faults)
  if (faults.length > 0) throw new Error(faults.join('; '))
  return settings
}

function createNode(
  settings: Settings,
  observe: (event: SyncEvent) => void,
  threads: ReturnType<typeof startWorkers>,
): Machine {
  const onError = (error: unknown) => {
    throw error
  }
  return createMachine({
    settings,
    clock: systemClock,
    redactor: createRedactor(),
    observe,
    onError,
    threads,
  })
}

/** A node but for what it publishes: sessions and connections of its own, and the same requests. */
async function follow(
  settings: Settings,
  observe: (event: SyncEvent) => void,
  signal: AbortSignal,
  onFetched: (oid: string) => void,
): Promise<void> {
  const memory = createMemoryBudget(settings.memoryBudgetBytes)
  const sessions = createSessions({
    settings,
    clock: systemClock,
    observe,
    redactor: createRedactor(),
    memory,
  })
  const session = sessions.open({ remote: parseRemoteUrl(REPO, '/'), credential: undefined })
  let have: string | undefined
  while (!signal.aborted) {
    try {
      const [head] = await session.listRefs(['HEAD'], signal)
      if (head && head.oid !== have) {
        const haves = have === undefined ? [] : [have]
        const request = { wants: [head.oid], haves, thinPack: have !== undefined }
        for await (const _ of (await session.fetch(request, signal)).chunks);
        have = head.oid
        onFetched(have)
      }
    } catch {
      // Asked again.
    }
    await sleep(settings.scrapeIntervalMs, undefined, { signal }).catch(() => undefined)
  }
  await sessions.close()
}
