// Applies a delta to its base. https://git-scm.com/docs/pack-format#_deltified_representation
import { corrupt } from './entry-header.js'

/**
 * The object that `delta` makes of `base`. Throws `pack-corrupt` where a size or an instruction
 * does not fit, before more than `maxBytes` are allocated.
 */
export function applyDelta(
  base: Buffer,
  delta: Buffer,
  maxBytes = Number.MAX_SAFE_INTEGER,
): Buffer {
  const baseSize = decodeDeltaSize(delta, 0)
  if (baseSize.size !== base.length) throw corrupt('has a delta that does not belong to its base')
  const resultSize = decodeDeltaSize(delta, baseSize.end)
  if (resultSize.size > maxBytes) throw corrupt('has a delta that makes an impossibly large object')
  const result = Buffer.allocUnsafe(resultSize.size)
  let position = resultSize.end
  let written = 0
  while (position < delta.length) {
    const instruction = delta[position++] as number
    if (instruction & 0x80) {
      let offset = 0
      let length = 0
      // Up to four bytes of offset and three of length, each present where its bit is set.
      if (instruction & 0x01) offset = delta[position++] ?? 0
      if (instruction & 0x02) offset += (delta[position++] ?? 0) * 0x100
      if (instruction & 0x04) offset += (delta[position++] ?? 0) * 0x10000
      if (instruction & 0x08) offset += (delta[position++] ?? 0) * 0x1000000
      if (instruction & 0x10) length = delta[position++] ?? 0
      if (instruction & 0x20) length += (delta[position++] ?? 0) * 0x100
      if (instruction & 0x40) length += (delta[position++] ?? 0) * 0x10000
      if (length === 0) length = 0x10000
      if (
        position > delta.length ||
        offset + length > base.length ||
        written + length > result.length
      ) {
        throw corrupt('has a delta that copies beyond its base')
      }
      base.copy(result, written, offset, offset + length)
      written += length
    } else {
      if (instruction === 0) throw corrupt('has a delta with a reserved instruction')
      const end = position + instruction
      if (end > delta.length || written + instruction > result.length) {
        throw corrupt('has a delta that ends too early')
      }
      delta.copy(result, written, position, end)
      position = end
      written += instruction
    }
  }
  if (written !== result.length) throw corrupt('has a delta that makes less than it says')
  return result
}

/** A little-endian number, seven bits a byte. */
function decodeDeltaSize(delta: Buffer, start: number): { size: number; end: number } {
  let size = 0
  let scale = 1
  let position = start
  for (;;) {
    const byte = delta[position++]
    if (byte === undefined || scale > 2 ** 49) throw corrupt('has a delta without its sizes')
    size += (byte & 0x7f) * scale
    scale *= 128
    if (!(byte & 0x80)) return { size, end: position }
  }
}
