// What git-sync makes of what happens: it counts failures in a row and gives up, says when there is
// content, keeps the two files up to date, and knows when one time is enough.
import type { SyncEvent } from '../../sync/events.js'
import type { SyncCounts } from './counts.js'
import type { GitSyncLog } from './log.js'
import type { Options } from './options.js'
import type { ShownContent } from './shown.js'
import { type ErrorFile, shownBelow, showRemoval, touch } from './signs.js'

export interface CycleOptions {
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
  /** The host that gives tokens to a GitHub app. */
  githubHost?: string | undefined
  log: GitSyncLog
  errorFile: Pick<ErrorFile, 'delete'>
  counts: SyncCounts
  shown: ShownContent
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
  /** The worktree that the link has led to since it was published. */
  #published: string | undefined

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

  hear(event: SyncEvent): void {
    const { counts, log, onHolder, restore, shown, tidy } = this.#given
    // Hooks go on when the syncs are over.
    if (this.#isOver && /^(?:poll|sync|drift|lease)-/.test(event.type)) return
    switch (event.type) {
      case 'poll-changed':
        this.#require(event.oid)
        break
      case 'sync-published':
        this.#try('failed to show what was removed', () => showRemoval(this.#given.options.link))
        // Where nothing was left of what was put right, that was told already.
        if (event.durationMs !== this.#repairMs) this.#succeed(event.oid, true, event.durationMs)
        break
      case 'drift-repaired':
        this.#repairMs = event.durationMs
        this.#succeed(event.oid, true, event.durationMs)
        break
      case 'poll-unchanged':
        if (shown.isSound() && this.#isLinked()) {
          if (!this.#hasSynced) this.#require(event.oid)
          this.#succeed(event.oid, this.#isBroken, event.durationMs)
          if (!shown.isTidy()) tidy()
        } else if (!this.#isRestoring) {
          this.#isBroken = true
          this.#isRestoring = true
          void restore().then(() => {
            this.#isRestoring = false
          })
        }
        break
      case 'poll-failed':
      case 'sync-failed':
        this.failSync(event.error, event.durationMs)
        break
      case 'lease-awaited':
        // Whoever it is keeps the link up to date, too.
        this.#isReady ||= shown.hasContent()
        log.info(0, 'another git-sync works on this root', { holder: event.holder })
        onHolder(event.holder)
        break
      case 'lease-taken':
        onHolder(undefined)
        break
      case 'hook-succeeded':
        counts.add(`git_sync_hook_run_count_total{name="${event.hook}",status="success"}`)
        log.named(event.hook).info(1, 'hook succeeded', { hash: event.oid })
        break
      case 'hook-failed':
        counts.add(`git_sync_hook_run_count_total{name="${event.hook}",status="error"}`)
        log.named(event.hook).error('hook failed', event.error, {
          hash: event.oid,
          ...(event.retryInMs !== undefined && { retry: `${event.retryInMs / 1000}s` }),
        })
        break
      case 'hook-output':
        log.named(event.hook).info(1, 'output', { line: event.line })
        break
      case 'remote-requested':
        // Nothing else is asked there but git's own services.
        if (event.host === this.#given.githubHost && event.service === '') {
          const status = event.code === '201' ? 'success' : 'error'
          counts.add(`git_sync_refresh_github_app_token_count{status="${status}"}`)
        }
        log.info(6, event.type, { host: event.host, service: event.service, code: event.code })
        break
      default:
        log.info(3, event.type, withoutType(event))
    }
  }

  #require(oid: string): void {
    // It is looked for again while it comes.
    if (oid === this.#required) return
    this.#required = oid
    const { log, options, shown } = this.#given
    const local = shown.commit() ?? ''
    log.info(0, 'update required', { ref: options.ref, local, remote: oid, syncCount: this.#syncs })
  }

  /** Whether the link still leads to what was published last. */
  #isLinked(): boolean {
    const linked = this.#given.shown.name()
    this.#published ??= linked
    return linked !== undefined && linked === this.#published
  }

  /** Says that another process has published what the remote names; returns whether that is news. */
  hearShown(oid: string, durationMs: number): boolean {
    if (this.#isOver) return false
    const isFirst = !this.#hasSynced
    this.#succeed(oid, false, durationMs)
    return isFirst
  }

  #succeed(oid: string, isChanged: boolean, durationMs: number): void {
    const { counts, errorFile, isPinned, log, onEnd, options, shown } = this.#given
    const isFirst = !this.#hasSynced
    const isNews = isChanged || isFirst
    if (isChanged) this.#published = shown.name()
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

function withoutType({ type: _type, ...fields }: SyncEvent): object {
  return 'error' in fields && fields.error instanceof Error
    ? { ...fields, error: fields.error.message }
    : fields
}
