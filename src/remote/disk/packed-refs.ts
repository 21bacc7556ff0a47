// The file packed-refs. It may hold very many refs, so it is searched as it is read, not parsed whole.
// https://git-scm.com/docs/git-pack-refs
import path from 'node:path'
import { codeOf } from '../../base/errno.js'
import { readRegularFileInPieces } from '../../base/regular-file.js'
import { isOid, type ObjectFormat, type Oid, oidBytes } from '../../git/oid.js'
import { refsTooLarge } from '../refs-too-large.js'
import { isMissing } from './files.js'

export interface PackedRef {
  name: string
  oid: Oid
  /** What it peels to: null for nothing, undefined where the file does not say. */
  peeled: Oid | null | undefined
}

/** No line is as long, in bytes. */
const MAX_LINE_BYTES = 64 * 1024
const [NEWLINE, CARET] = [0x0a, 0x5e]
/** More are not searched one by one. */
const MAX_SEARCHES = 16

/**
 * The packed refs whose names start with any of `prefixes`, and maybe others; none where there is no such
 * file. Throws `refs-too-large` for a file of more than `maxBytes`.
 */
export async function* readPackedRefs(
  commonDir: string,
  format: ObjectFormat,
  prefixes: readonly string[],
  maxBytes: number,
): AsyncGenerator<PackedRef> {
  const search = new Search(format, prefixes)
  let rest = Buffer.alloc(0)
  try {
    for await (const piece of readRegularFileInPieces(
      path.join(commonDir, 'packed-refs'),
      maxBytes,
    )) {
      const bytes = Buffer.concat([rest, piece])
      const end = endOfRefs(bytes)
      if (bytes.length - end > MAX_LINE_BYTES) throw new Error('packed-refs has a line without end')
      yield* search.refsIn(bytes.subarray(0, end))
      rest = bytes.subarray(end)
    }
  } catch (error) {
    if (codeOf(error) === 'EFBIG') throw refsTooLarge(maxBytes)
    if (!isMissing(error)) throw error
  }
  yield* search.refsIn(rest)
}

/** Where refs end after which the line may follow that tells what they peel to, or already did. */
function endOfRefs(bytes: Buffer): number {
  const last = bytes.lastIndexOf(NEWLINE)
  if (last < 1) return 0
  const start = bytes.lastIndexOf(NEWLINE, last - 1) + 1
  return bytes[start] === CARET ? last + 1 : start
}

class Search {
  readonly #oidDigits: number
  /** A line is `<oid> <name>`, and names hold no space. */
  readonly #starts: readonly Buffer[]
  /** Of the whole file, by its first line. */
  #isFullyPeeled: boolean | undefined

  constructor(format: ObjectFormat, prefixes: readonly string[]) {
    this.#oidDigits = 2 * oidBytes(format)
    // Nothing is found twice.
    const apart = prefixes.filter(
      (prefix, index) =>
        prefixes.indexOf(prefix) === index &&
        !prefixes.some((other) => other !== prefix && prefix.startsWith(other)),
    )
    this.#starts = apart.map((prefix) => Buffer.from(` ${prefix}`))
  }

  /** The refs of some whole lines, the first ones first. */
  *refsIn(lines: Buffer): Generator<PackedRef> {
    if (lines.length === 0) return
    this.#isFullyPeeled ??= isFullyPeeled(lines)
    for (const start of this.#starts) {
      for (let at = lines.indexOf(start); at >= 0; at = lines.indexOf(start, at + 1)) {
        const newline = lines.indexOf(NEWLINE, at)
        const end = newline < 0 ? lines.length : newline
        const oid = lines.toString('latin1', Math.max(0, at - this.#oidDigits), at)
        if (isOid(oid)) {
          const name = lines.toString('utf8', at + 1, end)
          yield { name, oid, peeled: this.#peeledAt(lines, end + 1) }
        }
      }
    }
  }

  /** Reads the line `^<oid>` that follows an annotated tag. */
  #peeledAt(lines: Buffer, start: number): Oid | null | undefined {
    const oid = lines.toString('latin1', start + 1, start + 1 + this.#oidDigits)
    if (lines[start] === CARET && isOid(oid)) return oid
    return this.#isFullyPeeled ? null : undefined
  }
}

/** What the names of `prefixes` and those of `names` start with, as few as can be searched. */
export function searchesFor(prefixes: readonly string[], names: Iterable<string>): string[] {
  const all = [...prefixes, ...names]
  return all.length > MAX_SEARCHES ? [''] : all
}

function isFullyPeeled(file: Buffer): boolean {
  const header = file.toString('latin1', 0, Math.max(0, file.indexOf(NEWLINE)))
  return header.startsWith('# pack-refs with:') && / fully-peeled\b/.test(header)
}
