// Writes a pack as a stream: nothing is held but the entry at hand.
// https://git-scm.com/docs/pack-format
import { createHash } from 'node:crypto'
import type { ObjectType } from '../../git/object.js'
import type { ObjectFormat } from '../../git/oid.js'

const TYPE_NUMBERS: Record<ObjectType, number> = { commit: 1, tree: 2, blob: 3, tag: 4 }

/** A pack of `count` entries, each as {@link encodeEntryHeader} and its deflated bytes. */
export async function* encodePack(
  count: number,
  entries: AsyncIterable<Buffer>,
  format: ObjectFormat,
): AsyncGenerator<Buffer> {
  const hash = createHash(format)
  const header = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1')
  header.writeUInt32BE(count, 8)
  hash.update(header)
  yield header
  for await (const bytes of entries) {
    hash.update(bytes)
    yield bytes
  }
  yield hash.digest()
}

/** What stands before the deflated bytes of an object of `size` bytes. */
export function encodeEntryHeader(type: ObjectType, size: number): Buffer {
  const bytes: number[] = []
  let byte = (TYPE_NUMBERS[type] << 4) | (size & 0x0f)
  // Not a shift: sizes may exceed 32 bits.
  for (let rest = Math.floor(size / 16); ; rest = Math.floor(rest / 128)) {
    if (rest === 0) break
    bytes.push(byte | 0x80)
    byte = rest % 128
  }
  bytes.push(byte)
  return Buffer.from(bytes)
}
