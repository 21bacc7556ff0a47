// What of git's configuration means something where no git runs. What has no effect is accepted, as it
// harms nobody.
import { redact } from '../../base/redact-patterns.js'
import type { Environment } from '../../credentials/environment.js'
import { type InsteadOf, rewriteUrl } from '../../git/instead-of.js'
import { specificityOf } from './config-url.js'
import { type GitConfig, readKey } from './git-config.js'

/** What of git's configuration, and of its variables, is done. */
export interface GitSettings {
  /** What it says of requests to an address. */
  httpOf: (url: string) => GitHttp
  /** All headers and proxies, for whichever address. */
  headers: Record<string, string>[]
  proxies: string[]
  /** All that ask for TLS not to be verified somewhere. */
  unverified: string[]
  insteadOf: InsteadOf
  /** What `protocol.file.allow` says. */
  fileAllow: string | undefined
  /** The file of `credential.helper store`. */
  storeFile: string | undefined
  sshCommand: string | undefined
}

/** What `http` has for one address. */
export interface GitHttp extends Partial<Record<(typeof TAKEN)[keyof typeof TAKEN], string>> {
  headers: Record<string, string>
  /** What asks for TLS not to be verified. */
  unverified: string | undefined
}

/** Keys that are taken as they are. */
const TAKEN = {
  'http.sslcainfo': 'caFile',
  'http.sslcert': 'clientCertFile',
  'http.sslkey': 'clientKeyFile',
  'http.proxy': 'proxy',
  'http.cookiefile': 'cookieFile',
} as const

/** These would change what is done, and do not. */
const NOT_DONE =
  /^(?:core\.(?:autocrlf|eol|symlinks|filemode)|http\.(?:.*\.)?(?:useragent|followredirects|lowspeed\w*|sslcapath)|credential\.(?:.*\.)?usehttppath)$/i

/** Variables of git's, and of OpenSSL's, that would, too. */
const VARIABLES_NOT_DONE =
  /^(?:GIT_(?:ASKPASS|CONFIG_PARAMETERS|HTTP_(?:USER_AGENT|LOW_SPEED_\w+)|SSL_CAPATH)|SSL_CERT_DIR)$/
const CA_DIRECTORY = /CAPATH$|^SSL_CERT_DIR$/i

/** Without a URL, it goes to the host of --repo alone, and to none that a submodule names. */
const SECRET = ['http.extraheader', 'http.sslcert', 'http.sslkey']
const FALSE = /^(?:false|no|off|0)$/i
const NO_VERIFY = 'GIT_SSL_NO_VERIFY'

/** A key of the configuration. */
interface ConfigKey extends ReturnType<typeof readKey> {
  key: string
  value: string
}

/** Reads configuration for the address `repo`, and those of git's variables that reach it; `warn` is told what is not done. */
export function readGitSettings(
  config: GitConfig,
  env: Environment,
  warn: (message: string) => void,
  repo: string,
): GitSettings {
  const keys = config.map(([key, value]) => ({ ...readKey(key), key, value }))
  const valuesOf = (wanted: string, of?: string) =>
    keys
      .filter(({ between, name }) => name === wanted && (of === undefined || between === of))
      .map(({ value }) => value)
  for (const { key } of keys) {
    if (NOT_DONE.test(key)) warn(`git config ${redact(key)} is ignored: ${whyNot(key)}`)
  }
  for (const [name, value] of Object.entries(env)) {
    if (value && VARIABLES_NOT_DONE.test(name)) warn(`${name} is ignored: ${whyNot(name)}`)
  }
  const insteadOf = keys.flatMap(({ between, name, value }) =>
    name === 'url.insteadof' ? [[between, value] as const] : [],
  )
  let storeFile: string | undefined
  for (const helper of valuesOf('credential.helper')) {
    const [, file] = /^store\s+--file[= ](.+)$/.exec(helper) ?? []
    if (file === undefined && helper !== 'store')
      warn('git config credential.helper is ignored: only the helper store is known')
    storeFile = file ?? storeFile
  }
  const own = rewriteUrl(repo, insteadOf)
  return {
    httpOf: (url) => {
      const http = httpOf(url, keysFor(url, own, keys), env)
      return isOwnHost(url, own) ? { ...http, ...identityOf(env) } : http
    },
    headers: valuesOf('http.extraheader').map(headerOf),
    proxies: valuesOf('http.proxy'),
    unverified: [
      ...keys.flatMap(({ key, name, value }) => (isUnverified(name, value) ? [redact(key)] : [])),
      ...(env[NO_VERIFY] === undefined ? [] : [NO_VERIFY]),
    ],
    insteadOf,
    fileAllow: valuesOf('protocol.allow', 'file').at(-1),
    storeFile,
    sshCommand: env['GIT_SSH_COMMAND'] || valuesOf('core.sshcommand').at(-1),
  }
}

function httpOf(url: string, keys: readonly ConfigKey[], env: Environment): GitHttp {
  const http: GitHttp = { headers: {}, unverified: undefined }
  for (const { key, name, value } of keys) {
    if (name in TAKEN) http[TAKEN[name as keyof typeof TAKEN]] = value
    else if (name === 'http.sslverify')
      http.unverified = isUnverified(name, value) ? redact(key) : undefined
    else if (name === 'http.extraheader') Object.assign(http.headers, headerOf(value))
  }
  if (env[NO_VERIFY] !== undefined) http.unverified = NO_VERIFY
  if (!/^https:/i.test(url)) http.unverified = undefined
  if (env['GIT_SSL_CAINFO']) http.caFile = env['GIT_SSL_CAINFO']
  return http
}

/** The certificate that git's variables name, which win over its configuration. */
function identityOf(env: Environment): Pick<GitHttp, 'clientCertFile' | 'clientKeyFile'> {
  const [cert, key] = [env['GIT_SSL_CERT'], env['GIT_SSL_KEY']]
  return { ...(cert && { clientCertFile: cert }), ...(key && { clientKeyFile: key }) }
}

function whyNot(name: string): string {
  return CA_DIRECTORY.test(name)
    ? 'name one file with all of the CAs, as GIT_SSL_CAINFO or http.sslCAInfo'
    : 'it is not supported here'
}

function isUnverified(name: string, value: string): boolean {
  return name === 'http.sslverify' && FALSE.test(value)
}

function headerOf(text: string): Record<string, string> {
  const [, name, value = ''] = /^([^:]+):\s*(.*)$/.exec(text) ?? []
  return name === undefined ? {} : { [name.toLowerCase()]: value }
}

/** The keys of `http` that count for a URL: those that name it most exactly. */
function keysFor(url: string, own: string, keys: readonly ConfigKey[]): ConfigKey[] {
  const isOwn = isOwnHost(url, own)
  /** How well the URL fits of the key that each setting is from. */
  const fits = new Map<string, number>()
  return keys.filter(({ between, name }) => {
    if (!name.startsWith('http.') || (between === '' && !isOwn && SECRET.includes(name)))
      return false
    const fit = specificityOf(between, url)
    if (fit === undefined || fit < (fits.get(name) ?? 0)) return false
    fits.set(name, fit)
    return true
  })
}

function isOwnHost(url: string, own: string): boolean {
  return hostOf(url) !== undefined && hostOf(url) === hostOf(own)
}

function hostOf(url: string): string | undefined {
  return /^https?:/i.test(url) && URL.canParse(url) ? new URL(url).host : undefined
}
