// What git-sync logs in with, as credentials of the machine.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Credential } from '../../credentials/credential.js'
import type { RemoteUrl } from '../../git/remote-url.js'
import { UsageError } from './command-line.js'
import type { Options } from './options.js'

/** The fields of one --credential. */
const FIELDS = ['url', 'username', 'password', 'password-file']

/** All logins: that of a URL counts for the rest of its host, too. Throws a {@link UsageError}. */
export function credentialsOf(options: Options, remote: RemoteUrl): Credential[] {
  const origin = originOf(remote.url)
  const own: Credential = {
    url: origin,
    ...loginOf(options),
    ...githubOf(options),
    ...(remote.credentials ?? {}),
  }
  const listed = options.credential.flatMap(parseCredentials)
  const isOwn = Object.keys(own).length > 1 && remote.transport === 'http'
  const hosts = listed.map((each) => ({ ...each, url: originOf(each.url ?? '') }))
  // Of equals the first counts.
  return [...(isOwn ? [own] : []), ...listed, ...hosts]
}

function loginOf({ password, passwordFile, username }: Options): Partial<Credential> {
  if (!username) return {}
  return passwordFile ? { username, passwordFile } : { username, password }
}

/** The host that gives tokens to the GitHub app, if there is one. */
export function hostOfGithub({
  githubBaseUrl: url,
  githubInstallationId,
}: Pick<Options, 'githubBaseUrl' | 'githubInstallationId'>): string | undefined {
  return githubInstallationId && URL.canParse(url) ? new URL(url).host : undefined
}

function githubOf(options: Options): Partial<Credential> {
  const { githubAppId, githubBaseUrl, githubClientId, githubInstallationId } = options
  if (!githubInstallationId) return {}
  const { githubKey: privateKey } = options
  const privateKeyFile = path.resolve(options.githubKeyFile)
  if (!privateKey) assertReadable(privateKeyFile)
  return {
    githubApp: {
      ...(githubClientId ? { clientId: githubClientId } : { appId: githubAppId }),
      installationId: githubInstallationId,
      privateKeyFile,
      ...(privateKey && { privateKey }),
      apiUrl: githubBaseUrl,
    },
  }
}

function assertReadable(file: string): void {
  try {
    readFileSync(file)
  } catch (error) {
    throw new UsageError(
      `can't read the private key of the GitHub app: ${(error as Error).message}`,
      1,
      false,
    )
  }
}

/** Of an object, or a list of them. */
function parseCredentials(text: string): Credential[] {
  let parsed: unknown
  try {
    parsed = text === '' ? [] : JSON.parse(text)
  } catch {
    throw invalid('it is not valid JSON')
  }
  return (Array.isArray(parsed) ? parsed : [parsed]).map(parseCredential)
}

function parseCredential(fields: unknown): Credential {
  if (typeof fields !== 'object' || fields === null) throw invalid('it is no object')
  const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name))
  if (unknown !== undefined) throw invalid(`unknown field ${JSON.stringify(unknown)}`)
  const {
    password,
    'password-file': passwordFile,
    url,
    username,
  } = fields as Record<string, unknown>
  if (typeof url !== 'string' || !URL.canParse(url)) throw invalid('url must be specified')
  if (typeof username !== 'string' || username === '') throw invalid('username must be specified')
  if ([password, passwordFile].some((each) => each && typeof each !== 'string'))
    throw invalid('a password is a string')
  if (password && passwordFile)
    throw invalid('only one of password and password-file may be specified')
  if (!password && !passwordFile) throw invalid('password or password-file must be specified')
  const secret = password ? { password: String(password) } : { passwordFile: String(passwordFile) }
  return { url, username, ...secret }
}

function invalid(why: string): UsageError {
  return new UsageError(`invalid flag: --credential: ${why}`, 1)
}

function originOf(url: string): string {
  const { host, protocol } = new URL(url)
  return `${protocol}//${host}`
}
