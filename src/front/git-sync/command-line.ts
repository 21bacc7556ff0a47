// The command line and the environment of git-sync, read as it reads them: the environment first, a
// flag wins, and of several names of a variable the last that is set.
import type { Environment } from '../../credentials/environment.js'
import { type FlagValue, type GitSyncFlag, parseFlag } from './flag.js'
import { FLAGS, flagNamed, type GitSyncValues } from './flags.js'

/** What ends the program before it begins, and its exit code. */
export class UsageError extends Error {
  readonly exitCode: 1 | 2
  /** Whether the usage is shown. */
  readonly isUsageShown: boolean

  constructor(message: string, exitCode: 1 | 2, isUsageShown = true) {
    super(message)
    this.exitCode = exitCode
    this.isUsageShown = isUsageShown
  }
}

type Key = keyof GitSyncValues

/** What was read: where nothing sets a flag, its default. */
export interface ReadFlags {
  values: GitSyncValues
  /** What is set, by a variable or a flag. */
  isSet: ReadonlySet<Key>
  /** What is set by a flag. */
  isGiven: ReadonlySet<Key>
}

type Warn = (message: string) => void

/** Flags of the log of version 3, and those of them that a word may follow. */
const LOG_FLAGS = [
  'logtostderr',
  'alsologtostderr',
  'stderrthreshold',
  'vmodule',
  'log_dir',
  'log_backtrace_at',
]
const LOG_VALUES = LOG_FLAGS.slice(2)

/** Reads all flags. Throws a {@link UsageError}. */
export function readFlags(argv: readonly string[], env: Environment, warn: Warn): ReadFlags {
  const values: Partial<Record<Key, FlagValue>> = {}
  const isSet = new Set<Key>()
  for (const [key, flag] of Object.entries(FLAGS) as [Key, GitSyncFlag][]) {
    values[key] = flag.default
    for (const variable of flag.variables) {
      const text = env[variable]
      if (text === undefined) continue
      values[key] = parseVariable(flag, variable, text)
      tellOfVariable(flag, variable, isSet.has(key), warn)
      if (flag.type === 'seconds') tellOfUnit(`env $${variable}`, text, warn)
      isSet.add(key)
    }
  }
  const given = new Set<Key>()
  readArguments(argv, warn, (key, flag, text) => {
    const value = parseArgument(flag, text)
    if (flag.instead !== undefined && !given.has(key)) {
      const instead = flag.instead.replace(/^(?!\$)/, '--')
      warn(`Flag --${flag.name} has been deprecated, use ${instead} instead`)
    }
    if (flag.type === 'seconds') tellOfUnit(`--${flag.name}`, text, warn)
    // Credentials of flags come on top of those of the variable; else the first one replaces all.
    const isAppended = Array.isArray(value) && (given.has(key) || flag.type === 'list')
    values[key] = isAppended ? [...(values[key] as string[]), ...(value as string[])] : value
    given.add(key)
    isSet.add(key)
  })
  return { values: values as GitSyncValues, isSet, isGiven: given }
}

function parseVariable(flag: GitSyncFlag, variable: string, text: string): FlagValue {
  const type = flag.type === 'seconds' ? 'duration' : flag.type
  const what = `FATAL: invalid ${type} env ${variable}=${JSON.stringify(text)}`
  return faultOf(what, 1, () => parseFlag(flag.type, text, true))
}

function parseArgument(flag: GitSyncFlag, text: string): FlagValue {
  const what = `invalid argument ${JSON.stringify(text)} for "--${flag.name}" flag`
  return faultOf(what, 2, () => parseFlag(flag.type, text))
}

function faultOf<T>(what: string, exitCode: 1 | 2, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new UsageError(`${what}: ${(error as Error).message}`, exitCode, exitCode === 2)
  }
}

function tellOfVariable(
  { variables }: GitSyncFlag,
  variable: string,
  isOver: boolean,
  warn: Warn,
): void {
  const [newest = variable] = variables
  if (variable === newest) return
  warn(`env $${variable} has been deprecated, use $${newest} instead`)
  if (isOver) warn(`env $${newest} was overridden by $${variable}`)
}

function tellOfUnit(name: string, text: string, warn: Warn): void {
  if (!/^[\d.]+$/.test(text) || Number(text) === 0) return
  warn(`${name} has no unit: "${text}" is taken for ${text}s`)
}

type OnFlag = (key: Key, flag: GitSyncFlag, text: string) => void

function readArguments(argv: readonly string[], warn: Warn, onFlag: OnFlag): void {
  const words = [...argv]
  let isLogTold = false
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--') return
    // Operands are ignored.
    if (!/^-./.test(word)) continue
    const { name, value } = split(word)
    if (LOG_FLAGS.includes(name)) {
      if (!isLogTold) warn(`the flags of the log of version 3 are ignored, as ${word}`)
      isLogTold = true
      if (value === undefined && LOG_VALUES.includes(name)) words.shift()
      continue
    }
    const found = flagNamed(name)
    if (!found) throw unknown(word, name)
    const { flag, key } = found
    const text = value ?? (flag.type === 'bool' ? 'true' : words.shift())
    if (text === undefined) throw new UsageError(`flag needs an argument: ${word}`, 2)
    onFlag(key, flag, text)
  }
}

/** `-v6`, `-v=6`, `-h` and `-?` are short; any other name may have one dash, as in version 3. */
function split(word: string): { name: string; value: string | undefined } {
  const [, dashes = '', name = '', rest] = /^(--?)([^=]*)(?:=(.*))?$/s.exec(word) ?? []
  if (dashes === '-' && !(name.length > 1 && (flagNamed(name) || LOG_FLAGS.includes(name)))) {
    if (/^[h?]/.test(name)) return { name: 'help', value: undefined }
    if (name.startsWith('v'))
      return { name: 'verbose', value: name.slice(1) + (rest ?? '') || undefined }
  }
  return { name, value: rest }
}

function unknown(word: string, name: string): UsageError {
  return word.startsWith('--')
    ? new UsageError(`unknown flag: --${name}`, 2)
    : new UsageError(`unknown shorthand flag: '${name.slice(0, 1)}' in ${word}`, 2)
}
