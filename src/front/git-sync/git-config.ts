// --git-config: its grammar, and what of git's configuration means something where no git runs. What
// has no effect is accepted, as it harms nobody.
import { UsageError } from './command-line.js'

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
    const key = readPart(rest, ':', 'key')
    const after = rest.slice(key.length).trimStart()
    if (!after.startsWith(':')) throw invalid(`key without a value: ${JSON.stringify(key.text)}`)
    rest = after.slice(1).trimStart()
    const value = readPart(rest, ',', 'value')
    if (value.length === 0) throw invalid(`empty value for ${JSON.stringify(key.text)}`)
    rest = rest.slice(value.length).trimStart()
    if (rest !== '' && !rest.startsWith(',')) throw invalid(`unexpected ${JSON.stringify(rest)}`)
    rest = rest.slice(1).trimStart()
    if (key.text === '') throw invalid('empty key')
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
    if (character === undefined && isQuoted) throw invalid(`unexpected end of a quoted ${what}`)
    if (character === undefined || (!isQuoted && character === end)) {
      return { text: read.trimEnd(), length: at }
    }
    if (isQuoted && character === '"') return { text: read, length: at + 1 }
    if (character === '\\' && (isQuoted || end === ',')) {
      const escaped = ESCAPES[text[++at] ?? '']
      if (escaped === undefined) throw invalid(`unsupported escape in ${JSON.stringify(text)}`)
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

/** Reads configuration, and those of git's variables that reach it; `warn` is told what is not done. */
export function readGitSettings(
  config: GitConfig,
  env: Readonly<Record<string, string | undefined>>,
  warn: (message: string) => void,
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
  for (const [key, value] of config) {
    // Sections and names are the same in any case; what stands between is not.
    const [section = '', ...below] = key.split('.')
    const name = `${section}.${below.at(-1) ?? ''}`.toLowerCase()
    const between = below.slice(0, -1).join('.')
    switch (name) {
      case 'http.sslverify':
        if (/^(?:false|no|off|0)$/i.test(value)) settings.unverified = key
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
      case 'url.insteadof':
        settings.insteadOf = [...settings.insteadOf, [between, value]]
        break
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
        if (/^(?:no|off)$/i.test(set)) knownHosts = false
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
