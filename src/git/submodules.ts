// What a commit says of its submodules, and where a relative address of one leads.
// https://git-scm.com/docs/gitmodules
import { createHash } from 'node:crypto'
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

/** No file system has longer names, in bytes. */
const MAX_NAME_BYTES = 255

/**
 * The directory below `modules` in which a submodule of this name has its repository: one name for each,
 * in ASCII, so that none lies in that of another (`lib` and `lib/zip`), as git would have it.
 */
export function moduleDirectory(name: string): string {
  const directory = name.replace(
    /[^ -~]|[%/\\]|^\.| $/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
  if (directory.length <= MAX_NAME_BYTES) return directory
  // No name is encoded with what separates them.
  const unique = createHash('sha256').update(name, 'latin1').digest('hex')
  return `${directory.slice(0, MAX_NAME_BYTES - unique.length - 2)}%-${unique}`
}

/**
 * Where the address of a submodule leads, seen from its superproject's, as git has it; both are as
 * written. Throws a RangeError where it leads out of that.
 */
export function resolveSubmoduleUrl(url: string, superprojectUrl: string): string {
  if (!/^\.\.?\//.test(url)) return url
  let base = superprojectUrl.replace(/\/$/, '')
  const isRelative = isLocal(base) && !base.startsWith('/')
  if (isRelative && !/^\.\.?\//.test(base)) base = `./${base}`
  let rest = url
  let separator = '/'
  for (;;) {
    if (rest.startsWith('../')) {
      rest = rest.slice(3)
      const cut = withoutLastDirectory(base, isRelative)
      base = cut.base
      if (cut.isAtColon) separator = ':'
    } else if (rest.startsWith('./')) rest = rest.slice(2)
    else break
  }
  return `${base}${separator}${rest.replace(/\/$/, '')}`.replace(/^\.\//, '')
}

function withoutLastDirectory(
  base: string,
  isRelative: boolean,
): { base: string; isAtColon: boolean } {
  const slash = base.lastIndexOf('/')
  if (slash >= 0) return { base: base.slice(0, slash), isAtColon: false }
  const colon = base.lastIndexOf(':')
  if (colon >= 0) return { base: base.slice(0, colon), isAtColon: true }
  if (isRelative || base === '.') throw new RangeError(`leads out of ${base}`)
  return { base: '.', isAtColon: false }
}

/** Whether an address is a path: it has no colon, or a slash before it. */
function isLocal(url: string): boolean {
  const colon = url.indexOf(':')
  const slash = url.indexOf('/')
  return colon < 0 || (slash >= 0 && slash < colon)
}
