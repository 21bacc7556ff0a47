// Takes secrets that are known out of text, in whatever form a server or a library echoes
// them: as they are, percent-encoded, escaped in JSON or HTML, or inside of base64.
import { decodings } from './decoded-text.js'

export interface Redactor {
  /** Learns a secret; one that is too short to be told from other text is passed over. */
  add(secret: string): void
  /** Learns what can be secret in the headers of a request to `url`, which is shown. */
  addHeaders(headers: Readonly<Record<string, string>>, url?: string): void
  /** `text` with every secret that was learnt replaced by `[redacted]`. */
  redact(text: string): string
}

/** Where a secret starts and ends. */
type Span = [start: number, end: number]

/** The length below which a secret would be found in ordinary words; also that of a key. */
const MIN_LENGTH = 6
/** A user name may be a token: long, and with a digit, as names of people and projects seldom are. */
const TOKEN = /^(?=.*\d).{16,}$/
/** Passwords that say that the user name is a token. */
const NO_PASSWORD = ['', 'x', 'x-oauth-basic']
/** Headers whose value is a secret, be it short; that of another is a switch then. */
const NAME_OF_SECRET = /auth|cookie|key|pass|secret|token/i
/** How often text may have been encoded: as JSON that is shown in HTML is. */
const MAX_LEVELS = 3
/** What is put after a text that was shortened. */
const MARKS = /[…")]+$/
/** How a text ends that was shortened within an encoded character. */
const HALF_ENCODED = /(?:%[0-9a-f]?|\\(?:[ux][0-9a-f]{0,3})?|&#?\w{0,6})$/i
/** The most characters of {@link MARKS} and {@link HALF_ENCODED} that are looked for. */
const MAX_CUT_LENGTH = 12
/** Secrets that rotate are forgotten together; those in use are learnt again as they are used. */
const MAX_SECRETS = 10_000

/** Creates a redactor that knows no secret yet. */
export function createRedactor(): Redactor {
  const known = new Set<string>()
  /** The forms of all secrets by their first characters, so that their number costs nothing. */
  const forms = new Map<string, Set<string>>()

  function add(secret: string): void {
    if (secret.length < MIN_LENGTH || known.has(secret)) return
    if (known.size >= MAX_SECRETS) {
      known.clear()
      forms.clear()
    }
    known.add(secret)
    for (const form of formsOf(secret)) {
      const key = form.slice(0, MIN_LENGTH)
      const alike = forms.get(key)
      if (alike) alike.add(form)
      else forms.set(key, new Set([form]))
    }
  }

  /** The length of the longest form that starts at `at`, or is cut by the end; 0: none does. */
  function lengthAt(text: string, at: number): number {
    let length = 0
    for (const form of forms.get(text.slice(at, at + MIN_LENGTH)) ?? []) {
      const isWhole = text.startsWith(form, at)
      const found = isWhole ? form.length : cutLength(text, at, form)
      length = Math.max(length, found)
    }
    return length
  }

  /** Where secrets are in `text`: starts and ends, in order. */
  function* placesIn(text: string): Generator<Span> {
    for (let at = 0; at + MIN_LENGTH <= text.length; ) {
      const length = lengthAt(text, at)
      if (length > 0) yield [at, at + length]
      at += length || 1
    }
  }

  return {
    add,
    addHeaders(headers, url = '') {
      for (const [name, value] of Object.entries(headers)) secretsIn(name, value, url).forEach(add)
    },
    redact(text) {
      if (forms.size === 0) return text
      const places: Span[] = []
      for (const { text: shown, originalOf } of decodings(text, MAX_LEVELS)) {
        for (const [start, end] of placesIn(shown))
          places.push([originalOf(start), originalOf(end)])
      }
      return without(text, places)
    },
  }
}

/** `text` with `[redacted]` in place of each of `places`, which may overlap. */
function without(text: string, places: Span[]): string {
  let left = ''
  let copied = 0
  for (const [start, end] of places.sort(([one], [other]) => one - other)) {
    if (start >= copied) left += `${text.slice(copied, start)}[redacted]`
    copied = Math.max(copied, end)
  }
  return left + text.slice(copied)
}

/** How much of the beginning of `form` ends the text, as of a long answer that was shortened. */
function cutLength(text: string, at: number, form: string): number {
  if (text.length - at > form.length + MAX_CUT_LENGTH) return 0
  const end = text.slice(at).replace(MARKS, '')
  const whole = end.replace(HALF_ENCODED, '')
  const isStart = form.startsWith(end) || (whole.length >= MIN_LENGTH && form.startsWith(whole))
  return isStart ? end.length : 0
}

/**
 * Whether the headers of a request to `url`, which is shown, have a secret that a {@link Redactor}
 * passes over.
 */
export function hasShortSecret(headers: Readonly<Record<string, string>>, url: string): boolean {
  return Object.entries(headers).some(
    ([name, value]) =>
      NAME_OF_SECRET.test(name) &&
      secretsIn(name, value, url).some(({ length }) => length > 0 && length < MIN_LENGTH),
  )
}

function secretsIn(name: string, value: string, url: string): string[] {
  const words = value.split(' ')
  if (name === 'cookie') {
    return [value, ...value.split('; ').map((cookie) => cookie.slice(cookie.indexOf('=') + 1))]
  }
  if (name !== 'authorization' || words[0]?.toLowerCase() !== 'basic') {
    return [value, words.at(-1) ?? '']
  }
  const encoded = words.at(-1) ?? ''
  const plain = Buffer.from(encoded, 'base64').toString()
  const [username = '', ...rest] = plain.split(':')
  const password = rest.join(':')
  const hasPassword = !NO_PASSWORD.includes(password)
  // The user of some addresses is a part of the path as well.
  const isShown = url.includes(username)
  if (!hasPassword && isShown) return [encoded]
  const isToken = TOKEN.test(username) && !isShown
  return [encoded, plain, ...(isToken ? [username] : []), ...(hasPassword ? [password] : [])]
}

function formsOf(secret: string): Set<string> {
  const forms = [
    secret,
    // Of the form of a query that is decoded.
    secret.replaceAll(' ', '+'),
    ...[0, 1, 2].flatMap((offset) => base64Within(secret, offset)),
  ]
  return new Set(forms.filter(({ length }) => length >= MIN_LENGTH))
}

/** What stays the same in the base64 of any text that holds `secret` at `offset` modulo 3. */
function base64Within(secret: string, offset: number): string[] {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)])
  const start = Math.ceil((offset * 4) / 3)
  const end = Math.floor((bytes.length * 4) / 3)
  return (['base64', 'base64url'] as const).map((form) => bytes.toString(form).slice(start, end))
}
