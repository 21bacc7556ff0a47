// Reports every change of the listing's content, however it is made: in place,
// by rename, by Kubernetes' swap of ..data, by a file that comes back. Events
// only say when to look; a slow re-look finds what events miss.
import { createHash } from 'node:crypto'
import path from 'node:path'
import type { Clock, Timer } from '../base/clock.js'
import { FolderWatch } from './folder-watch.js'
import { readListingText } from './listing.js'
import { ListingError } from './listing-error.js'

/** What a look found: the text, or why there is none. */
export type ListingRead =
  | { text: string; error?: undefined }
  | { text?: undefined; error: ListingError }

export interface WatchOptions {
  /** The listing's absolute path. */
  path: string
  /** The content known already; only what differs from it is reported. */
  text: string
  clock: Clock
  /**
   * Receives each content that differs from the one before, and `isAgain` at each look until it
   * says that the content is settled. Must not reject.
   */
  onChange(read: ListingRead, isAgain: boolean): boolean | Promise<boolean>
  /** How often to look regardless of events. @default 15_000 */
  relookMs?: number
  /**
   * How long events must rest before a look. More than 50, since chokidar drops what follows an
   * event within that time.
   * @default 100
   */
  debounceMs?: number
}

export interface ListingWatcher {
  /** Looks now; resolves once a look that began after this call, and its onChange, are over. */
  look(): Promise<void>
  /** Nothing is reported after it resolves. Not to be awaited within onChange. */
  close(): Promise<void>
}

/** Watches a listing until closed. */
export function watchListing(options: WatchOptions): ListingWatcher {
  const { path: file, text, clock, onChange, relookMs = 15_000, debounceMs = 100 } = options
  const folder = new FolderWatch(path.dirname(file), [path.basename(file), '..data'], soon)
  let known = fingerprint({ text })
  let isSettled = true
  let debounce: Timer | undefined
  let relook: Timer | undefined
  let running: Promise<void> | undefined
  let queued: Promise<void> | undefined
  let closed = false

  async function lookOnce(): Promise<void> {
    if (closed) return
    relook?.cancel()
    try {
      // Before reading, so that no change falls between the read and the watch.
      await folder.ensure()
      const read = await readOutcome(file)
      const found = fingerprint(read)
      const isAgain = found === known
      if (closed || (isAgain && isSettled)) return
      known = found
      isSettled = await onChange(read, isAgain)
    } finally {
      if (!closed) relook = clock.schedule(relookMs, look)
    }
  }

  function look(): Promise<void> {
    if (running === undefined) {
      running = lookOnce().finally(() => {
        running = undefined
      })
      return running
    }
    queued ??= running.then(() => {
      queued = undefined
      return look()
    })
    return queued
  }

  function soon(): void {
    debounce?.cancel()
    if (!closed) debounce = clock.schedule(debounceMs, look)
  }

  void look()
  return {
    look,
    async close() {
      closed = true
      debounce?.cancel()
      relook?.cancel()
      await running
      await folder.close()
    },
  }
}

async function readOutcome(file: string): Promise<ListingRead> {
  try {
    return { text: await readListingText(file) }
  } catch (error) {
    if (error instanceof ListingError) return { error }
    throw error
  }
}

function fingerprint({ text, error }: ListingRead): string {
  return createHash('sha256')
    .update(error ? `fault ${error.message}` : `text ${text}`)
    .digest('hex')
}
