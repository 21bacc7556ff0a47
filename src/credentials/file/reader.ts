// Reads the credentials file as it is at each attempt, at the cost of a stat.
import { stat } from 'node:fs/promises'
import type { NamedFile } from '../../base/file-name.js'
import type { Credential } from '../credential.js'
import type { CredentialRequest } from '../provider.js'
import { originIn, readSafely, readText } from '../secret-file.js'
import { createCredentialsParser } from './parser.js'

/**
 * Reads the file again only when it has changed, as a thousand remotes may ask each minute, or
 * when a server rejected what it gave. Credentials stay the same objects while the text does.
 */
export function createFileReader(
  named: NamedFile,
): (request: CredentialRequest) => Promise<Credential[]> {
  const parse = createCredentialsParser()
  const { file } = named
  const { name } = originIn(named)
  let cached: { fingerprint: string; text: string; credentials: Credential[] } | undefined
  return async ({ attempt }) => {
    const fingerprint = await readSafely(name, 'it', async () => {
      const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
      return [ino, size, mtimeNs, ctimeNs].join()
    })
    if (!attempt.rejected && cached?.fingerprint === fingerprint) return cached.credentials
    const text = await readText(file, name)
    const credentials = cached?.text === text ? cached.credentials : parse(text, named)
    cached = { fingerprint, text, credentials }
    return credentials
  }
}
