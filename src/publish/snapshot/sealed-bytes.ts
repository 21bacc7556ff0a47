// How state is written: a magic, a line of JSON, what belongs to it, and a checksum of all, by which
// what is damaged is told. It tells nothing of who wrote it.
import { hash } from 'node:crypto'
import { constants, deflateSync, inflateSync } from 'node:zlib'
import { codeOf } from '../../base/errno.js'
import { SyncError } from '../../base/errors.js'
import { MAPPED_BYTES } from '../../thread/garbage.js'

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
    // That there is no memory for it says nothing of it.
    const isInflating = codeOf(error).startsWith('Z_') && codeOf(error) !== 'Z_MEM_ERROR'
    if (error instanceof SyncError || isInflating) return undefined
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

/** From this size on, in bytes, what is sealed is deflated on disk: a snapshot to less than half of its size. */
const DEFLATED_FROM_BYTES = 8 * 1024 * 1024
const DEFLATED_MAGIC = 'git-autosync deflated\n'

/** What was sealed as it is kept on disk: it ends with the same checksum. */
export function deflateLarge(sealed: Buffer): Buffer {
  if (sealed.length < DEFLATED_FROM_BYTES) return sealed
  const content = sealed.subarray(0, -CHECKSUM_BYTES)
  const deflated = deflateSync(content, { level: constants.Z_BEST_SPEED, chunkSize: MAPPED_BYTES })
  const checksum = sealed.subarray(-CHECKSUM_BYTES)
  return Buffer.concat([Buffer.from(DEFLATED_MAGIC, 'latin1'), deflated, checksum])
}

/** The inverse of {@link deflateLarge}; undefined where the bytes are damaged, or make more than `maxBytes`. */
export function inflateLarge(bytes: Buffer, maxBytes: number): Buffer | undefined {
  if (bytes.toString('latin1', 0, DEFLATED_MAGIC.length) !== DEFLATED_MAGIC) return bytes
  const deflated = bytes.subarray(DEFLATED_MAGIC.length, -CHECKSUM_BYTES)
  return unlessDamaged(() => {
    const content = inflateSync(deflated, { maxOutputLength: maxBytes, chunkSize: MAPPED_BYTES })
    return Buffer.concat([content, bytes.subarray(-CHECKSUM_BYTES)])
  })
}

/** What tells one snapshot's bytes from another's. */
export function checksumOf(bytes: Buffer): string {
  return bytes.toString('hex', bytes.length - CHECKSUM_BYTES)
}
