// --git-config: its grammar, and what of git's configuration means something where no git runs. What
// has no effect is accepted, as it harms nobody.
import { redact } from '../../base/redact-patterns.js'
import { UsageError } from './command-line.js'
import { specificityOf } from './config-url.js'

/** Keys and values, in the order in which they were written. */
export type GitConfig = readonly (readonly [key: string, value: string])[]

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  '"': '"',
  ',': ',',
  '\\': '\\',
}

/** Reads `key:value,key:value`; each may be in double quotes. Throws a {@link UsageError}. */
export function parseGitConfig(text: string): GitConfig {
  const pairs: [string, string][] = []
  for (let rest = text.trim(); rest !== ''; ) {
    // Values may be secrets, and so may be whatever is not read: only where it is, is said.
    const place = () => `at character ${text.trimEnd().length - rest.length + 1}`
    const key = readPart(rest, ':', `key ${place()}`)
    const after = rest.slice(key.length).trimStart()
    if (!after.startsWith(':')) throw invalid(`key without a value ${place()}`)
    rest = after.slice(1).trimStart()
    const named = `${JSON.stringify(redact(key.text))} ${place()}`
    const value = readPart(rest, ',', `value of ${named}`)
    if (value.length === 0) throw invalid(`empty value of ${named}`)
    rest = rest.slice(value.length).trimStart()
    if (rest !== '' && !rest.startsWith(',')) throw invalid(`no comma after the value of ${named}`)
    rest = rest.slice(1).trimStart()
    if (key.text === '') throw invalid(`empty key ${place()}`)
    pairs.push([key.text, value.text])
  }
  return pairs
}

/** What stands before `end`, and how long it is as it is written. */
function readPart(text: string, end: string, what: string): { text: string; length: number } {
  const isQuoted = text.startsWith('"')
  let read = ''
  for (let at = isQuoted ? 1 : 0; ; at++) {
    const character = text[at]
    if (character === undefined && isQuoted)
      throw invalid(`no quote at the end of the quoted ${what}`)
    if (character === undefined || (!isQuoted && character === end)) {
      return { text: read.trimEnd(), length: at }
    }
    if (isQuoted && character === '"') return { text: read, length: at + 1 }
    if (character === '\\' && (isQuoted || end === ',')) {
      const escaped = ESCAPES[text[++at] ?? '']
      if (escaped === undefined) throw invalid(`unsupported escape in the ${what}`)
      read += escaped
    } else read += character
  }
}

function invalid(why: string): UsageError {
  return new UsageError(`can't set additional git configs: invalid --git-config: ${why}`, 1, false)
}

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
  /** An address that begins with the second becomes one that begins with the first. */
  insteadOf: readonly (readonly [base: string, prefix: string])[]
  /** What asks for TLS not to be verified. */
  unverified: string | undefined
  sshCommand: string | undefined
}

/** These would change what is done, and do not. */
const NOT_DONE =
  /^(?:core\.(?:autocrlf|eol|symlinks|filemode)|http\..*(?:useragent|followredirects|lowspeed\w*)|credential\.usehttppath)$/i

/** What of `http` goes to the host of --repo alone. */
const BOUND = ['http.extraheader', 'http.sslcert', 'http.sslkey']
const FALSE = /^(?:false|no|off|0)$/i

/** Reads configuration for the address `repo`, and those of git's variables that reach it; `warn` is told what is not done. */
export function readGitSettings(
  config: GitConfig,
  env: Readonly<Record<string, string | undefined>>,
  warn: (message: string) => void,
  repo: string,
): GitSettings {
  const settings: GitSettings = {
    caFile: env['GIT_SSL_CAINFO'] || undefined,
    clientCertFile: undefined,
    clientKeyFile: undefined,
    proxy: undefined,
    headers: {},
    cookieFile: undefined,
    storeFile: undefined,
    insteadOf: [],
    unverified: env['GIT_SSL_NO_VERIFY'] === undefined ? undefined : 'GIT_SSL_NO_VERIFY',
    sshCommand: env['GIT_SSH_COMMAND'] || undefined,
  }
  const keys = config.map(([key, value]) => ({ ...readKey(key), key, value }))
  settings.insteadOf = keys.flatMap(({ between, name, value }) =>
    name === 'url.insteadof' ? [[between, value] as const] : [],
  )
  const url = rewriteUrl(repo, settings)
  if (!/^https:/i.test(url)) settings.unverified = undefined
  /** How well the URL fits of the key that each setting is from: the best one counts. */
  const fits = new Map<string, number>()
  for (const { between, key, name, value } of keys) {
    if (name.startsWith('http.')) {
      const fit = specificityOf(between, url)
      if (fit === undefined)
        warn(`git config ${redact(key)} is ignored: its URL is not that of --repo`)
      if (fit === undefined || fit < (fits.get(name) ?? 0)) continue
      fits.set(name, fit)
      // What is not bound to a host would count for those of submodules, too.
      if (between !== '' && !BOUND.includes(name))
        warn(`git config ${redact(key)} counts for the hosts of submodules as well`)
    }
    switch (name) {
      case 'http.sslverify':
        if (/^https:/i.test(url) && FALSE.test(value)) settings.unverified = redact(key)
        else if (!FALSE.test(value) && settings.unverified !== 'GIT_SSL_NO_VERIFY')
          settings.unverified = undefined
        break
      case 'http.sslcainfo':
        settings.caFile = value
        break
      case 'http.sslcert':
        settings.clientCertFile = value
        break
      case 'http.sslkey':
        settings.clientKeyFile = value
        break
      case 'http.proxy':
        settings.proxy = value
        break
      case 'http.cookiefile':
        settings.cookieFile = value
        break
      case 'http.extraheader': {
        const [, header = '', content = ''] = /^([^:]+):\s*(.*)$/.exec(value) ?? []
        if (header !== '') settings.headers[header.toLowerCase()] = content
        break
      }
      case 'credential.helper': {
        const [, file] = /^store\s+--file[= ](.+)$/.exec(value) ?? []
        if (file === undefined && value !== 'store')
          warn(`git config ${key} is ignored: only the helper store is known`)
        settings.storeFile = file ?? settings.storeFile
        break
      }
      case 'core.sshcommand':
        settings.sshCommand ??= value
        break
      default:
        if (NOT_DONE.test(key)) warn(`git config ${key} is ignored: it is not supported here`)
    }
  }
  return settings
}

/** Sections and names are the same in any case; what stands between is not. */
function readKey(key: string): { name: string; between: string } {
  const first = key.indexOf('.')
  const last = key.lastIndexOf('.')
  if (!/^[A-Za-z0-9-]+\.(?:[^\n\0]*\.)?[A-Za-z][A-Za-z0-9-]*$/.test(key)) {
    throw invalid(`${JSON.stringify(redact(key))} is no key: write section.name, or section.….name`)
  }
  const name = `${key.slice(0, first)}.${key.slice(last + 1)}`.toLowerCase()
  return { name, between: key.slice(first + 1, Math.max(first + 1, last)) }
}

/** An address as `insteadOf` has it: the longest prefix counts. */
export function rewriteUrl(url: string, { insteadOf }: Pick<GitSettings, 'insteadOf'>): string {
  const matching = insteadOf.filter(([, prefix]) => url.startsWith(prefix))
  const [found] = matching.sort(([, a], [, b]) => b.length - a.length)
  return found ? found[0] + url.slice(found[1].length) : url
}

/** What of an SSH command is done: its keys and its trust; the rest is told to `warn`. */
export function readSshCommand(
  command: string,
  warn: (message: string) => void,
): { keyFiles: string[]; knownHosts: string | false | undefined } {
  const words =
    command.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)?.map((word) => word.replace(/["']/g, '')) ?? []
  const keyFiles: string[] = []
  let knownHosts: string | false | undefined
  for (let at = 1; at < words.length; at++) {
    const [, letter = '', joined = ''] = /^-(.)(.*)$/.exec(words[at] ?? '') ?? []
    const value = () => joined || (words[++at] ?? '')
    if (letter === 'i') keyFiles.push(value())
    else if (letter === 'o') {
      const [, name = '', set = ''] = /^(\w+)[= ](.*)$/.exec(value()) ?? []
      if (/^StrictHostKeyChecking$/i.test(name)) {
        if (/^(?:no|off)$/i.test(set)) {
          knownHosts = false
          warn(`${name}=${set} in the SSH command: the keys of SSH hosts are not verified`)
        }
      } else if (/^UserKnownHostsFile$/i.test(name)) {
        if (set !== '/dev/null') knownHosts ??= set
      } else if (!/^(?:IdentitiesOnly|LogLevel|BatchMode)$/i.test(name)) {
        warn(`the option ${name} of the SSH command is ignored: no ssh program is run`)
      }
    } else if (!/^[qvTx]$/.test(letter))
      warn(`${words[at]} in the SSH command is ignored: no ssh program is run`)
  }
  return { keyFiles, knownHosts }
}
