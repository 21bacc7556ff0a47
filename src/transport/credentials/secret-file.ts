// Files with secrets, read as they are now. What is wrong with one is said with its
// name, never with its content; also where the content stands in place of the name.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { codeOf, errnoOf } from '../../base/errno.js'
import { SyncError } from '../../base/errors.js'
import { describeFile } from '../../base/file-name.js'

/** Where a secret was found; errors say it. */
export interface Origin {
  /** As a sentence begins: `The credentials file /etc/credentials.json`. */
  name: string
  /** Where relative names of files start. */
  folder: string
  /** What a field is called there. @default `its ${field}` */
  nameOf?: (field: string) => string
}

/** What is wrong with a value that {@link isFileName} finds none. */
export const NO_FILE_NAME = 'must be a file name, not the secret itself'

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
  return readSafely(name, what, () => readFile(file, 'utf8'))
}

/**
 * The secret in a file, absolute, that a field of `origin` names, without a newline at its end.
 * Throws `credentials-invalid` where it cannot be read or is empty.
 */
export async function readSecret(file: string, origin: Origin, field: string): Promise<string> {
  const written = path.relative(origin.folder, file)
  const label = nameIn(origin, field)
  const text = await readText(file, origin.name, describeFile(label, written, file))
  const secret = withoutLineEnd(text)
  if (secret === '') throw invalidIn(origin.name, `${label} ${file} is empty`)
  return secret
}

/** The text of a file at a place where none has to be; undefined where none can be read. */
export async function readOptionalText(file: string, name: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    // The home of another user is as good as none.
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error))) return undefined
    throw unreadable(name, 'it', error)
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
  return invalidIn(name, `${what} cannot be read (${code || 'unknown'})`, cause)
}
