// Files with secrets, read as they are now. What is wrong with one is said with its
// name, never with its content; also where the content stands in place of the name.
import path from 'node:path'
import { codeOf, errnoOf } from '../base/errno.js'
import { SyncError } from '../base/errors.js'
import { type NamedFile, namedIn, showFile } from '../base/file-name.js'
import { readFault, readRegularFile } from '../base/regular-file.js'

/** Where a secret was found; errors say it. */
export interface Origin {
  /** As a sentence begins: `The credentials file /etc/credentials.json`. */
  name: string
  /** Where relative names of files start. */
  folder: string
  /** What a field is called there. @default `its ${field}` */
  nameOf?: (field: string) => string
}

/** The most that a file of logins, keys or hosts may have, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024

/** What is wrong with the name of a file that is none. */
export const MUST_BE_FILE_NAME = 'must be a file name, not the secret itself'

/** The credentials file as an origin, or of it what `what` says: `credential for https://host in`. */
export function originIn(named: NamedFile, what = 'credentials file'): Origin {
  return { name: `The ${what} ${showFile(named)}`, folder: path.dirname(named.file) }
}

/** A credential that cannot be used, found in what `name` says. */
export function invalidIn(name: string, fault: string, cause?: unknown): SyncError {
  return new SyncError('credentials-invalid', `${name}: ${fault}`, { cause })
}

/** How errors about `origin` name a field. */
export function nameIn({ nameOf }: Origin, field: string): string {
  return nameOf?.(field) ?? `its ${field}`
}

/** `text` without the one newline that editors and tools put at its end. */
export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '')
}

/** The text of a file. Throws `credentials-invalid`, which begins with `name`. */
export async function readText(file: string, name: string, what = 'it'): Promise<string> {
  return readSafely(name, what, () => readCredentialFile(file))
}

/**
 * The secret in the file that a field of `origin` names by `written`, without a newline at its end.
 * Throws `credentials-invalid` where it cannot be read or is empty.
 */
export async function readSecret(written: string, origin: Origin, field: string): Promise<string> {
  const named = namedIn(origin.folder, written)
  const label = nameIn(origin, field)
  const text = await readText(named.file, origin.name, `${label} ${showFile(named)}`)
  const secret = withoutLineEnd(text)
  // What is a file's name is no secret.
  if (secret === '') throw invalidIn(origin.name, `${label} ${named.file} is empty`)
  return secret
}

/** The text of a file with something to log in by. Throws what the system does, or what is unfit. */
export async function readCredentialFile(file: string): Promise<string> {
  return (await readRegularFile(file, MAX_BYTES)).toString()
}

/** The text of a file that nobody named; undefined where none can be read. */
export async function readOptionalText(file: string): Promise<string | undefined> {
  try {
    return await readCredentialFile(file)
  } catch (error) {
    // A directory, a home of another user, or a disk that fails: as good as no file.
    if (errnoOf(error) !== '') return undefined
    throw error
  }
}

/** Runs `read`, whose faults become `credentials-invalid`. */
export async function readSafely<T>(
  name: string,
  what: string,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw unreadable(name, what, error)
  }
}

/** The system's own words hold the name, so that they are kept only where there is no code. */
function unreadable(name: string, what: string, error: unknown): SyncError {
  const code = codeOf(error)
  const cause = code ? undefined : error
  return invalidIn(name, `${what} ${readFault(error, code)}`, cause)
}
