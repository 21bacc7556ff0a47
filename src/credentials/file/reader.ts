// Reads the credentials file as it is at each attempt, at the cost of a stat. One that is broken
// leaves the last good one in force, as the listing does.
import { stat } from 'node:fs/promises'
import { type SyncError, toSyncError } from '../../base/errors.js'
import type { NamedFile } from '../../base/file-name.js'
import type { Credential } from '../credential.js'
import type { LoginAttempt } from '../provider.js'
import { originIn, readSafely, readText } from '../secret-file.js'
import type { ParseCredentials } from './parser.js'

/** What the file has. */
export interface CredentialsRead {
  /** The last good ones; undefined: there were none yet. */
  credentials: Credential[] | undefined
  /** What is wrong with the file as it is now. */
  fault: SyncError | undefined
}

/**
 * Reads the file again only when it has changed, as a thousand remotes may ask each minute, or
 * when a server rejected what it gave. Credentials stay the same objects while the text does.
 * `onFault` is told once of each fault, and whether a good one stays in force.
 */
export function createFileReader(
  named: NamedFile,
  onFault: (fault: SyncError, isKept: boolean) => void,
): (attempt: LoginAttempt) => Promise<CredentialsRead> {
  // It takes a schema compiler along, which nobody needs without a file.
  let parse: ParseCredentials | undefined
  const { file } = named
  const { name } = originIn(named)
  let good: { text: string; credentials: Credential[] } | undefined
  let last: { fingerprint: string; fault: SyncError | undefined } | undefined
  let told: string | undefined

  async function look(isRejected: boolean): Promise<SyncError | undefined> {
    const fingerprint = await readSafely(name, 'it', async () => {
      const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
      return [ino, size, mtimeNs, ctimeNs].join()
    })
    if (!isRejected && last?.fingerprint === fingerprint) return last.fault
    const text = await readText(file, name)
    last = { fingerprint, fault: undefined }
    parse ??= (await import('./parser.js')).createCredentialsParser()
    try {
      if (good?.text !== text) good = { text, credentials: parse(text, named) }
    } catch (error) {
      last.fault = toSyncError(error)
    }
    return last.fault
  }

  return async ({ rejected }) => {
    const fault = await look(rejected !== undefined).catch(toSyncError)
    if (fault && fault.message !== told) onFault(fault, good !== undefined)
    told = fault?.message
    return { credentials: good?.credentials, fault }
  }
}
