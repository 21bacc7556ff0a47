// What may change is looked at before each sync: the service of --askpass-url, files with passwords,
// the sparse-checkout file.
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
  options: Pick<Options, 'askpassUrl' | 'sparseCheckoutFile'>
  entry: Entry
  /** Has what the service gave last. */
  asked: Credential[]
  credentials: Credential[]
  counts: SyncCounts
  redactor: Pick<Redactor, 'add'>
  /** The sparse-checkout file, as it was read last. */
  sparse: string | undefined
}

/** Sessions that look at it; what has another selection then goes to `setEntry`. */
export function refreshing(
  open: Sessions['open'],
  refreshed: Refreshed,
  setEntry: (changed: Entry) => void,
): Sessions['open'] {
  const { asked, counts, credentials, entry, options, redactor } = refreshed
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
      const login = await askForLogin(askpassUrl, url, signal)
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
    if (!sparseCheckoutFile) return
    const text = await readSparseFile(sparseCheckoutFile)
    if (text === refreshed.sparse) return
    refreshed.sparse = text
    const selection = { ...entry.selection, sparse: sparsePatterns(text) }
    setEntry({ ...entry, selection })
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

/** The text of the sparse-checkout file, if there is to be one: each time that it cannot be read is a failed sync. */
export async function readSparse(
  { sparseCheckoutFile }: Refreshed['options'],
  cycle: Pick<Cycle, 'failSync' | 'isOver' | 'retryMs'>,
): Promise<string | undefined> {
  while (sparseCheckoutFile) {
    try {
      return await readSparseFile(sparseCheckoutFile)
    } catch (error) {
      cycle.failSync(toSyncError(error))
    }
    // Nobody waits once it is given up.
    if (cycle.isOver) break
    await new Promise((resolve) => {
      setTimeout(resolve, cycle.retryMs)
    })
  }
  return undefined
}

function readSparseFile(file: string): Promise<string> {
  return readText(file, 'sparse-checkout-file', 'latin1')
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
