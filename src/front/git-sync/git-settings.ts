// What of git's configuration means something where no git runs. What has no effect is accepted, as it
// harms nobody.
import { redact } from '../../base/redact-patterns.js'
import { type InsteadOf, rewriteUrl } from '../../git/instead-of.js'
import { specificityOf } from './config-url.js'
import { type GitConfig, readKey } from './git-config.js'

/** What of git's configuration, and of its variables, is done. */
export interface GitSettings {
  caFile: string | undefined
  clientCertFile: string | undefined
  clientKeyFile: string | undefined
  proxy: string | undefined
  headers: Record<string, string>
  cookieFile: string | undefined
  /** The file of `credential.helper store`. */
  storeFile: string | undefined
  insteadOf: InsteadOf
  /** What asks for TLS not to be verified. */
  unverified: string | undefined
  sshCommand: string | undefined
  /** What goes to other URLs than that of --repo, and below them. */
  bound: BoundSettings[]
}

/** What goes to one URL, and below it. */
export interface BoundSettings
  extends Pick<GitSettings, 'clientCertFile' | 'clientKeyFile' | 'headers'> {
  url: string
}

/** These would change what is done, and do not. */
const NOT_DONE =
  /^(?:core\.(?:autocrlf|eol|symlinks|filemode)|http\..*(?:useragent|followredirects|lowspeed\w*)|credential\.usehttppath)$/i

/** What of `http` goes to one host alone: without a URL, that of --repo. */
const BOUND = ['http.extraheader', 'http.sslcert', 'http.sslkey']
const FALSE = /^(?:false|no|off|0)$/i

/** A key whose value counts, the settings so far, and who is told what is not done. */
interface Reading {
  key: string
  value: string
  settings: GitSettings
  isTls: boolean
  warn: (message: string) => void
}

/** A key of the configuration. */
interface ConfigKey extends ReturnType<typeof readKey> {
  key: string
  value: string
}

const NOTHING: Omit<GitSettings, 'headers' | 'insteadOf' | 'bound'> = {
  caFile: undefined,
  clientCertFile: undefined,
  clientKeyFile: undefined,
  proxy: undefined,
  cookieFile: undefined,
  storeFile: undefined,
  unverified: undefined,
  sshCommand: undefined,
}

/** Keys that are taken as they are. */
const TAKEN = {
  'http.sslcainfo': 'caFile',
  'http.sslcert': 'clientCertFile',
  'http.sslkey': 'clientKeyFile',
  'http.proxy': 'proxy',
  'http.cookiefile': 'cookieFile',
} as const satisfies Record<string, keyof GitSettings>

const READ: Readonly<Record<string, (reading: Reading) => void>> = {
  'http.sslverify'({ isTls, key, settings, value }) {
    if (FALSE.test(value)) settings.unverified = isTls ? redact(key) : settings.unverified
    else if (settings.unverified !== NO_VERIFY) settings.unverified = undefined
  },
  'http.extraheader'({ settings, value }) {
    const [, header = '', content = ''] = /^([^:]+):\s*(.*)$/.exec(value) ?? []
    if (header !== '') settings.headers[header.toLowerCase()] = content
  },
  'credential.helper'({ key, settings, value, warn }) {
    const [, file] = /^store\s+--file[= ](.+)$/.exec(value) ?? []
    if (file === undefined && value !== 'store')
      warn(`git config ${key} is ignored: only the helper store is known`)
    settings.storeFile = file ?? settings.storeFile
  },
  'core.sshcommand'({ settings, value }) {
    settings.sshCommand = value
  },
}

const NO_VERIFY = 'GIT_SSL_NO_VERIFY'

/** Reads configuration for the address `repo`, and those of git's variables that reach it; `warn` is told what is not done. */
export function readGitSettings(
  config: GitConfig,
  env: Readonly<Record<string, string | undefined>>,
  warn: (message: string) => void,
  repo: string,
): GitSettings {
  const keys = config.map(([key, value]) => ({ ...readKey(key), key, value }))
  const insteadOf = keys.flatMap(({ between, name, value }) =>
    name === 'url.insteadof' ? [[between, value] as const] : [],
  )
  const url = rewriteUrl(repo, insteadOf)
  const isTls = /^https:/i.test(url)
  const unverified = isTls && env[NO_VERIFY] !== undefined ? NO_VERIFY : undefined
  const settings: GitSettings = { ...NOTHING, headers: {}, insteadOf, unverified, bound: [] }
  for (const { between, key, name, value } of keysFor(url, keys)) {
    // What is not bound to a host would count for those of submodules, too.
    if (between !== '' && name.startsWith('http.') && !BOUND.includes(name))
      warn(`git config ${redact(key)} counts for the hosts of submodules as well`)
    if (name in TAKEN) settings[TAKEN[name as keyof typeof TAKEN]] = value
    else if (READ[name]) READ[name]({ key, value, settings, isTls, warn })
    else if (NOT_DONE.test(key)) warn(`git config ${key} is ignored: it is not supported here`)
  }
  for (const { between, key, name } of keys) {
    if (!name.startsWith('http.') || specificityOf(between, url) !== undefined) continue
    if (BOUND.includes(name) && URL.canParse(between) && !between.includes('*'))
      settings.bound.push(boundTo(between, keys))
    else warn(`git config ${redact(key)} is ignored: its URL is not that of --repo`)
  }
  return {
    ...settings,
    caFile: env['GIT_SSL_CAINFO'] || settings.caFile,
    sshCommand: env['GIT_SSH_COMMAND'] || settings.sshCommand,
  }
}

/** The keys that count for a URL: of `http`, those that name it most exactly. */
function keysFor(url: string, keys: readonly ConfigKey[]): ConfigKey[] {
  /** How well the URL fits of the key that each setting is from: the best one counts. */
  const fits = new Map<string, number>()
  return keys.filter(({ between, name }) => {
    if (!name.startsWith('http.')) return true
    const fit = specificityOf(between, url)
    if (fit === undefined || fit < (fits.get(name) ?? 0)) return false
    fits.set(name, fit)
    return true
  })
}

/** What is meant for a URL alone. */
function boundTo(url: string, keys: readonly ConfigKey[]): BoundSettings {
  const settings: GitSettings = { ...NOTHING, headers: {}, insteadOf: [], bound: [] }
  const own = keys.filter(({ between, name }) => between !== '' && BOUND.includes(name))
  for (const { name, ...key } of keysFor(url, own)) {
    if (name in TAKEN) settings[TAKEN[name as keyof typeof TAKEN]] = key.value
    else READ[name]?.({ ...key, settings, isTls: false, warn: () => undefined })
  }
  const { clientCertFile, clientKeyFile, headers } = settings
  return { url, clientCertFile, clientKeyFile, headers }
}
