// The files with the keys by which commits may be signed, as they are now.
import { stat } from 'node:fs/promises'
import { codeOf } from '../base/errno.js'
import { SyncError } from '../base/errors.js'
import { readFault, readRegularFile } from '../base/regular-file.js'

/** What a file has. */
export interface KeyFile {
  /** Absolute. */
  name: string
  content: Uint8Array
}

/** The most that is read of one, in bytes. */
const MAX_BYTES = 1024 * 1024

/** Reads key files. Throws `keys-invalid`, which names the file, where one cannot be read, or is empty. */
export async function readKeyFiles(names: readonly string[]): Promise<KeyFile[]> {
  const files = await readRevokedFiles(names)
  const empty = files.find(({ content }) => content.length === 0)
  if (empty) throw invalidKeys(empty.name, 'is empty: put the public keys there', undefined)
  return files
}

/** Reads files of revoked keys, which may be empty. Throws `keys-invalid` where one cannot be read. */
export function readRevokedFiles(names: readonly string[]): Promise<KeyFile[]> {
  return Promise.all(
    names.map(async (name) => {
      const content = await readRegularFile(name, MAX_BYTES).catch((error: unknown) => {
        throw invalidKeys(name, readFault(error, codeOf(error)), error)
      })
      return { name, content }
    }),
  )
}

/** What tells that one of the files is another one than it was; of one that is not there, that. */
export async function keyFilesStatus(names: readonly string[]): Promise<string> {
  const each = names.map(async (name) => {
    const found = await stat(name, { bigint: true }).catch(codeOf)
    return typeof found === 'string' ? found : `${found.ino} ${found.size} ${found.mtimeNs}`
  })
  return (await Promise.all(each)).join('\n')
}

/** A key file that cannot be used, with a predicate that says why. */
export function invalidKeys(name: string, fault: string, cause: unknown): SyncError {
  return new SyncError('keys-invalid', `The key file ${name} ${fault}`, { cause })
}
