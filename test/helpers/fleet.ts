// Several instances of the service with a share each, over one volume or each over its own, while
// commits flow; and how long each commit took to be seen by readers.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { commitFiles, createSmallRepos } from '../bench/small-repos.js'
import { atEnd } from './at-end.js'
import { type TestScope, tempDir } from './git.js'
import { type LogLine, type Service, startService, until, writeListing } from './service.js'

export interface FleetOptions {
  entries: number
  /** Whether all instances publish to one volume. */
  isShared: boolean
  settings: Record<string, string>
  /** Time between two commits. */
  pauseMs: number
  /** As of {@link startService}. @default the service as it is shipped */
  program?: readonly string[]
}

interface Commit {
  text: string
  oid: string
  at: number
}

export interface Fleet {
  /** Those that run, by their index. */
  readonly instances: ReadonlyMap<number, Service>
  /** Of each commit that readers have seen, how long that took, in milliseconds. */
  readonly delaysMs: readonly number[]
  /** Starts an instance, and waits until it is ready. */
  start(index: number, total: number): Promise<void>
  stop(index: number): Promise<void>
  kill(index: number): Promise<void>
  /** Stops an instance, and starts it with another total, as a StatefulSet does. */
  restart(index: number, total: number): Promise<void>
  /** Waits until readers see the newest commit of every entry, of which another was made meanwhile. */
  everyEntryFollows(): Promise<void>
  /** Waits until each entry is published by the instance that takes it, and by no other. */
  eachIsAtHome(): Promise<void>
  /** All publications of each commit that was published. */
  publications(): Map<string, number>
}

/** Makes the repositories, and commits to them in turn until the test is over. */
export function createFleet(t: TestScope, options: FleetOptions): Fleet {
  const directory = tempDir(t)
  const repos = path.join(directory, 'repos')
  mkdirSync(repos)
  const names = createSmallRepos(repos, 'repo', options.entries)
  const listingPath = path.join(directory, 'listing.json')
  const repoOf = (name: string) => path.join(repos, name)
  writeListing(
    listingPath,
    names.map((name) => ({ path: name, repo: repoOf(name) })),
  )
  const volumeOf = (index: number) =>
    path.join(directory, options.isShared ? 'volume' : `volume-${index}`)
  const instances = new Map<number, Service>()
  const logs: LogLine[][] = []
  const newest = new Map<string, Commit>()
  const unseen = new Map<string, Commit>()
  const delaysMs: number[] = []
  let isOver = false
  let version = 0

  function commit(name: string): void {
    const text = `${++version}\n`
    const oid = commitFiles(repoOf(name), { version: text }, text, newest.get(name)?.oid)
    const made = { text, oid, at: performance.now() }
    newest.set(name, made)
    unseen.set(name, made)
  }

  function isSeen(name: string, { text }: Commit): boolean {
    const volumes = new Set([...instances.keys()].map(volumeOf))
    return [...volumes].some((volume) => {
      try {
        return readFileSync(path.join(volume, name, 'version'), 'utf8') === text
      } catch {
        // Nothing of it is there yet.
        return false
      }
    })
  }

  async function commitInTurn(): Promise<void> {
    for (let turn = 0; !isOver; turn++) {
      await sleep(options.pauseMs)
      const name = names[turn % names.length] as string
      // One that is not seen yet is waited for, so that none is passed over.
      if (!unseen.has(name)) commit(name)
    }
  }

  async function watch(): Promise<void> {
    while (!isOver) {
      for (const [name, made] of unseen) {
        if (!isSeen(name, made)) continue
        delaysMs.push(performance.now() - made.at)
        unseen.delete(name)
      }
      await sleep(50)
    }
  }

  const fleet: Fleet = {
    instances,
    delaysMs,
    async start(index, total) {
      const settings = { SHARD: `${index}/${total}`, ROOT: volumeOf(index), ...options.settings }
      mkdirSync(volumeOf(index), { recursive: true })
      const { program } = options
      const service = await startService(t, { listingPath, settings, ...(program && { program }) })
      logs.push(service.logs)
      instances.set(index, service)
      await until(async () => (await service.get('/readyz')).status === 200, `${index} is ready`)
    },
    async stop(index) {
      const service = instances.get(index)
      assert.equal(await service?.stop(), 0)
      instances.delete(index)
    },
    async kill(index) {
      const service = instances.get(index)
      service?.signal('SIGKILL')
      await service?.stop()
      instances.delete(index)
    },
    async restart(index, total) {
      await fleet.stop(index)
      await fleet.start(index, total)
    },
    async everyEntryFollows() {
      const before = new Map(newest)
      const waiting = () => names.filter((name) => newest.get(name) === before.get(name))
      await until(() => {
        // Whose turn is late is not waited for.
        for (const name of waiting()) if (!unseen.has(name)) commit(name)
        return waiting().length === 0
      }, 'every entry has another commit')
      const made = new Map(newest)
      await until(
        () => names.every((name) => unseen.get(name) !== made.get(name)),
        async () => `every entry is followed: not ${[...unseen.keys()].join()}`,
      )
    },
    async eachIsAtHome() {
      await until(async () => {
        const reports = await Promise.all([...instances.values()].map((each) => each.status()))
        const own = reports.flatMap(({ entries }) => entries)
        const isWhole = own.length === names.length && own.every(({ required }) => required)
        return isWhole && own.every(({ state }) => ['synced', 'syncing', 'pending'].includes(state))
      }, 'each entry is published where it belongs')
    },
    publications() {
      const counts = new Map<string, number>()
      for (const { entry, message, oid } of logs.flat()) {
        if (message !== 'published') continue
        const key = `${entry} ${oid}`
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
      return counts
    },
  }
  const running = [commitInTurn(), watch()]
  atEnd(t, async () => {
    isOver = true
    await Promise.all(running)
  })
  return fleet
}
