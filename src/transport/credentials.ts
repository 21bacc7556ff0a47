// The headers that authenticate a remote. The credentials file and the secrets it
// names are read as they are at each attempt, so that rotation needs no restart.
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { SyncError } from '../base/errors.js'
import type { RemoteUrl } from '../git/remote-url.js'
import { findCredential } from './credential-match.js'
import {
  type Credential,
  createCredentialsParser,
  invalid,
  isHeaderValue,
} from './credentials-file.js'

export interface CredentialsOptions {
  /** The credentials file, absolute. */
  path: string | undefined
}

export interface Credentials {
  /**
   * Headers for `remote`, from the credential called `name`, or else from the remote's own URL, or
   * else from the longest prefix; empty where there is none. Throws `credentials-invalid`.
   */
  headersFor(remote: RemoteUrl, name: string | undefined): Promise<Record<string, string>>
}

/** Where the credentials that {@link Credentials} finds come from, in words for a sentence. */
export function originOf({ credentials }: RemoteUrl, name: string | undefined): string {
  if (name !== undefined) return `the credential "${name}" in CREDENTIALS_PATH`
  return credentials ? "the user name and password in the entry's repo" : 'CREDENTIALS_PATH'
}

/** Creates a reader of the credentials file. */
export function createCredentials({ path: file }: CredentialsOptions): Credentials {
  const read = file === undefined ? undefined : createFileReader(file)
  return {
    async headersFor(remote, name) {
      if (remote.transport !== 'http') return {}
      if (name === undefined && remote.credentials) {
        const { username, password } = remote.credentials
        return { authorization: basic(username, password) }
      }
      if (file === undefined || !read) {
        if (name === undefined) return {}
        throw new SyncError(
          'credentials-invalid',
          `The listing asks for the credential "${name}", but CREDENTIALS_PATH is not set`,
        )
      }
      const credentials = await read()
      const credential =
        name === undefined
          ? findCredential(credentials, remote.url)
          : credentials.find((candidate) => candidate.name === name)
      if (credential) return headersOf(credential, file)
      if (name === undefined) return {}
      throw invalid(file, `has no credential of the name "${name}" that the listing asks for`)
    },
  }
}

/** Reads the file again only when it has changed, as a thousand remotes may ask each minute. */
function createFileReader(file: string): () => Promise<Credential[]> {
  const parse = createCredentialsParser()
  let cached: { fingerprint: string; credentials: Credential[] } | undefined
  return async () => {
    const fingerprint = await readSafely(file, 'it', async () => {
      const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
      return [ino, size, mtimeNs, ctimeNs].join()
    })
    if (cached?.fingerprint === fingerprint) return cached.credentials
    const text = await readSafely(file, 'it', () => readFile(file, 'utf8'))
    cached = { fingerprint, credentials: parse(text, file) }
    return cached.credentials
  }
}

async function headersOf(credential: Credential, file: string): Promise<Record<string, string>> {
  const { username = '', headers = {} } = credential
  const further = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  const secret = (value: string | undefined, field: 'passwordFile' | 'tokenFile') =>
    value ?? readSecret(credential[field], field, file)
  const password = await secret(credential.password, 'passwordFile')
  const token = await secret(credential.token, 'tokenFile')
  return {
    ...Object.fromEntries(further),
    ...(password === undefined ? {} : { authorization: basic(username, password) }),
    ...(token === undefined ? {} : { authorization: bearer(token, file) }),
  }
}

/** The content of a secret's file, without the one newline that editors and tools put at its end. */
async function readSecret(
  name: string | undefined,
  field: string,
  file: string,
): Promise<string | undefined> {
  if (name === undefined) return undefined
  const secretFile = path.resolve(path.dirname(file), name)
  const secret = await readSafely(file, `its ${field} ${secretFile}`, async () =>
    (await readFile(secretFile, 'utf8')).replace(/\r?\n$/, ''),
  )
  if (secret === '') throw invalid(file, `its ${field} ${secretFile} is empty`)
  return secret
}

async function readSafely<T>(file: string, what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : 'unknown'
    throw invalid(file, `${what} cannot be read (${reason})`, error)
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function bearer(token: string, file: string): string {
  if (!isHeaderValue(token)) throw invalid(file, 'a token has a line end or the like in it')
  return `Bearer ${token}`
}
