// The grammar of --git-config, and of the keys of git's configuration.
import { redact } from '../../base/redact-patterns.js'
import type { Environment } from '../../credentials/environment.js'
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

/** The keys and values of GIT_CONFIG_COUNT. Throws a {@link UsageError}. */
export function readConfigVariables(env: Environment): GitConfig {
  const count = env['GIT_CONFIG_COUNT'] || '0'
  if (!/^\d{1,9}$/.test(count)) throw new UsageError('GIT_CONFIG_COUNT is not a number', 1, false)
  const pairs: [string, string][] = []
  for (let at = 0; at < Number(count); at++) {
    const [key, value] = [env[`GIT_CONFIG_KEY_${at}`], env[`GIT_CONFIG_VALUE_${at}`]]
    if (!key || value === undefined) {
      const lacking = key ? `GIT_CONFIG_VALUE_${at}` : `GIT_CONFIG_KEY_${at}`
      throw new UsageError(`${lacking} is not set, but GIT_CONFIG_COUNT is ${count}`, 1, false)
    }
    pairs.push([key, value])
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

/** Sections and names are the same in any case; what stands between is not. Throws a {@link UsageError}. */
export function readKey(key: string): { name: string; between: string } {
  const first = key.indexOf('.')
  const last = key.lastIndexOf('.')
  if (!/^[A-Za-z0-9-]+\.(?:[^\n\0]*\.)?[A-Za-z][A-Za-z0-9-]*$/.test(key)) {
    throw invalid(`${JSON.stringify(redact(key))} is no key: write section.name, or section.….name`)
  }
  const name = `${key.slice(0, first)}.${key.slice(last + 1)}`.toLowerCase()
  return { name, between: key.slice(first + 1, Math.max(first + 1, last)) }
}
