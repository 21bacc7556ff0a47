// The secrets that webhooks show, as their file has them at each request: one a line, so that a new
// one can be added before the old one goes. A file that cannot be read leaves the last ones in force.
import { stat } from 'node:fs/promises'
import { codeOf } from '../../base/errno.js'
import { SyncError } from '../../base/errors.js'
import { type NamedFile, showFile } from '../../base/file-name.js'
import { readFault, readRegularFile } from '../../base/regular-file.js'
import { Refusal } from './refusal.js'

/** The longest file of secrets, in bytes. */
const MAX_FILE_BYTES = 64 * 1024
/** The shortest secret, in characters. */
export const MIN_SECRET_LENGTH = 8

export interface WebhookSecretsOptions {
  file: NamedFile | undefined
  /** Secrets that are in force beside those of the file. */
  text: string | undefined
  /** Told once of each secret. */
  onSecret: (secret: string) => void
  /** Told once of each fault of the file. */
  onFault: (fault: SyncError) => void
}

/** Gives the secrets in force; none where none could be read yet. */
export type WebhookSecrets = () => Promise<readonly string[]>

/** Creates what reads the secrets, the file only when it has changed. */
export function createWebhookSecrets(options: WebhookSecretsOptions): WebhookSecrets {
  const { file, text = '', onSecret, onFault } = options
  const given = linesOf(text)
  for (const secret of given) onSecret(secret)
  let inForce = given
  let fingerprint: string | undefined
  let told: string | undefined

  async function look(named: NamedFile): Promise<void> {
    const { ino, size, mtimeNs, ctimeNs } = await stat(named.file, { bigint: true })
    const found = [ino, size, mtimeNs, ctimeNs].join()
    if (found === fingerprint) return
    const read = linesOf((await readRegularFile(named.file, MAX_FILE_BYTES)).toString())
    if (read.length === 0) throw new Error('has no secret')
    if (read.some(({ length }) => length < MIN_SECRET_LENGTH)) {
      throw new Error(`has a secret of less than ${MIN_SECRET_LENGTH} characters`)
    }
    for (const secret of read) onSecret(secret)
    inForce = [...given, ...read]
    fingerprint = found
    told = undefined
  }

  return async () => {
    if (file === undefined) return inForce
    try {
      await look(file)
    } catch (error) {
      const fault = faultOf(file, error, inForce.length > 0)
      if (fault.message !== told) onFault(fault)
      told = fault.message
    }
    return inForce
  }
}

/** The secrets in force. Throws a {@link Refusal} where there are none. */
export async function neededSecrets(secrets: WebhookSecrets): Promise<readonly string[]> {
  const inForce = await secrets()
  if (inForce.length > 0) return inForce
  throw new Refusal('unavailable', 'No webhook secret could be read yet: see the log')
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim())
  return [...new Set(lines.filter((line) => line !== ''))]
}

function faultOf(file: NamedFile, error: unknown, areSomeInForce: boolean): SyncError {
  const code = codeOf(error)
  const fault = !code && error instanceof Error ? error.message : readFault(error, code)
  const meanwhile = areSomeInForce
    ? 'until then the last good secrets stay in force'
    : 'until then every webhook is refused'
  return new SyncError(
    'credentials-invalid',
    `The file of webhook secrets ${showFile(file)} ${fault}: put one secret on each line of it, and let this user read it; ${meanwhile}`,
  )
}
