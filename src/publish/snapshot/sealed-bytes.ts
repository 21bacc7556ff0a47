// How state is written: a magic, a line of JSON, what belongs to it, and a checksum of all, by which
// what is damaged is told. It tells nothing of who wrote it.
import { hash } from 'node:crypto'
import { SyncError } from '../../base/errors.js'

const CHECKSUM = 'sha1'
/** How much room {@link seal} needs at the end. */
export const CHECKSUM_BYTES = 20

/** A magic, and a line of JSON; what no byte can hold is escaped. */
export function encodeHeader(magic: string, header: object): Buffer {
  const json = JSON.stringify(header).replace(
    /[^\0-\xff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return Buffer.from(`${magic}${json}\n`, 'latin1')
}

/** What bytes say; undefined where they are not what this service writes, though their sum is right. */
export function unlessDamaged<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    // Whoever may write here can seal anything: what cannot be decoded says nothing.
    if (error instanceof SyntaxError || error instanceof RangeError || error instanceof TypeError) {
      return undefined
    }
    if (error instanceof SyncError) return undefined
    throw error
  }
}

/** Ends bytes that leave room for it with their checksum. */
export function seal(bytes: Buffer): Buffer {
  const content = bytes.subarray(0, -CHECKSUM_BYTES)
  hash(CHECKSUM, content, 'buffer').copy(bytes, content.length)
  return bytes
}

/** What was sealed, without its checksum; undefined where that is wrong, or `magic` missing. */
export function unseal(bytes: Buffer, magic: string): Buffer | undefined {
  const content = bytes.subarray(0, -CHECKSUM_BYTES)
  if (content.toString('latin1', 0, magic.length) !== magic) return undefined
  const isWhole = hash(CHECKSUM, content, 'buffer').equals(bytes.subarray(-CHECKSUM_BYTES))
  return isWhole ? content : undefined
}

/** What tells one snapshot's bytes from another's. */
export function checksumOf(bytes: Buffer): string {
  return bytes.toString('hex', bytes.length - CHECKSUM_BYTES)
}
