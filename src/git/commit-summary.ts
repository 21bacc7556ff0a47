// What people tell a commit by: its subject, its author, and when it was committed. Whoever wrote
// the commit chooses all of it: it is text of a bounded length, on one line, whatever it was.
// https://git-scm.com/docs/git-commit#_discussion
import { cutName } from '../base/cut-text.js'

export interface CommitSummary {
  /** The first paragraph of the message, on one line. */
  subject: string
  /** The name of who wrote it. */
  author: string
  /** Milliseconds since the epoch; null where the commit says none that a calendar has. */
  committedAt: number | null
}

/** How much of the headers, and of the message, is looked at, in bytes. */
const MAX_BYTES = 64 * 1024
/** The farthest from the epoch that a Date goes, in milliseconds. */
const MAX_TIME_MS = 8.64e15

/** The summary of a commit's body. */
export function summaryOf(body: Buffer): CommitSummary {
  const end = body.indexOf('\n\n')
  const headers = body.toString('latin1', 0, Math.min(end === -1 ? body.length : end, MAX_BYTES))
  const header = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(headers)?.[1] ?? ''
  const encoding = header('encoding')
  const message = end === -1 ? body.subarray(body.length) : body.subarray(end, end + MAX_BYTES)
  const [subject = ''] = decode(message, encoding)
    .trimStart()
    .split(/\n[ \t\r]*\n/, 1)
  const [name = ''] = header('author').split('<', 1)
  return {
    subject: toLine(subject),
    author: toLine(decode(Buffer.from(name, 'latin1'), encoding)),
    committedAt: timeOf(header('committer')),
  }
}

/** A summary that was written down; undefined where it is none. */
export function toSummary(written: unknown): CommitSummary | undefined {
  const { subject, author, committedAt } = (written ?? {}) as Partial<Record<string, unknown>>
  if (typeof subject !== 'string' || typeof author !== 'string') return undefined
  const isTime = typeof committedAt === 'number' && Math.abs(committedAt) <= MAX_TIME_MS
  const time = isTime ? committedAt : null
  return { subject: toLine(subject), author: toLine(author), committedAt: time }
}

/** Of `name <address> seconds zone`. */
function timeOf(identity: string): number | null {
  const [, seconds] = /^ (-?\d+)/.exec(identity.slice(identity.lastIndexOf('>') + 1)) ?? []
  const timeMs = Number(seconds ?? Number.NaN) * 1000
  return Math.abs(timeMs) <= MAX_TIME_MS ? timeMs : null
}

/** Without an encoding it is UTF-8, or what git took from an editor as it was. */
function decode(bytes: Buffer, encoding: string): string {
  try {
    const decoder = new TextDecoder(encoding || 'utf-8', { fatal: encoding === '' })
    // A character that is cut at the end is left out.
    return decoder.decode(bytes, { stream: true })
  } catch {
    // Not UTF-8, or an encoding that nobody knows: each byte is a character then.
    return bytes.toString('latin1')
  }
}

function toLine(text: string): string {
  return cutName(text.replace(/[\s\p{Cc}]+/gu, ' ').trim())
}
