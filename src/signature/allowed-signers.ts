// Whose SSH keys may sign: the lines of an allowed_signers file, or of authorized_keys, which name
// nobody and have a key and maybe a comment. https://man.openbsd.org/ssh-keygen#ALLOWED_SIGNERS
import { keyFieldsOf } from '../ssh/key-algorithms.js'
import { parsePublicKey } from '../ssh/public-key.js'
import { typeOf } from '../ssh/wire-format.js'

/** A line that allows a key. */
export interface AllowedSigner {
  /** Patterns of names, with commas between them; undefined where anybody may have the key. */
  principals: string | undefined
  /** Whether it is the key of who signs certificates. */
  isAuthority: boolean
  /** Patterns; undefined: all. */
  namespaces: string | undefined
  /** In seconds since the Unix epoch, both included. */
  validAfter: number
  validBefore: number
  key: Buffer
  comment: string
}

const OPTION =
  /(?:(cert-authority)|(namespaces|valid-after|valid-before)="((?:[^"\\]|\\.)*)")(?:,(?=\S)|(?=\s))/iy

/** Reads all lines. Throws a RangeError that says what is wrong, as of `line 3`. */
export function parseAllowedSigners(text: string): AllowedSigner[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const written = line.trim()
    if (written === '' || written.startsWith('#')) return []
    const signer = parseLine(written)
    if (typeof signer !== 'string') return [signer]
    throw new RangeError(`line ${index + 1} ${signer}`)
  })
}

/** A signer, or what is wrong with the line. */
function parseLine(line: string): AllowedSigner | string {
  const anybody = parseKey(line)
  if (anybody) return { ...ALLOWING_ALL, ...anybody }
  const [, quoted, plain, rest = ''] = /^(?:"([^"]*)"|(\S+))[ \t]+(.*)$/.exec(line) ?? []
  const principals = quoted ?? plain
  const wrong = 'has no public key of SSH: write NAME TYPE BASE64, or TYPE BASE64'
  if (principals === undefined || keyFieldsOf(principals) !== undefined) return wrong
  if (/^cert-authority$|=/.test(principals)) return 'begins with options: names come before them'
  const key = parseKey(rest)
  if (key) return { ...ALLOWING_ALL, ...key, principals }
  const options = readOptions(rest)
  if (options === undefined) return wrong
  const { end, ...allowing } = options
  const allowed = parseKey(rest.slice(end).trim())
  return allowed ? { ...ALLOWING_ALL, ...allowed, ...allowing, principals } : wrong
}

const ALLOWING_ALL = {
  principals: undefined,
  isAuthority: false,
  namespaces: undefined,
  validAfter: Number.NEGATIVE_INFINITY,
  validBefore: Number.POSITIVE_INFINITY,
} as const

function parseKey(text: string): Pick<AllowedSigner, 'key' | 'comment'> | undefined {
  const [, type = '', base64 = '', comment = ''] =
    /^(\S+)[ \t]+([A-Za-z0-9+/=]+)(?:[ \t]+(.*))?$/.exec(text) ?? []
  const key = Buffer.from(base64, 'base64')
  return typeOf(key) === type && parsePublicKey(key) ? { key, comment: comment.trim() } : undefined
}

/** Undefined where one is not known, or is there twice. */
function readOptions(text: string): (Partial<AllowedSigner> & { end: number }) | undefined {
  const options: Partial<AllowedSigner> = {}
  let end = 0
  for (;;) {
    OPTION.lastIndex = end
    const [whole, authority, name = '', value = ''] = OPTION.exec(text) ?? []
    if (whole === undefined) return undefined
    end += whole.length
    const plain = value.replaceAll('\\"', '"')
    if (authority) options.isAuthority = true
    else if (name.toLowerCase() === 'namespaces') {
      if (options.namespaces !== undefined) return undefined
      options.namespaces = plain
    } else {
      const bound = name.toLowerCase() === 'valid-after' ? 'validAfter' : 'validBefore'
      const seconds = parseTime(plain)
      if (seconds === undefined || options[bound] !== undefined) return undefined
      options[bound] = seconds
    }
    if (whole.endsWith(',')) continue
    const { validAfter, validBefore } = { ...ALLOWING_ALL, ...options }
    return validAfter < validBefore ? { ...options, end } : undefined
  }
}

/** Each field within its bounds; a month may have 31 days, and a minute a leap second. */
const TIME =
  /^(\d{4})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:([01]\d|2[0-3])([0-5]\d)([0-5]\d|6[01])?)?(Z|UTC)?$/i

/** `YYYYMMDD[HHMM[SS]]`, of this machine's zone where no Z follows: seconds since the Unix epoch. */
function parseTime(text: string): number | undefined {
  const [, year, month, day, hour = '0', minute = '0', second = '0', zone] = TIME.exec(text) ?? []
  if (year === undefined) return undefined
  const [months, ...rest] = [Number(month) - 1, Number(day), Number(hour), Number(minute)] as const
  const fields = [Number(year), months, ...rest, Number(second)] as const
  const timeMs = zone ? Date.UTC(...fields) : new Date(...fields).getTime()
  // ssh-keygen takes the beginning of time for none.
  return timeMs > 0 ? Math.floor(timeMs / 1000) : undefined
}
