// The patterns of a sparse checkout, as git reads them where they are not cones: which paths of a
// tree are wanted. https://git-scm.com/docs/git-sparse-checkout, https://git-scm.com/docs/gitignore
import { compilePathPattern, type PathMatcher } from './attributes/path-pattern.js'

interface SparsePattern {
  isWanted: boolean
  isForDirectories: boolean
  matches: PathMatcher
}

/** Which paths of a tree are wanted: the last pattern that means a path decides. */
export class SparsePatterns {
  /** The last one first. */
  readonly #patterns: readonly SparsePattern[]

  /** `lines` are byte strings, as they stand in git's file `info/sparse-checkout`. */
  constructor(lines: readonly string[]) {
    this.#patterns = lines
      .map(parsePattern)
      .filter((pattern) => pattern !== undefined)
      .reverse()
  }

  /** Whether any pattern takes something in. */
  get canWant(): boolean {
    return this.#patterns.some(({ isWanted }) => isWanted)
  }

  /**
   * Whether a path below the root is wanted, given whether its parent is (the root is not), which
   * stands where no pattern means the path itself. A submodule counts as a file, as it does for
   * git where nothing lies at its path yet.
   */
  isWanted(path: string, isDirectory: boolean, isParentWanted: boolean): boolean {
    const name = path.slice(path.lastIndexOf('/') + 1)
    const last = this.#patterns.find(
      ({ isForDirectories, matches }) => (isDirectory || !isForDirectories) && matches(path, name),
    )
    return last?.isWanted ?? isParentWanted
  }
}

/** Undefined for a blank line or a comment. */
function parsePattern(line: string): SparsePattern | undefined {
  const text = trimEnd(line)
  if (text === '' || text.startsWith('#')) return undefined
  const isWanted = !text.startsWith('!')
  const pattern = isWanted ? text : text.slice(1)
  const isForDirectories = pattern.endsWith('/')
  const bare = isForDirectories ? pattern.slice(0, -1) : pattern
  return { isWanted, isForDirectories, matches: compilePathPattern(bare) }
}

/** Without the carriage return and the blanks at the end, but for one behind a backslash. */
function trimEnd(line: string): string {
  const text = line.replace(/\r$/, '')
  let end = text.length
  while (text[end - 1] === ' ') end--
  const escapes = end - text.slice(0, end).replace(/\\+$/, '').length
  return text.slice(0, escapes % 2 === 1 ? end + 1 : end)
}
