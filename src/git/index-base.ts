// An earlier index of a checkout, from which the next one takes over as bytes what lies below trees
// that are the same: its own list of trees tells which. Only the status of files is set anew there.
// https://git-scm.com/docs/index-format
import { hash } from 'node:crypto'
import { MODE_AT, STAT_BYTES, setStatus } from './index-writer.js'
import { type ObjectFormat, type Oid, oidBytes } from './oid.js'

/** A tree that a part of an earlier index equals. */
export interface BaseTree {
  oid: Oid
  /** How many entries lie below it. */
  files: number
  /** Where its own record starts, and where those of all trees below it end. */
  start: number
  end: number
  /** The trees right in it, by their names. */
  trees: ReadonlyMap<string, BaseTree>
}

const HEADER_BYTES = 12
const TREE = 'TREE'
/** Extended, assumed to be unchanged, or of a merge: nothing that a plain checkout has. */
const OTHER_FLAGS = 0xf000
const MAX_LENGTH = 0xfff
/** What lies deeper is of nobody's checkout. */
const MAX_DEPTH = 1024

/** An index of version 2, all of whose entries are those of one tree. */
export class IndexBase {
  readonly root: BaseTree
  readonly #bytes: Buffer
  /** Where the path of an entry starts in it. */
  readonly #pathAt: number
  /** Where each entry starts, and where the last one ends. */
  readonly #starts: Uint32Array

  private constructor(bytes: Buffer, starts: Uint32Array, root: BaseTree, pathAt: number) {
    this.#bytes = bytes
    this.#starts = starts
    this.#pathAt = pathAt
    this.root = root
  }

  /** Of bytes, which become its own; undefined where they are no whole index that one can grow from. */
  static from(bytes: Buffer, format: ObjectFormat): IndexBase | undefined {
    const size = oidBytes(format)
    const content = bytes.subarray(0, Math.max(0, bytes.length - size))
    if (content.length < HEADER_BYTES || content.toString('latin1', 0, 4) !== 'DIRC')
      return undefined
    if (content.readUInt32BE(4) !== 2) return undefined
    if (!hash(format, content, 'buffer').equals(bytes.subarray(content.length))) return undefined
    const starts = startsIn(content, STAT_BYTES + size)
    const root = starts && treeIn(content, starts, size)
    return root && new IndexBase(bytes, starts, root, STAT_BYTES + size + 2)
  }

  /** How many entries it has. */
  get count(): number {
    return this.#starts.length - 1
  }

  /** The first entry from `entry` on whose byte path is not before this one. */
  seek(entry: number, path: string): number {
    let found = entry
    while (found < this.count && this.pathOf(found) < path) found++
    return found
  }

  /** Entries as they are. */
  entries(first: number, count: number): Buffer {
    return this.#bytes.subarray(this.#starts[first], this.#starts[first + count])
  }

  /** The records of a tree, and of all below it. */
  recordsOf({ end, start }: BaseTree): Buffer {
    return this.#bytes.subarray(start, end)
  }

  modeOf(entry: number): number {
    return this.#bytes.readUInt32BE((this.#starts[entry] as number) + MODE_AT)
  }

  /** Sets what git compares of a file, as {@link setStatus} does. */
  setStatus(entry: number, size: number | undefined, mtimeMs: number): void {
    setStatus(this.#bytes, this.#starts[entry] as number, size, mtimeMs)
  }

  /** The byte path of an entry. */
  pathOf(entry: number): string {
    const start = (this.#starts[entry] as number) + this.#pathAt
    return this.#bytes.toString('latin1', start, this.#bytes.indexOf(0, start))
  }
}

/** Undefined where any entry is not one of a plain checkout. */
function startsIn(content: Buffer, flagsAt: number): Uint32Array | undefined {
  const count = content.readUInt32BE(8)
  if (count * (flagsAt + 3) > content.length) return undefined
  const starts = new Uint32Array(count + 1)
  let start = HEADER_BYTES
  for (let entry = 0; entry < count; entry++) {
    starts[entry] = start
    const at = start + flagsAt
    if (at + 3 > content.length) return undefined
    const flags = ((content[at] as number) << 8) | (content[at + 1] as number)
    if ((flags & OTHER_FLAGS) !== 0) return undefined
    const length = flags < MAX_LENGTH ? flags : content.indexOf(0, at + 2) - at - 2
    if (length <= 0) return undefined
    start += (((flagsAt + 2 + length) >> 3) + 1) * 8
  }
  starts[count] = start
  return start <= content.length ? starts : undefined
}

/** The tree that all entries equal; undefined where they equal none. */
function treeIn(content: Buffer, starts: Uint32Array, size: number): BaseTree | undefined {
  const count = starts.length - 1
  const at = starts[count] as number
  if (content.toString('latin1', at, at + TREE.length) !== TREE) return undefined
  let position = at + 8
  const read = (depth: number): { name: string; tree: BaseTree } | undefined => {
    const start = position
    const nul = content.indexOf(0, start)
    const lineEnd = content.indexOf(0x0a, nul)
    // What was changed since has a negative number.
    const line = content.toString('latin1', nul + 1, Math.min(lineEnd, nul + 30))
    const [, files, subtrees] = /^(\d+) (\d+)$/.exec(line) ?? []
    if (nul < 0 || files === undefined || depth > MAX_DEPTH) return undefined
    position = lineEnd + 1 + size
    const oid = content.toString('hex', lineEnd + 1, position)
    const trees = new Map<string, BaseTree>()
    for (let left = Number(subtrees); left > 0; left--) {
      const below = read(depth + 1)
      if (!below) return undefined
      trees.set(below.name, below.tree)
    }
    const tree = { oid, files: Number(files), start, end: position, trees }
    return { name: content.toString('latin1', start, nul), tree }
  }
  const root = read(0)?.tree
  return root?.files === count ? root : undefined
}
