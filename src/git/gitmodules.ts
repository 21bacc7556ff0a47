// What a commit says of its submodules.
// https://git-scm.com/docs/gitmodules
import { SyncError } from '../base/errors.js'
import { parseConfig } from './config.js'

/** What `.gitmodules` says of one submodule. */
export interface Submodule {
  name: string
  /** The byte path of its directory. */
  path: string
  /** As written, as a byte string; undefined where there is none, or one that git would not use. */
  url: string | undefined
  /** Whether it is not to be checked out. */
  isSkipped: boolean
}

/**
 * Reads a file `.gitmodules`: what it says of each path. Throws `submodule-invalid` where git does
 * not take it.
 */
export function parseGitmodules(body: Buffer): Map<string, Submodule> {
  const { variables, faultyLine } = parseConfig(body.toString('latin1'))
  if (faultyLine !== undefined) {
    throw new SyncError(
      'submodule-invalid',
      `Line ${faultyLine} of .gitmodules is not one that git can read (git config -f .gitmodules -l tells more); nothing of this commit is published: correct it in the repository`,
    )
  }
  const named = new Map<string, Partial<Record<string, string>>>()
  for (const { section, subsection, name, value } of variables) {
    if (section !== 'submodule' || subsection === undefined || !isSoundName(subsection)) continue
    const fields = named.get(subsection) ?? {}
    named.set(subsection, fields)
    // What could be taken for an option counts for nothing.
    if (value !== undefined && !value.startsWith('-')) fields[name] = value
  }
  const byPath = new Map<string, Submodule>()
  for (const [name, { path, update, url }] of named) {
    if (path === undefined) continue
    byPath.set(path, { name, path, url, isSkipped: update === 'none' })
  }
  return byPath
}

/** Names become directories below `.git/modules`: none may lead out of there. */
function isSoundName(name: string): boolean {
  return name !== '' && !name.split(/[/\\]/).includes('..')
}
