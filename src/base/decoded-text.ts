// Text as it reads once what a server or a library escaped in it is put back: percent-encoding,
// the escapes of JSON, and the character references of HTML. Of each character it is known where
// it stands in the text it came from.
import { isUtf8 } from 'node:buffer'

/** Some text that is encoded no more, or less than it was. */
export interface Decoding {
  text: string
  /** Where the original has what `text` has at a place, its end included. */
  originalOf(at: number): number
}

const ENCODINGS = [
  /(?:%[0-9a-f]{2})+/gi,
  /\\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|["'\\/bfnrt])/gi,
  /&(?:#\d{1,7}|#x[0-9a-f]{1,6}|amp|lt|gt|quot|apos|nbsp);/gi,
]

const CONTROLS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
const REFERENCES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
}

/**
 * `text` as it is, and with up to `levels` encodings taken off, one of each after the other, as a
 * secret may look encoded itself.
 */
export function* decodings(text: string, levels: number): Generator<Decoding> {
  const seen = new Set([text])
  let level: Decoding[] = [{ text, originalOf: (at) => at }]
  yield* level
  for (let count = 0; count < levels; count++) {
    const decoded = level.flatMap((outer) => ENCODINGS.flatMap((one) => decodeBy(one, outer) ?? []))
    level = decoded.filter(({ text }) => !seen.has(text) && seen.add(text))
    yield* level
  }
}

function decodeBy(encoding: RegExp, { text, originalOf }: Decoding): Decoding | undefined {
  const parts: string[] = []
  const starts: number[] = []
  let copied = 0
  function copyTo(end: number): void {
    parts.push(text.slice(copied, end))
    for (; copied < end; copied++) starts.push(copied)
  }
  for (const { 0: encoded, index } of text.matchAll(encoding)) {
    copyTo(index)
    for (const { decoded, length } of decodeRun(encoded)) {
      parts.push(decoded)
      for (let unit = 0; unit < decoded.length; unit++) starts.push(copied)
      copied += length
    }
  }
  if (copied === 0) return undefined
  copyTo(text.length)
  starts.push(text.length)
  return { text: parts.join(''), originalOf: (at) => originalOf(starts[at] as number) }
}

/** What an encoded run stands for, piece by piece, with the length of each as it is encoded. */
function decodeRun(encoded: string): { decoded: string; length: number }[] {
  if (!encoded.startsWith('%')) return [{ decoded: decodeOne(encoded), length: encoded.length }]
  const bytes = Buffer.from(encoded.replaceAll('%', ''), 'hex')
  // Not every server's words are UTF-8.
  const encoding = isUtf8(bytes) ? 'utf8' : 'latin1'
  return Array.from(bytes.toString(encoding), (decoded) => ({
    decoded,
    length: 3 * Buffer.byteLength(decoded, encoding),
  }))
}

function decodeOne(encoded: string): string {
  if (encoded.startsWith('&#')) {
    const isHex = /^&#x/i.test(encoded)
    const code = Number.parseInt(encoded.slice(isHex ? 3 : 2), isHex ? 16 : 10)
    return code <= 0x10ffff ? String.fromCodePoint(code) : encoded
  }
  if (encoded.startsWith('&')) return REFERENCES[encoded.slice(1, -1).toLowerCase()] ?? encoded
  if (encoded.length > 2) return String.fromCharCode(Number.parseInt(encoded.slice(2), 16))
  const character = encoded.charAt(1)
  return CONTROLS[character.toLowerCase()] ?? character
}
