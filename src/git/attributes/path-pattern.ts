// The pattern of one line of an attributes file: which paths it means.
// https://git-scm.com/docs/gitattributes#_description
import { compileWildmatch, literalLength } from './wildmatch.js'

/** Whether a path is meant: as seen from the directory of the attributes file, and its last name. */
export type PathMatcher = (path: string, name: string) => boolean

/** Compiles a pattern. One for a directory means no path, as attributes are those of files. */
export function compilePathPattern(pattern: string): PathMatcher {
  if (pattern.endsWith('/')) return () => false
  if (!pattern.includes('/')) {
    const isMeant = compileWildmatch(pattern, { pathname: false })
    return (_, name) => isMeant(name)
  }
  const anchored = pattern.startsWith('/') ? pattern.slice(1) : pattern
  // git compares the literal start first, so that `**` right behind it always crosses slashes.
  const start = anchored.slice(0, literalLength(anchored))
  const isRestMeant = compileWildmatch(anchored.slice(start.length), { pathname: true })
  return (path) => path.startsWith(start) && isRestMeant(path.slice(start.length))
}
