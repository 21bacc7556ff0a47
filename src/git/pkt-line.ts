// Packet lines, the framing of every git conversation. Decoding copies nothing
// that lies whole within one received chunk.
// https://git-scm.com/docs/protocol-common#_pkt_line_format
import { SyncError } from '../base/errors.js'

export type Pkt =
  | { type: 'data'; payload: Buffer }
  | { type: 'flush' }
  | { type: 'delim' }
  | { type: 'response-end' }

/** The longest packet line, in bytes, with its four digits of length. */
const MAX_PKT_BYTES = 65520

export const FLUSH = Buffer.from('0000')
export const DELIM = Buffer.from('0001')

const LENGTH_BYTES = 4

/** One packet line; a string is encoded as UTF-8, and no newline is added. */
export function encodePkt(payload: string | Uint8Array): Buffer {
  const payloadBytes = Buffer.byteLength(payload)
  const length = payloadBytes + LENGTH_BYTES
  if (length > MAX_PKT_BYTES) {
    throw new RangeError(`a packet line of ${length} bytes exceeds ${MAX_PKT_BYTES}`)
  }
  const pkt = Buffer.allocUnsafe(length)
  pkt.write(length.toString(16).padStart(LENGTH_BYTES, '0'), 0, 'latin1')
  if (typeof payload === 'string') pkt.write(payload, LENGTH_BYTES)
  else pkt.set(payload, LENGTH_BYTES)
  return pkt
}

/**
 * Splits a stream into its packet lines. Payloads are views of the chunks: a consumer that keeps
 * them keeps the chunks. Throws a SyncError `protocol-error` for a malformed length, and
 * `connection-failed` when the stream ends within a packet.
 */
export async function* decodePkts(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Pkt, void, undefined> {
  let pending: PendingPkt | undefined
  for await (const received of chunks) {
    const chunk = asBuffer(received)
    let offset = 0
    if (pending) {
      offset = fill(pending, chunk)
      if (!pending.complete) continue
      yield toPkt(pending.bytes, 0, pending.bytes.length)
      pending = undefined
    }
    while (offset < chunk.length) {
      const end = offset + lengthAt(chunk, offset)
      if (!(end <= chunk.length)) {
        pending = startPending(chunk.subarray(offset))
        break
      }
      yield toPkt(chunk, offset, end)
      offset = end
    }
  }
  if (pending) {
    throw new SyncError(
      'connection-failed',
      'The remote ended its answer in the middle of a packet line; the connection may have been cut',
    )
  }
}

/** A packet line whose end has not been received: first its length, then its payload. */
interface PendingPkt {
  bytes: Buffer
  filled: number
  complete: boolean
}

function startPending(start: Buffer): PendingPkt {
  const pending = { bytes: Buffer.allocUnsafe(LENGTH_BYTES), filled: 0, complete: false }
  fill(pending, start)
  return pending
}

/** Moves what `pending` lacks from the start of `chunk` into it; returns how many bytes. */
function fill(pending: PendingPkt, chunk: Buffer): number {
  let used = 0
  for (;;) {
    const copied = chunk.copy(pending.bytes, pending.filled, used)
    pending.filled += copied
    used += copied
    if (pending.filled < pending.bytes.length) return used
    const length = lengthAt(pending.bytes, 0)
    if (length === pending.bytes.length) {
      pending.complete = true
      return used
    }
    const grown = Buffer.allocUnsafe(length)
    pending.bytes.copy(grown)
    pending.bytes = grown
  }
}

function toPkt(bytes: Buffer, start: number, end: number): Pkt {
  if (end - start > LENGTH_BYTES) {
    return { type: 'data', payload: bytes.subarray(start + LENGTH_BYTES, end) }
  }
  switch (bytes[start + 3]) {
    case 0x30:
      return { type: 'flush' }
    case 0x31:
      return { type: 'delim' }
    case 0x32:
      return { type: 'response-end' }
    default:
      return { type: 'data', payload: bytes.subarray(end, end) }
  }
}

/** The bytes the packet line at `offset` takes (four for the special ones), or NaN if cut. */
function lengthAt(bytes: Buffer, offset: number): number {
  if (offset + LENGTH_BYTES > bytes.length) return Number.NaN
  let length = 0
  for (let index = offset; index < offset + LENGTH_BYTES; index++) {
    length = length * 16 + hexDigit(bytes[index]!)
  }
  // 0003 is the one short length that means nothing; NaN and too long fail too.
  if (!(length <= MAX_PKT_BYTES) || length === 3) throw malformed(bytes, offset)
  return Math.max(length, LENGTH_BYTES)
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Number.NaN
}

function malformed(bytes: Buffer, offset: number): SyncError {
  const excerpt = JSON.stringify(bytes.toString('latin1', offset, offset + 64))
  return new SyncError(
    'protocol-error',
    `The remote sent ${excerpt} where a packet line must start; check that the address is a git repository`,
  )
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk)
    ? chunk
    : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}
