// What of a commit or of an annotated tag was signed, and by what: to the byte, whatever encoding the
// message has. https://git-scm.com/docs/gitformat-signature
import type { ObjectFormat, Oid } from '../git/oid.js'

/** A commit or a tag, taken apart. */
export interface SignedObject {
  type: 'commit' | 'tag'
  oid: Oid
  /** What the signature is of. */
  payload: Buffer
  /** With its armour; undefined where there is none. */
  signature: string | undefined
  /** Whether it says who made it: of what does not, git looks at no signature. */
  hasMaker: boolean
  /** When it says that it was made: seconds since the Unix epoch; undefined where it says nothing. */
  madeAt: number | undefined
  /** Of a tag: what it calls itself. */
  name: string | undefined
}

/** More than people sign: so long the headers may be, or a signature, in bytes. */
const MAX_HEADER_BYTES = 1024 * 1024
const MAX_SIGNATURE_BYTES = 64 * 1024

const HEADERS: Readonly<Record<ObjectFormat, string>> = { sha1: 'gpgsig', sha256: 'gpgsig-sha256' }
const ARMOURS = ['PGP SIGNATURE', 'PGP MESSAGE', 'SSH SIGNATURE', 'SIGNED MESSAGE'].map(
  (label) => `-----BEGIN ${label}-----`,
)
const [NEWLINE, SPACE] = [0x0a, 0x20]

/** Takes the body of a commit apart. Throws a RangeError where it has more than anybody signs. */
export function readSignedCommit(oid: Oid, body: Buffer, format: ObjectFormat): SignedObject {
  const { payload, signature } = withoutSignatures(body, HEADERS[format])
  return {
    ...{ type: 'commit', oid, payload, name: undefined },
    signature: signature.length > 0 ? toText(signature) : undefined,
    ...makerOf(payload, 'committer'),
  }
}

/** Takes the body of an annotated tag apart. Throws a RangeError where it has more than anybody signs. */
export function readSignedTag(oid: Oid, body: Buffer): SignedObject {
  // The last one is the signature: a message may quote others.
  const at = Math.max(...ARMOURS.map((line) => lastLineWith(body, line)))
  const isSigned = at !== -1
  const { payload } = withoutSignatures(isSigned ? body.subarray(0, at) : body, '')
  return {
    ...{ type: 'tag', oid, payload, name: headerOf(payload, 'tag') },
    signature: isSigned ? toText(body.subarray(at)) : undefined,
    ...makerOf(payload, 'tagger'),
  }
}

/** What stands in the headers under a name that begins with `gpgsig` is in no payload. */
function withoutSignatures(body: Buffer, own: string): { payload: Buffer; signature: Buffer } {
  const signature: Buffer[] = []
  const payload: Buffer[] = []
  let [goesTo, keptFrom]: [goesTo: 'payload' | 'signature' | 'nowhere', keptFrom: number] = [
    'payload',
    0,
  ]
  const end = endOfHeaders(body)
  for (let at = 0; at < end; ) {
    const next = endOfLine(body, at)
    const name = body.toString('latin1', at, Math.min(next, at + HEADERS.sha256.length + 1))
    const isContinued = body[at] === SPACE && goesTo !== 'payload'
    const before = goesTo
    if (!isContinued) {
      const isOwn = own !== '' && name.startsWith(`${own} `)
      goesTo = isOwn ? 'signature' : name.startsWith('gpgsig') ? 'nowhere' : 'payload'
    }
    if (goesTo === 'signature') {
      signature.push(body.subarray(isContinued ? at + 1 : at + own.length + 1, next))
    }
    if (before === 'payload' && goesTo !== 'payload') payload.push(body.subarray(keptFrom, at))
    if (goesTo !== 'payload') keptFrom = next
    at = next
  }
  payload.push(body.subarray(keptFrom))
  return { payload: Buffer.concat(payload), signature: Buffer.concat(signature) }
}

function endOfHeaders(body: Buffer): number {
  const blank = body[0] === NEWLINE ? 0 : body.indexOf('\n\n') + 1
  const end = blank === 0 && body[0] !== NEWLINE ? body.length : blank
  if (end > MAX_HEADER_BYTES) throw new RangeError('has headers of more than 1 MiB')
  return end
}

function endOfLine(body: Buffer, at: number): number {
  const end = body.indexOf(NEWLINE, at)
  return end === -1 ? body.length : end + 1
}

/** Where the last line begins that starts with `start`; -1 where none does. */
function lastLineWith(body: Buffer, start: string): number {
  const at = body.lastIndexOf(`\n${start}`)
  if (at !== -1) return at + 1
  return body.indexOf(start) === 0 ? 0 : -1
}

function headerOf(payload: Buffer, name: string): string | undefined {
  const headers = payload.toString('latin1', 0, endOfHeaders(payload))
  const start = headers.startsWith(`${name} `) ? 0 : headers.indexOf(`\n${name} `) + 1
  if (start === 0 && !headers.startsWith(`${name} `)) return undefined
  const [value = ''] = headers.slice(start + name.length + 1).split('\n', 1)
  return Buffer.from(value, 'latin1').toString()
}

/** Of `name <address> seconds zone`. */
function makerOf(payload: Buffer, name: string): Pick<SignedObject, 'hasMaker' | 'madeAt'> {
  const identity = headerOf(payload, name)
  const rest = identity?.slice(identity.lastIndexOf('>') + 1) ?? ''
  const [, seconds] = /^ (\d{1,15})\b/.exec(rest) ?? []
  const isDated = seconds !== undefined && Number(seconds) > 0
  return { hasMaker: identity !== undefined, madeAt: isDated ? Number(seconds) : undefined }
}

function toText(signature: Buffer): string {
  if (signature.length > MAX_SIGNATURE_BYTES) {
    throw new RangeError('has a signature of more than 64 KiB')
  }
  return signature.toString('latin1')
}
