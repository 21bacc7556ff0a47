// Who is notified of what: NOTIFY_URL, where it is set.
import { hostname } from 'node:os'
import type { Clock } from './base/clock.js'
import type { Redactor } from './base/known-secrets.js'
import { Notifier } from './hooks/notifier.js'
import type { Post } from './hooks/post-hook.js'
import { learnAddress } from './hooks/secret-address.js'
import { createNotices } from './observe/notices.js'
import type { Settings } from './settings.js'
import type { Observe, SyncEvent } from './sync/events.js'

export interface NotificationsOptions {
  settings: Pick<Settings, 'notifyUrl' | 'notifyUrlFile' | 'notifySecretFile'>
  clock: Clock
  post: Post
  redactor: Redactor
  /** Told how sending goes. */
  observe: Observe
  onError: (error: unknown) => void
}

export interface Notifications extends Pick<Notifier, 'close' | 'idle' | 'retryNow'> {
  /** Sends what there is to tell of an event. */
  hear(event: SyncEvent): void
}

/** Creates what notifies; undefined where nobody wants it. */
export function createNotifications(options: NotificationsOptions): Notifications | undefined {
  const { clock, observe, onError, post, redactor, settings } = options
  const { notifySecretFile, notifyUrl: url, notifyUrlFile } = settings
  if (url === undefined && notifyUrlFile === undefined) return undefined
  if (url !== undefined) learnAddress(url, redactor)
  const address = { url, urlFile: notifyUrlFile?.file, headers: {}, headerFiles: {} }
  const notifier = new Notifier({
    clock,
    random: Math.random,
    post,
    address: { ...address, secretFile: notifySecretFile?.file },
    source: `urn:git-autosync:${encodeURIComponent(hostname())}`,
    onFailed: (error, attempt, retryInMs) =>
      observe({ type: 'notice-failed', error, attempt, retryInMs }),
    onDropped: (count) => observe({ type: 'notices-dropped', count }),
    onError,
  })
  const noticesOf = createNotices((text) => redactor.redact(text))
  return {
    hear(event) {
      for (const notice of noticesOf(event)) notifier.add(notice)
    },
    retryNow: () => notifier.retryNow(),
    idle: () => notifier.idle(),
    close: () => notifier.close(),
  }
}
