// Reads what the credentials file names, as it is at this moment, so that a secret
// that was rotated is in use from the next attempt on. No fault shows a content.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { invalid } from './credentials-file.js'

/**
 * The content of the secret `name`, a path from the folder of the credentials file `file`, without
 * the one newline that editors and tools put at its end. `field` is what names it there.
 */
export async function readSecretFile(name: string, field: string, file: string): Promise<string> {
  const secretFile = path.resolve(path.dirname(file), name)
  const secret = await readSafely(file, `its ${field} ${secretFile}`, async () =>
    (await readFile(secretFile, 'utf8')).replace(/\r?\n$/, ''),
  )
  if (secret === '') throw invalid(file, `its ${field} ${secretFile} is empty`)
  return secret
}

/** Runs `read`; what it throws becomes `credentials-invalid`, saying that `what` cannot be read. */
export async function readSafely<T>(
  file: string,
  what: string,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read()
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : 'unknown'
    throw invalid(file, `${what} cannot be read (${reason})`, error)
  }
}
