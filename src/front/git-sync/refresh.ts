// What may change is looked at before each sync: the service of --askpass-url, files with passwords,
// the sparse-checkout file.
import type { Clock } from '../../base/clock.js'
import { SyncError, toSyncError } from '../../base/errors.js'
import type { Redactor } from '../../base/known-secrets.js'
import { readRegularFile } from '../../base/regular-file.js'
import type { Credential } from '../../credentials/credential.js'
import type { Entry } from '../../listing/entry.js'
import type { Sessions } from '../../sessions.js'
import { askForLogin } from './askpass.js'
import type { SyncCounts } from './counts.js'
import type { Cycle } from './cycle.js'
import type { Options } from './options.js'
import { sparsePatterns } from './sparse-file.js'

/** So much of a file is read, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024

export interface Refreshed {
  clock: Pick<Clock, 'schedule'>
  options: Pick<Options, 'askpassUrl' | 'sparseCheckoutFile'>
  /** With what the sparse-checkout file had last. */
  entry: Entry
  /** Has what the service gave last. */
  asked: Credential[]
  credentials: Credential[]
  counts: SyncCounts
  redactor: Pick<Redactor, 'add'>
  /** What that was. */
  sparse: string | undefined
}

/** Sessions that look at it; what has another selection then goes to `setEntry`. */
export function refreshing(
  open: Sessions['open'],
  refreshed: Refreshed,
  setEntry: (changed: Entry) => void,
): Sessions['open'] {
  const { asked, clock, counts, credentials, entry, options, redactor } = refreshed
  const { askpassUrl, sparseCheckoutFile } = options
  const inFiles = credentials.flatMap(({ passwordFile }, index) =>
    passwordFile ? { index, passwordFile } : [],
  )
  if (!askpassUrl && !sparseCheckoutFile && inFiles.length === 0) return open
  const url = new URL('/', entry.remote.url).href.replace(/\/$/, '')
  /** Whether all was looked at for what comes next. */
  let isFresh = false
  const ask = async (signal: AbortSignal) => {
    if (!askpassUrl) return
    try {
      const login = await askForLogin(askpassUrl, url, clock, signal)
      redactor.add(login.password ?? '')
      asked.splice(0, 1, login)
      counts.add('git_sync_askpass_calls{status="success"}')
    } catch (error) {
      counts.add('git_sync_askpass_calls{status="error"}')
      throw error
    }
  }
  /** Of a file, the first line is the password. */
  const readPasswords = async () => {
    for (const { index, passwordFile } of inFiles) {
      const text = await readText(passwordFile, 'password-file')
      const { passwordFile: _, ...login } = credentials[index] ?? {}
      credentials[index] = { ...login, password: text.split('\n')[0] ?? '' }
      redactor.add(credentials[index].password ?? '')
    }
  }
  const look = async () => {
    const last = refreshed.entry
    const now = await readEntry(refreshed)
    if (now !== last) setEntry(now)
  }
  const refresh = async (signal: AbortSignal) => {
    isFresh = false
    await readPasswords()
    await ask(signal)
    await look()
    isFresh = true
  }
  return (login) => {
    const session = open(login)
    // Those of submodules are part of a sync that has begun.
    if (login.remote.url !== entry.remote.url) return session
    return {
      async listRefs(prefixes, signal, waiting) {
        await refresh(signal)
        return session.listRefs(prefixes, signal, waiting)
      },
      async fetch(request, signal) {
        // A commit is fetched without a look at refs.
        if (!isFresh) await refresh(signal)
        isFresh = false
        return session.fetch(request, signal)
      },
      hasCommit: (commit, tip, signal) => session.hasCommit(commit, tip, signal),
    }
  }
}

/** The entry, once all of it can be read: each time that it cannot is a failed sync. Undefined where that is given up. */
export async function firstEntry(
  refreshed: Refreshed,
  cycle: Pick<Cycle, 'failSync' | 'isOver' | 'retryMs'>,
): Promise<Entry | undefined> {
  for (;;) {
    const entry = await readEntry(refreshed).catch(toSyncError)
    if (entry instanceof SyncError) cycle.failSync(entry)
    // Nobody waits for what is given up.
    if (cycle.isOver) return undefined
    if (!(entry instanceof SyncError)) return entry
    await new Promise((resolve) => {
      setTimeout(resolve, cycle.retryMs)
    })
  }
}

async function readEntry(refreshed: Refreshed): Promise<Entry> {
  const { sparseCheckoutFile } = refreshed.options
  if (!sparseCheckoutFile) return refreshed.entry
  const text = await readText(sparseCheckoutFile, 'sparse-checkout-file', 'latin1')
  if (text !== refreshed.sparse) {
    const selection = { ...refreshed.entry.selection, sparse: sparsePatterns(text) }
    refreshed.entry = { ...refreshed.entry, selection }
    refreshed.sparse = text
  }
  return refreshed.entry
}

/** The text of a file that a flag names. Throws `credentials-invalid`. */
async function readText(
  file: string,
  flag: string,
  encoding: BufferEncoding = 'utf8',
): Promise<string> {
  try {
    return (await readRegularFile(file, MAX_BYTES)).toString(encoding)
  } catch (error) {
    const { message } = toSyncError(error)
    throw new SyncError('credentials-invalid', `--${flag} ${file} cannot be read: ${message}`)
  }
}
