// One flag of git-sync, and how Go reads what it is set to.
// https://pkg.go.dev/strconv, https://pkg.go.dev/time#ParseDuration

/** What flags of each type are set to. Durations are in milliseconds. */
export interface FlagValues {
  string: string
  bool: boolean
  int: number
  float: number
  duration: number
  /** A duration, in which a number alone stands for seconds. */
  seconds: number
  /** Given once or often, one after another. */
  list: readonly string[]
  /** Such a list, which a variable has with colons between. */
  paths: readonly string[]
}

export type FlagType = keyof FlagValues
export type FlagValue = FlagValues[FlagType]

export interface GitSyncFlag<T = FlagValue> {
  /** Without dashes. */
  name: string
  type: FlagType
  /** In the order in which they are read: the last that is set counts. */
  variables: readonly string[]
  default: T
  description: string
  isHidden: boolean
  /** The flag to use in its place, where it is deprecated. */
  instead: string | undefined
}

const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True']
const FALSE = ['0', 'f', 'F', 'FALSE', 'false', 'False']

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
const DURATION = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const INTEGER =
  /^[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|0|[1-9](?:_?\d)*)$/

/** What a text means. Throws a RangeError whose message is Go's. */
export function parseFlag(type: FlagType, text: string, isVariable = false): FlagValue {
  return PARSERS[type](text, isVariable)
}

const PARSERS: Readonly<Record<FlagType, (text: string, isVariable: boolean) => FlagValue>> = {
  string: (text) => text,
  list: (text) => [text],
  paths: (text, isVariable) => (isVariable ? text.split(':') : [text]).filter(Boolean),
  bool: (text) => TRUE.includes(text) || (!FALSE.includes(text) && refuse('ParseBool', text)),
  int: parseInteger,
  float: (text) => (FLOAT.test(text) ? Number(text) : refuse('ParseFloat', text)),
  duration: parseGoDuration,
  seconds: (text) => (/^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : parseGoDuration(text)),
}

function parseInteger(text: string): number {
  if (!INTEGER.test(text)) refuse('ParseInt', text)
  const digits = text.replace(/^[+-]/, '').replaceAll('_', '').toLowerCase()
  const value = Number(/^0\d/.test(digits) ? `0o${digits}` : digits)
  if (value > 2 ** 53)
    throw new RangeError(`strconv.ParseInt: parsing "${text}": value out of range`)
  return text.startsWith('-') ? -value : value
}

function parseGoDuration(text: string): number {
  if (!DURATION.test(text)) {
    const isUnitless = /^[+-]?(?:[\d.]+(?:ns|us|µs|μs|ms|s|m|h))*[\d.]+$/.test(text)
    throw new RangeError(
      `time: ${isUnitless ? 'missing unit in' : 'invalid'} duration ${JSON.stringify(text)}`,
    )
  }
  let ms = 0
  for (const [, number, unit = ''] of text.matchAll(/([\d.]+)([a-zµμ]+)/g)) {
    ms += Number(number) * (UNITS[unit] ?? 0)
  }
  return text.startsWith('-') ? -ms : ms
}

function refuse(parser: string, text: string): never {
  throw new RangeError(`strconv.${parser}: parsing ${JSON.stringify(text)}: invalid syntax`)
}
