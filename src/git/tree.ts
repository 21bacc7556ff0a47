// Tree objects. A name is kept as a byte string (one char per byte, latin1) since
// git names need not be UTF-8. https://git-scm.com/docs/git-ls-tree
import { SyncError } from '../base/errors.js'
import type { Oid } from './oid.js'

export const MODE = {
  tree: 0o040000,
  file: 0o100644,
  executable: 0o100755,
  symlink: 0o120000,
  gitlink: 0o160000,
} as const

export type Mode = (typeof MODE)[keyof typeof MODE]

export interface TreeEntry {
  mode: Mode
  /** One path component, as a byte string. */
  name: string
  oid: Oid
}

/**
 * Decodes the body of a tree, but no more than one entry beyond `maxEntries`. Throws
 * `pack-corrupt` where it is malformed.
 */
export function decodeTree(
  body: Buffer,
  oidLength: number,
  maxEntries = Number.POSITIVE_INFINITY,
): TreeEntry[] {
  const entries: TreeEntry[] = []
  let position = 0
  while (position < body.length && entries.length <= maxEntries) {
    const space = body.indexOf(0x20, position)
    const nul = body.indexOf(0, position)
    const end = nul + 1 + oidLength
    if (space <= position || nul < space || end > body.length) {
      throw new SyncError(
        'pack-corrupt',
        'A tree object is malformed; the repository is damaged (git fsck tells more)',
      )
    }
    entries.push({
      mode: parseMode(body.toString('latin1', position, space)),
      name: body.toString('latin1', space + 1, nul),
      oid: body.toString('hex', nul + 1, end),
    })
    position = end
  }
  return entries
}

/** The body of a tree; its entries are in git's order already. */
export function encodeTree(entries: readonly TreeEntry[]): Buffer {
  return Buffer.concat(
    entries.flatMap(({ mode, name, oid }) => [
      Buffer.from(`${mode.toString(8)} ${name}\0`, 'latin1'),
      Buffer.from(oid, 'hex'),
    ]),
  )
}

/** Old gits wrote other permission bits; as git does, only the owner's executable bit counts. */
function parseMode(octal: string): Mode {
  const mode = /^[0-7]{5,6}$/.test(octal) ? Number.parseInt(octal, 8) : 0
  switch (mode & 0o170000) {
    case 0o100000:
      return mode & 0o100 ? MODE.executable : MODE.file
    case MODE.tree:
    case MODE.symlink:
    case MODE.gitlink:
      return (mode & 0o170000) as Mode
    default:
      throw new SyncError(
        'unsafe-tree',
        `A tree has an entry of the unknown mode ${JSON.stringify(octal)}; nothing of this commit is published: commit it anew (git fsck names it)`,
      )
  }
}
