// What upload-pack says before it answers over SSH: its advertisement, up to a flush.
// https://git-scm.com/docs/protocol-common#_pkt_line_format

const LENGTH_BYTES = 4
const ERROR = 'ERR '

/**
 * Yields what follows the first flush packet of `chunks`. What is no advertisement, such as an
 * error in place of it, is passed on to whoever reads the answer.
 */
export async function* skipSection(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0)
  /** Where the next packet line starts in what is held and comes, or -1 after the section. */
  let at = 0
  for await (const chunk of chunks) {
    if (at < 0) {
      yield chunk
      continue
    }
    const bytes = held.length > 0 ? Buffer.concat([held, chunk]) : chunk
    const end = endOfSection(bytes, at)
    if (end.isReached) {
      at = -1
      if (end.at < bytes.length) yield bytes.subarray(end.at)
    } else {
      held = bytes.subarray(Math.min(end.at, bytes.length))
      at = Math.max(0, end.at - bytes.length)
    }
  }
}

/** Goes from packet line to packet line, as far as `bytes` reaches. */
function endOfSection(bytes: Buffer, start: number): { at: number; isReached: boolean } {
  let at = start
  while (at + LENGTH_BYTES <= bytes.length) {
    const digits = bytes.toString('latin1', at, at + LENGTH_BYTES)
    if (digits === '0000') return { at: at + LENGTH_BYTES, isReached: true }
    const length = /^[\da-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : 0
    if (length < LENGTH_BYTES) return { at, isReached: true }
    const payloadAt = at + LENGTH_BYTES
    const prefix = bytes.toString('latin1', payloadAt, payloadAt + ERROR.length)
    const isCut = prefix.length < ERROR.length && length >= LENGTH_BYTES + ERROR.length
    if (isCut) return { at, isReached: false }
    if (prefix === ERROR) return { at, isReached: true }
    at += length
  }
  return { at, isReached: false }
}
