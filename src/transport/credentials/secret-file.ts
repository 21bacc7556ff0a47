// Files with secrets, read as they are now. What is wrong with one is said with its
// name, never with its content.
import { readFile } from 'node:fs/promises'
import { codeOf, errnoOf } from '../../base/errno.js'
import { SyncError } from '../../base/errors.js'

/** Where a secret was found; errors say it. */
export interface Origin {
  /** As a sentence begins: `The credentials file /etc/credentials.json`. */
  name: string
  /** Where relative names of files start. */
  folder: string
}

/** A credential that cannot be used, found in what `name` says. */
export function invalidIn(name: string, fault: string, cause?: unknown): SyncError {
  return new SyncError('credentials-invalid', `${name}: ${fault}`, { cause })
}

/** The text of a file. Throws `credentials-invalid`, which begins with `name`. */
export async function readText(file: string, name: string, what = 'it'): Promise<string> {
  return readSafely(name, what, () => readFile(file, 'utf8'))
}

/**
 * The secret in a file, without the one newline that editors and tools put at its end. Throws
 * `credentials-invalid` where it cannot be read or is empty.
 */
export async function readSecret(file: string, name: string, field: string): Promise<string> {
  const what = `its ${field} ${file}`
  const secret = (await readText(file, name, what)).replace(/\r?\n$/, '')
  if (secret === '') throw invalidIn(name, `${what} is empty`)
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

function unreadable(name: string, what: string, error: unknown): SyncError {
  return invalidIn(name, `${what} cannot be read (${codeOf(error) || 'unknown'})`, error)
}
