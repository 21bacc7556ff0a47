// Writes a pack as a stream: nothing is held but the entry at hand.
// https://git-scm.com/docs/pack-format
import { createHash } from 'node:crypto'
import type { ObjectFormat } from '../../git/oid.js'

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
