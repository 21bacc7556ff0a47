// The file packed-refs. It may hold very many refs, so it is searched, not parsed whole.
// https://git-scm.com/docs/git-pack-refs
import path from 'node:path'
import { codeOf } from '../../base/errno.js'
import { isOid, type ObjectFormat, type Oid, oidBytes } from '../../git/oid.js'
import { refsTooLarge } from '../refs-too-large.js'
import { readBytesIfExists } from './files.js'

export class PackedRefs {
  readonly #bytes: Buffer
  readonly #isFullyPeeled: boolean
  readonly #oidDigits: number

  private constructor(bytes: Buffer, format: ObjectFormat) {
    this.#bytes = bytes
    this.#oidDigits = 2 * oidBytes(format)
    const header = bytes.toString('latin1', 0, Math.max(0, bytes.indexOf('\n')))
    this.#isFullyPeeled = header.startsWith('# pack-refs with:') && / fully-peeled\b/.test(header)
  }

  /**
   * Reads the file of a repository; one that is missing holds no refs. Throws `refs-too-large` for
   * more than `maxBytes`.
   */
  static async read(
    commonDir: string,
    format: ObjectFormat,
    maxBytes: number,
  ): Promise<PackedRefs> {
    try {
      const bytes = await readBytesIfExists(path.join(commonDir, 'packed-refs'), maxBytes)
      return new PackedRefs(bytes ?? Buffer.alloc(0), format)
    } catch (error) {
      throw codeOf(error) === 'EFBIG' ? refsTooLarge(maxBytes) : error
    }
  }

  /** The oid of one ref. */
  find(name: string): Oid | undefined {
    const at = this.#bytes.indexOf(` ${name}\n`)
    if (at < this.#oidDigits) return undefined
    const oid = this.#bytes.toString('latin1', at - this.#oidDigits, at)
    return isOid(oid) ? oid : undefined
  }

  /** Name, oid, and what it peels to: null for nothing, undefined where the file does not say. */
  *startingWith(
    prefix: string,
  ): Generator<[name: string, oid: Oid, peeled: Oid | null | undefined]> {
    // A line is `<oid> <name>`, and names hold no space.
    const start = Buffer.from(` ${prefix}`)
    for (let at = this.#bytes.indexOf(start); at >= 0; at = this.#bytes.indexOf(start, at + 1)) {
      const newline = this.#bytes.indexOf(0x0a, at)
      const end = newline < 0 ? this.#bytes.length : newline
      const oid = this.#bytes.toString('latin1', Math.max(0, at - this.#oidDigits), at)
      if (isOid(oid))
        yield [this.#bytes.toString('utf8', at + 1, end), oid, this.#peeledAt(end + 1)]
    }
  }

  /** Reads the line `^<oid>` that follows an annotated tag. */
  #peeledAt(start: number): Oid | null | undefined {
    const oid = this.#bytes.toString('latin1', start + 1, start + 1 + this.#oidDigits)
    if (this.#bytes[start] === 0x5e && isOid(oid)) return oid
    return this.#isFullyPeeled ? null : undefined
  }
}
