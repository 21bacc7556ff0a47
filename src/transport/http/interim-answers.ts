// Interim answers that nobody asked for, such as `100 Continue`, are passed over, as by every client
// of HTTP; undici takes one for a broken connection. https://www.rfc-editor.org/rfc/rfc9110#section-15.2
import type { Socket } from 'node:net'

/** Every 1xx but 101, after which another protocol is spoken. */
const INTERIM = /^HTTP\/1\.[01] 1(?!01)\d\d[ \r\n]/
/** How long what {@link INTERIM} matches is, and how it starts. */
const STATUS_LENGTH = 13
const START = 'HTTP/1.1 1'
/** The longest head of an answer that is waited for, in bytes: undici's own limit. */
const MAX_HEAD_BYTES = 16 * 1024

/** `socket`, from which no interim answer is read. */
export function withoutInterimAnswers(socket: Socket): Socket {
  const read = socket.read.bind(socket)
  /** The start of an answer that may be interim. */
  let held: Buffer | undefined
  let writtenBytes = -1
  socket.read = (size?: number) => {
    const chunk: Buffer | null = read(size)
    if (chunk === null) return null
    // An answer starts with what is read first after something was asked.
    if (held === undefined && socket.bytesWritten === writtenBytes) return chunk
    writtenBytes = socket.bytesWritten
    const bytes = afterInterim(held ? Buffer.concat([held, chunk]) : chunk)
    held = mayBeInterim(bytes) ? bytes : undefined
    return held ? null : bytes
  }
  return socket
}

/** What follows whole interim answers; empty where nothing does yet. */
function afterInterim(bytes: Buffer): Buffer {
  let rest = bytes
  while (INTERIM.test(statusOf(rest))) {
    const end = endOfHead(rest)
    if (end === undefined) break
    rest = rest.subarray(end)
  }
  return rest
}

/** Where the empty line ends; some send lines without a carriage return. */
function endOfHead(bytes: Buffer): number | undefined {
  for (let at = bytes.indexOf('\n'); at >= 0; at = bytes.indexOf('\n', at + 1)) {
    const next = bytes[at + 1] === 0x0d ? at + 2 : at + 1
    if (bytes[next] === 0x0a) return next + 1
  }
  return undefined
}

function mayBeInterim(bytes: Buffer): boolean {
  const status = statusOf(bytes)
  if (INTERIM.test(status)) return bytes.length <= MAX_HEAD_BYTES
  return status.length < STATUS_LENGTH && START.startsWith(status.slice(0, START.length))
}

function statusOf(bytes: Buffer): string {
  return bytes.toString('latin1', 0, STATUS_LENGTH)
}
