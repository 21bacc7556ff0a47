// Which names of a tree may be written to disk. As git does, everything that any file
// system could take for `.git` is refused, on every file system.
// https://git-scm.com/docs/git-config#Documentation/git-config.txt-coreprotectNTFS
import { SyncError } from '../../base/errors.js'
import { MODE, type TreeCursor } from '../../git/tree.js'
import { displayPath, joinBytePath } from '../../volume/byte-path.js'
import { OWN_DIRECTORY } from '../../volume/own-directory.js'

/** The longest name of one path component, in bytes, on every common file system. */
const MAX_NAME_BYTES = 255

/**
 * How deep directories may lie in each other, as the walks over trees are recursive. Real git
 * writes what the system's longest path allows, about 2,000 of them.
 */
const MAX_DEPTH = 1000

/** Code points that HFS+ ignores when it compares names. */
const HFS_IGNORED = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g

/** What NTFS ignores at the end of a name: dots, spaces, or a stream. */
const NTFS_IGNORED = /[ .]*(?:[:\\].*)?$/s

/** What a name must hold to be taken for one of ours: others need no closer look. */
const SUSPECT = /git|[\x80-\xff]/i

/** What NTFS may call `.git-autosync` for programs that know short names only. */
const OWN_SHORT_NAME = /^git-au~\d+$/

/** Throws `unsafe-tree` where a tree lies too deep for a walk, or for any path. */
export function assertShallow(depth: number, directory: () => string): void {
  if (depth > MAX_DEPTH) throw tooDeep(directory())
}

/**
 * Throws `unsafe-tree` for the first entry of a tree that must not be written to disk; returns how
 * many there are. `directory` tells where the tree is.
 */
export function assertSafeTree(entries: TreeCursor, directory: () => string): number {
  let count = 0
  let previous = ''
  // In git's order, only names that this one starts with can be the same: `a`, `a-`, then `a/`.
  const shorter: string[] = []
  for (; entries.next(); count++) {
    const { name, mode } = entries
    const fault = nameFault(name)
    if (fault) throw unsafe(directory(), name, fault)
    while (shorter.length > 0 && !name.startsWith(shorter.at(-1) as string)) shorter.pop()
    if (shorter.at(-1) === name) throw unsafe(directory(), name, 'appears twice in its directory')
    const key = sortKey(name, mode)
    if (key < previous) throw unsafe(directory(), name, "is not in git's order")
    previous = key
    shorter.push(name)
  }
  return count
}

/** What trees are sorted by: a directory's name counts as if it ended in a slash. */
export function sortKey(name: string, mode: number): string {
  return mode === MODE.tree ? `${name}/` : name
}

/** Why a name, given as a byte string, is refused; undefined where it is safe. */
export function nameFault(name: string): string | undefined {
  if (name === '') return 'is empty'
  if (name === '.' || name === '..') return 'leads out of its directory'
  if (name.includes('/')) return 'holds a slash'
  if (name.includes('\0')) return 'holds a NUL'
  if (name.length > MAX_NAME_BYTES) return `is longer than ${MAX_NAME_BYTES} bytes`
  if (!SUSPECT.test(name)) return undefined
  const folded = displayPath(name).replace(HFS_IGNORED, '').replace(NTFS_IGNORED, '').toLowerCase()
  if (folded === '.git' || folded === 'git~1') return 'could be taken for .git'
  if (folded === OWN_DIRECTORY || OWN_SHORT_NAME.test(folded))
    return "could be taken for this service's own directory"
  return undefined
}

function tooDeep(directory: string): SyncError {
  return new SyncError(
    'unsafe-tree',
    `The tree's path ${displayPath(directory.slice(0, 60))}… lies more than ${MAX_DEPTH} directories deep; nothing of this commit is published: move it up in the repository`,
  )
}

function unsafe(directory: string, name: string, fault: string): SyncError {
  const path = JSON.stringify(displayPath(joinBytePath(directory, name)))
  return new SyncError(
    'unsafe-tree',
    `The tree's path ${path} ${fault}; nothing of this commit is published: rename or remove it in the repository`,
  )
}
