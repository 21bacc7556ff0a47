// Which part of a commit an entry publishes, as it is written. What is wrong is said by a RangeError.
import { SparsePatterns } from '../git/sparse-patterns.js'
import { nameFault } from '../publish/tree/safe-name.js'
import { toBytePath } from '../volume/byte-path.js'

/** A directory of the repository, as a byte path. */
export function parseSubdir(text: string): string {
  if (text.startsWith('/')) {
    throw new RangeError('starts at the root of the repository: leave the first slash out')
  }
  const subdir = toBytePath(text.replace(/\/$/, ''))
  for (const name of subdir.split('/')) {
    const fault = nameFault(name)
    if (fault) throw new RangeError(`has a part that ${fault}: name a directory, as "docs/site"`)
  }
  return subdir
}

/** The patterns of a sparse checkout, as byte strings. */
export function parseSparse(lines: readonly string[]): string[] {
  const written = lines.map(toBytePath)
  if (written.some((line) => /[\n\0]/.test(line))) {
    throw new RangeError('takes one pattern in each text, without an end of line or a NUL')
  }
  if (!new SparsePatterns(written).canWant) {
    throw new RangeError(
      'wants nothing, as each of its patterns leaves something out: begin with one that takes something in, as "/*"',
    )
  }
  return written
}
