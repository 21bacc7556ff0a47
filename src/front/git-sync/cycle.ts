// What git-sync makes of what happens: it counts failures in a row and gives up, says when there is
// content, keeps the two files up to date, and knows when one time is enough.
import { SyncError, toSyncError } from '../../base/errors.js'
import type { ShownContent } from '../../publish/publisher.js'
import type { SyncEvent } from '../../sync/events.js'
import type { Options } from './options.js'
import { type ErrorFile, shownBelow, showRemoval, touch } from './signs.js'
import { type EventTeller, tellEvent } from './told-events.js'

export interface CycleOptions extends EventTeller {
  options: Pick<
    Options,
    | 'link'
    | 'root'
    | 'maxFailures'
    | 'initMaxFailures'
    | 'touchFile'
    | 'oneTime'
    | 'ref'
    | 'period'
    | 'initPeriod'
  >
  isPinned: boolean
  errorFile: Pick<ErrorFile, 'delete'>
  /** The commit that is in place, as far as that is known. */
  commit: () => string | null | undefined
  /** What readers see now. */
  look: () => Promise<ShownContent | undefined>
  /** Has what is published made anew; resolves once that is over. */
  restore: () => Promise<void>
  /** Has removed what is beside it. */
  tidy: () => void
  /** Told of another process at work on the root, and once that is over. */
  onHolder: (holder: string | undefined) => void
  /** Told once it is over: everything was synced, or nothing helps. */
  onEnd: (end: 'synced' | 'failed') => void
}

export class Cycle {
  readonly #given: CycleOptions
  #failures = 0
  #syncs = 0
  #hasSynced = false
  #isOver = false
  #isReady = false
  /** Whether what is published was not what it is to be, and is being put right. */
  #isBroken = false
  #isRestoring = false
  /** How long the last repair took, which tells it from others. */
  #repairMs: number | undefined
  /** What the log says is required. */
  #required: string | undefined
  /** What the last look found that is out of use: what stays for long is not ours to remove. */
  #outOfUse = ''
  /** Counts what was heard of syncs. */
  #heard = 0

  constructor(given: CycleOptions) {
    this.#given = given
  }

  /** Whether anything was published, by whomever. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** Milliseconds from a failure to the next attempt. */
  get retryMs(): number {
    const { initPeriod, period } = this.#given.options
    return this.#hasSynced ? period : initPeriod
  }

  /** Whether it rests for ever. */
  get isDone(): boolean {
    return this.#given.isPinned && this.#hasSynced
  }

  /** Whether it is known how it ended. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Nothing of syncs is heard any more; hooks go on. */
  end(): void {
    this.#isOver = true
  }

  hear(event: SyncEvent): void {
    const { log, onHolder, options } = this.#given
    const isOfSync = /^(?:poll|sync|drift|lease)-/.test(event.type)
    if (isOfSync && this.#isOver) return
    if (isOfSync) this.#heard++
    switch (event.type) {
      case 'poll-changed':
        this.#require(event.oid)
        break
      case 'sync-published':
        this.#try('failed to show what was removed', () => showRemoval(options.link))
        // Where nothing was left of what was put right, that was told already.
        if (event.durationMs !== this.#repairMs) this.#succeed(event.oid, true, event.durationMs)
        break
      case 'drift-repaired':
        this.#repairMs = event.durationMs
        this.#succeed(event.oid, true, event.durationMs)
        break
      case 'poll-unchanged':
        void this.#confirm(event.oid, event.durationMs)
        break
      case 'poll-failed':
      case 'sync-failed':
        // Whose turn it is, is found out anew: the root may have been removed with the lease in it.
        if (event.error.code !== 'lease-lost') this.failSync(event.error, event.durationMs)
        break
      case 'lease-awaited':
        void this.#findContent()
        log.info(0, 'another git-sync works on this root', { holder: event.holder })
        onHolder(event.holder)
        break
      case 'lease-taken':
        onHolder(undefined)
        break
      default:
        tellEvent(event, this.#given)
    }
  }

  /** Says that there is no repository, and will be. */
  tellEmpty(): void {
    const { log, options } = this.#given
    log.info(0, 'repo directory was empty or failed checks', { path: options.root })
    log.info(0, 'initializing repo directory', { path: options.root })
  }

  /** Whether readers see what the remote names: else it is put right. */
  async #confirm(oid: string, durationMs: number): Promise<void> {
    // Half of it may be right already.
    if (this.#isRestoring) return
    const heard = this.#heard
    const { look, restore, tidy } = this.#given
    const shown = await look().catch(toSyncError)
    // What came meanwhile knows better.
    if (this.#isOver || heard !== this.#heard) return
    if (shown instanceof SyncError) return this.failSync(shown)
    if (shown?.isWhole && shown.commit === oid) {
      if (!this.#hasSynced) this.#require(oid)
      this.#succeed(oid, this.#isBroken, durationMs)
      const outOfUse = shown.outOfUse.join('/')
      if (outOfUse !== '' && outOfUse !== this.#outOfUse) tidy()
      this.#outOfUse = outOfUse
    } else {
      if (this.#hasSynced && !shown?.hasRepository) this.tellEmpty()
      this.#isBroken = true
      this.#isRestoring = true
      await restore()
      this.#isRestoring = false
    }
  }

  /** Whoever works on the root keeps the link up to date, too. */
  async #findContent(): Promise<void> {
    const shown = await this.#given.look().catch(toSyncError)
    if (shown && !(shown instanceof SyncError)) this.#isReady ||= shown.hasContent
  }

  #require(oid: string): void {
    // It is looked for again while it comes.
    if (oid === this.#required) return
    this.#required = oid
    const { commit, log, options } = this.#given
    const local = commit() ?? ''
    log.info(0, 'update required', { ref: options.ref, local, remote: oid, syncCount: this.#syncs })
  }

  /** Says that another process has published what the remote names; returns whether that is news. */
  hearShown(oid: string, durationMs: number): boolean {
    if (this.#isOver) return false
    const isFirst = !this.#hasSynced
    this.#succeed(oid, false, durationMs)
    return isFirst
  }

  #succeed(oid: string, isChanged: boolean, durationMs: number): void {
    const { counts, errorFile, isPinned, log, onEnd, options } = this.#given
    const isFirst = !this.#hasSynced
    const isNews = isChanged || isFirst
    this.#isBroken = false
    this.#required = undefined
    this.#hasSynced = true
    this.#isReady = true
    this.#failures = 0
    counts.synced(isNews ? 'success' : 'noop', durationMs / 1000)
    if (isNews) {
      this.#syncs++
      counts.add('git_fetch_count_total')
      const { touchFile } = options
      if (touchFile)
        this.#try('failed to touch touch-file', () => touch(touchFile, shownBelow(options)))
      log.info(0, 'updated successfully', { ref: options.ref, remote: oid, syncCount: this.#syncs })
    } else
      log.info(1, 'no update required', { ref: options.ref, remote: oid, syncCount: this.#syncs })
    errorFile.delete()
    if (options.oneTime) {
      this.#isOver = true
      onEnd('synced')
    }
    if (!isFirst || options.oneTime) return
    if (isPinned)
      log.info(0, 'ref appears to be a git hash, no further sync needed', { ref: options.ref })
    else if (options.initPeriod !== options.period) {
      log.info(0, 'initial sync complete, switching to normal period', {
        period: `${options.period / 1000}s`,
      })
    }
  }

  /** Counts a failure, after which it is tried again or given up. */
  failSync(error: Error & { code?: string }, durationMs = 0): void {
    const { counts, log, onEnd, options } = this.#given
    if (this.#isOver) return
    this.#required = undefined
    counts.synced('error', durationMs / 1000)
    const maxFailures = this.#hasSynced ? options.maxFailures : options.initMaxFailures
    const failCount = ++this.#failures
    const isMissing = /^(?:ref|branch)-not-found$/.test(error.code ?? '')
    const told = isMissing
      ? `${error.message}: couldn't find remote ref ${options.ref}`
      : error.message
    if (maxFailures < 0 || failCount < maxFailures) {
      log.error('error syncing repo, will retry', told, { failCount })
      return
    }
    log.error('too many failures, aborting', told, { failCount, maxFailures })
    this.#isOver = true
    onEnd('failed')
  }

  #try(what: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#given.log.error(what, error)
    }
  }
}
