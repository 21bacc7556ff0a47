// The heads of answers, as undici takes them: interim ones that nobody asked for, such as `100 Continue`,
// are passed over, and lines may end without a carriage return, as with every client of HTTP; undici takes
// either for a broken connection.
// https://www.rfc-editor.org/rfc/rfc9110#section-15.2, https://www.rfc-editor.org/rfc/rfc9112#section-2.2
import type { Socket } from 'node:net'

/** Every 1xx but 101, after which another protocol is spoken. */
const INTERIM = /^HTTP\/1\.[01] 1(?!01)\d\d[ \r\n]/
/** How long what {@link INTERIM} matches is, and how an answer starts. */
const STATUS_LENGTH = 13
const START = 'HTTP/1.'
/** The longest head of an answer that is waited for, in bytes: undici's own limit. */
const MAX_HEAD_BYTES = 16 * 1024

/** `socket`, from which heads are read whole and sound. */
export function withSoundHeads(socket: Socket): Socket {
  const read = socket.read.bind(socket)
  /** The start of an answer whose head is not whole yet. */
  let held: Buffer | undefined
  let writtenBytes = -1
  socket.read = (size?: number) => {
    const chunk: Buffer | null = read(size)
    if (chunk === null) return null
    // An answer starts with what is read first after something was asked.
    if (held === undefined && socket.bytesWritten === writtenBytes) return chunk
    writtenBytes = socket.bytesWritten
    const bytes = afterInterim(held ? Buffer.concat([held, chunk]) : chunk)
    held = mayBeHead(bytes) ? bytes : undefined
    return held ? null : withLineEnds(bytes)
  }
  return socket
}

/** What follows whole interim answers; empty where nothing does yet. */
function afterInterim(bytes: Buffer): Buffer {
  let rest = bytes
  while (INTERIM.test(rest.toString('latin1', 0, STATUS_LENGTH))) {
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

/** Whether the end of a head may follow. */
function mayBeHead(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, START.length)
  if (!START.startsWith(start) || bytes.length > MAX_HEAD_BYTES) return false
  return endOfHead(bytes) === undefined
}

/** Whole lines of a head; what follows that is left as it is. */
function withLineEnds(bytes: Buffer): Buffer {
  const head = bytes.toString('latin1', 0, endOfHead(bytes) ?? 0)
  if (!head.startsWith(START) || !/(?<!\r)\n/.test(head)) return bytes
  const sound = head.replaceAll(/(?<!\r)\n/g, '\r\n')
  return Buffer.concat([Buffer.from(sound, 'latin1'), bytes.subarray(head.length)])
}
