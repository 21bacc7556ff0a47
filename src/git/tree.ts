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

const [NUL, SPACE, ZERO] = [0x00, 0x20, 0x30]
/** A longer mode counts by its last digits. */
const MODE_BITS = 8 ** 6 - 1
/** What is no number at all. */
const NO_MODE = -1

export type Mode = (typeof MODE)[keyof typeof MODE]

export interface TreeEntry {
  mode: Mode
  /** One path component, as a byte string. */
  name: string
  oid: Oid
}

/** What a tree names by a path component. */
export interface TreeName {
  /** A byte string. */
  name: string
  kind: TreeKind
  oid: Oid
}

export type TreeKind = 'tree' | 'blob' | 'commit'

/** Decodes the body of a tree. Throws `pack-corrupt` where it is malformed. */
export function decodeTree(body: Buffer, oidLength: number): TreeEntry[] {
  const entries: TreeEntry[] = []
  for (const cursor = new TreeCursor(body, oidLength); cursor.next(); ) {
    const { mode, name, oid } = cursor
    entries.push({ mode, name, oid })
  }
  return entries
}

/** Decodes what the body of a tree names, whatever its modes are. Throws `pack-corrupt` where it is malformed. */
export function decodeNames(body: Buffer, oidLength: number): TreeName[] {
  const names: TreeName[] = []
  for (const cursor = new TreeCursor(body, oidLength); cursor.next(); ) {
    const { kind, name, oid } = cursor
    names.push({ name, kind, oid })
  }
  return names
}

/**
 * Goes through the body of a tree, so that one of megabytes is looked at without a list of what is
 * in it: stands at one entry, and at first before the first.
 */
export class TreeCursor implements TreeEntry {
  /** Where the entry starts. */
  at = 0
  readonly #body: Buffer
  readonly #oidLength: number
  /** Where its name starts and ends, and where the next entry starts. */
  #name = 0
  #nul = 0
  #end = 0

  constructor(body: Buffer, oidLength: number) {
    this.#body = body
    this.#oidLength = oidLength
  }

  /** Goes to the next entry; false where there is none. Throws `pack-corrupt`. */
  next(): boolean {
    if (this.#end >= this.#body.length) return false
    this.goTo(this.#end)
    return true
  }

  /** Goes to the entry that starts there. Throws `pack-corrupt`. */
  goTo(at: number): void {
    const body = this.#body
    // Byte by byte: most are so short that to call for a search takes longer.
    let space = at
    while (space < body.length && body[space] !== SPACE && body[space] !== NUL) space++
    let nul = space
    while (nul < body.length && body[nul] !== NUL) nul++
    const end = nul + 1 + this.#oidLength
    if (space === at || nul === space || end > body.length) {
      throw new SyncError(
        'pack-corrupt',
        'A tree object is malformed; the repository is damaged (git fsck tells more)',
      )
    }
    this.at = at
    this.#name = space + 1
    this.#nul = nul
    this.#end = end
  }

  /** Whether another stands at an entry of the same bytes. */
  isSameAs(other: TreeCursor): boolean {
    const length = this.#end - this.at
    if (other.#end - other.at !== length) return false
    for (let byte = 0; byte < length; byte++) {
      if (this.#body[this.at + byte] !== other.#body[other.at + byte]) return false
    }
    return true
  }

  /** Throws `unsafe-tree` for one that git does not know. */
  get mode(): Mode {
    const end = this.#name - 1
    const digits = end - this.at
    const mode = digits === 5 || digits === 6 ? modeOf(this.#bits) : undefined
    if (mode === undefined) throw unknownMode(this.#body.toString('latin1', this.at, end))
    return mode
  }

  /** What it names. As for git, whatever the mode is: one that it does not know is of a commit. */
  get kind(): TreeKind {
    switch (modeOf(this.#bits)) {
      case MODE.tree:
        return 'tree'
      case MODE.file:
      case MODE.executable:
      case MODE.symlink:
        return 'blob'
      default:
        return 'commit'
    }
  }

  get name(): string {
    return this.#body.toString('latin1', this.#name, this.#nul)
  }

  get oid(): Oid {
    return this.#body.toString('hex', this.#nul + 1, this.#end)
  }

  /** The bytes of its oid, which are a part of the body. */
  get rawOid(): Buffer {
    return this.#body.subarray(this.#nul + 1, this.#end)
  }

  /** Of the number that the mode is, those that count, and some more. */
  get #bits(): number {
    let bits = 0
    for (let at = this.at; at < this.#name - 1; at++) {
      const digit = (this.#body[at] as number) ^ ZERO
      if (digit > 7) return NO_MODE
      bits = ((bits << 3) | digit) & MODE_BITS
    }
    return bits
  }
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
function modeOf(bits: number): Mode | undefined {
  switch (bits & 0o170000) {
    case 0o100000:
      return bits & 0o100 ? MODE.executable : MODE.file
    case MODE.tree:
    case MODE.symlink:
    case MODE.gitlink:
      return (bits & 0o170000) as Mode
    default:
      return undefined
  }
}

function unknownMode(octal: string): SyncError {
  return new SyncError(
    'unsafe-tree',
    `A tree has an entry of the unknown mode ${JSON.stringify(octal)}; nothing of this commit is published: commit it anew (git fsck names it)`,
  )
}

/**
 * The blob of the regular file `name` in a tree of the format of `like`; undefined where it has none:
 * as for git, a symlink is no file of its own.
 */
export function fileIn(body: Buffer, name: string, like: Oid): Oid | undefined {
  const isFile = (mode: TreeEntry['mode']) => mode === MODE.file || mode === MODE.executable
  const entries = decodeTree(body, like.length / 2)
  return entries.find((entry) => entry.name === name && isFile(entry.mode))?.oid
}
