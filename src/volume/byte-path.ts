// Paths as byte strings: one char per byte (latin1), since git names need not be UTF-8.
// Relative paths use `/`; the empty string is the published root itself.
import { OWN_DIRECTORY } from './own-directory.js'

/** What Node's fs takes for a byte string. */
export function toFsPath(bytePath: string): string | Buffer {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is all of ASCII
  return /^[\x00-\x7f]*$/.test(bytePath) ? bytePath : Buffer.from(bytePath, 'latin1')
}

/** The byte string of a path that Node's fs would take as text. */
export function toBytePath(path: string): string {
  return Buffer.from(path, 'utf8').toString('latin1')
}

/** A byte path as people read it. */
export function displayPath(bytePath: string): string {
  return Buffer.from(bytePath, 'latin1').toString('utf8')
}

/** Joins a root and a relative path, either of which may be empty. */
export function joinBytePath(root: string, relative: string): string {
  if (root === '') return relative
  return relative === '' ? root : `${root}/${relative}`
}

/** The directory a relative path lies in; the empty string is the root. */
export function parentOf(relative: string): string {
  const slash = relative.lastIndexOf('/')
  return slash < 0 ? '' : relative.slice(0, slash)
}

/** The last name of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/**
 * Whether a relative byte path leads down from its root and nowhere else, and not into the own
 * directory there; the root itself is no such path.
 */
export function isBelowRoot(relative: string): boolean {
  const names = relative.split('/')
  return names[0] !== OWN_DIRECTORY && names.every(isName)
}

/** Whether a byte string is the name of something in a directory. */
function isName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[\0/]/.test(name)
}
