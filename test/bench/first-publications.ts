// What is published where nothing was, by a process that lives long, against what real git clones.
import { rmSync } from 'node:fs'
import path from 'node:path'
import type { BenchService } from './bench-service.js'
import type { BenchContext } from './scenario.js'
import type { ServerTotals } from './server-process.js'
import { alternate } from './statistics.js'

/** How long it took, and what the server gave meanwhile. */
export interface Served extends ServerTotals {
  ms: number
}

export interface FirstPublications {
  /** The entry that publishes it at this path. */
  entry(name: string): object
  /** The commit that is published. */
  head: string
  /** Clones it to this path, and returns how many milliseconds that took. */
  clone(name: string): Promise<number>
}

/**
 * Publishes and clones in turn, each to a path of its own, which is removed again; tells how long the
 * event loop was held up at most in each round.
 */
export function publishAndClone(
  { directory, rounds, server, sizes }: BenchContext,
  service: BenchService,
  { clone, entry, head }: FirstPublications,
): Promise<{ ours: (Served & { delayMs: number })[]; git: Served[] }> {
  const remove = (name: string) => rmSync(path.join(directory, name), { recursive: true })
  return alternate(
    { rounds, warmUps: sizes.warmUps },
    {
      async ours(round) {
        const name = `ours-${round}`
        // The metric is reset by being read: what came before is not of this round.
        await service.longestDelayMs()
        const { result: ms, ...served } = await server.during(() => {
          service.list([entry(name)])
          return service.publishedMs(name, head)
        })
        const delayMs = await service.longestDelayMs()
        service.list([])
        await service.untilAllPublished(0)
        remove(name)
        return { ms, delayMs, ...served }
      },
      async git(round) {
        const name = `git-${round}`
        const { result: ms, ...served } = await server.during(() => clone(name))
        remove(name)
        return { ms, ...served }
      },
    },
  )
}
