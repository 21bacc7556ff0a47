// Looks through bytes of any size, a window at a time.
import type { ByteSource } from '../byte-source.js'

const WINDOW_BYTES = 64 * 1024

/**
 * The bytes from `start` up to `end`, piece by piece; a piece is valid until the next read. All
 * end at the same places, wherever they start, so that one window of a file serves many looks.
 */
export function* piecesOf(source: ByteSource, start: number, end: number): Generator<Buffer> {
  for (let position = start; position < end; ) {
    const next = Math.min(position - (position % WINDOW_BYTES) + WINDOW_BYTES, end)
    yield source.read(position, next)
    position = next
  }
}

/** Where the byte is first, from `start` up to `end`; -1 where it is not. */
export function indexOfByte(
  source: ByteSource,
  byte: number,
  start: number,
  end: number = source.length,
): number {
  let position = start
  for (const piece of piecesOf(source, start, end)) {
    const found = piece.indexOf(byte)
    if (found >= 0) return position + found
    position += piece.length
  }
  return -1
}

/** The byte at a position; undefined behind the end. */
export function byteAt(source: ByteSource, position: number): number | undefined {
  return position < source.length ? source.read(position, position + 1)[0] : undefined
}
