// Inflates one zlib stream that is followed by other bytes, with Node's own zlib.
import { constants } from 'node:buffer'
import { inflateSync } from 'node:zlib'
import { codeOf } from '../base/errno.js'
import { corrupt } from './corrupt.js'

declare module 'node:zlib' {
  // Documented by Node, but missing from its types.
  function inflateSync(
    input: Uint8Array,
    options: import('node:zlib').ZlibOptions & { info: true },
  ): { buffer: Buffer; engine: { bytesWritten: number } }
}

/** What one step allocates at most, in bytes, so that a size that lies costs no memory. */
const MAX_STEP_BYTES = 1 << 20
const MIN_STEP_BYTES = 64

export interface Inflated {
  body: Buffer
  /** How many bytes of the input the stream took. */
  deflatedBytes: number
}

/**
 * Inflates the stream at the start of `input` to exactly `size` bytes; undefined where `input`
 * ends before the stream does. Throws `pack-corrupt` where it is damaged or of another size.
 */
export function inflate(input: Buffer, size: number): Inflated | undefined {
  try {
    const { buffer, engine } = inflateSync(input, {
      info: true,
      // One byte more than needed, else zlib asks for another buffer to say that it is done.
      chunkSize: Math.min(Math.max(size + 1, MIN_STEP_BYTES), MAX_STEP_BYTES),
      maxOutputLength: Math.min(Math.max(size, 1), constants.MAX_LENGTH),
    })
    if (buffer.length !== size) throw corrupt('has an object of another size than it says')
    return { body: buffer, deflatedBytes: engine.bytesWritten }
  } catch (error) {
    switch (codeOf(error)) {
      case 'Z_BUF_ERROR':
        return undefined
      case 'ERR_BUFFER_TOO_LARGE':
        throw corrupt('has an object of a larger size than it says', error)
      case 'Z_DATA_ERROR':
      case 'Z_NEED_DICT':
        throw corrupt('has an object that does not inflate', error)
      default:
        throw error
    }
  }
}
