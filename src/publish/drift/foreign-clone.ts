// A clone with its `.git`, as git or the earlier git-autosync left it where something is
// published now. Its index tells which files are git's own, where all of it is a commit's, or else
// what of it the commit at HEAD has; of those, only what nobody edited is taken for such. Where the
// clone holds no work of its own, it goes in the end.
import path from 'node:path'
import { decodeIndex, type IndexEntry } from '../../git/index-file.js'
import { treeOfCommit } from '../../git/object.js'
import { isOid, type Oid, objectFormatOf } from '../../git/oid.js'
import { decodeTree, MODE, type TreeEntry } from '../../git/tree.js'
import { ObjectStore } from '../../remote/disk/object-store.js'
import { joinBytePath, nameOf, parentOf } from '../../volume/byte-path.js'
import { readUnless, tolerating, UNREADABLE } from '../../volume/errnos.js'
import type { Volume } from '../../volume/volume.js'
import type { DirectoryLayout } from '../target.js'
import { nameFault } from '../tree/safe-name.js'
import type { TreeFile } from '../tree/tree-places.js'
import { isRightFile, isWithCrlf } from './file-content.js'

/** An index or a list of refs that is larger says nothing, in bytes. */
const MAX_BYTES = 256 * 1024 * 1024

/** What shows that there is work in a clone which no remote has. */
const WORK = ['MERGE_HEAD', 'rebase-merge', 'rebase-apply', 'refs/stash', 'worktrees', 'modules']

type CloneLayout = Pick<DirectoryLayout, 'root' | 'volume'>

/** A clone in a directory, by its index. */
export class ForeignClone {
  readonly #volume: Volume
  readonly #root: string
  readonly #gitDirectory: string
  readonly #entries: ReadonlyMap<string, IndexEntry>
  readonly #fault: string | undefined

  /** `fault` is why it cannot go, whatever its refs are. */
  constructor(
    { root, volume }: CloneLayout,
    entries: readonly IndexEntry[],
    fault: string | undefined,
  ) {
    this.#volume = volume
    this.#root = root
    this.#gitDirectory = path.join(root, '.git')
    this.#fault = fault
    this.#entries = new Map(entries.filter(isFile).map((entry) => [entry.path, entry]))
  }

  /** Whether git wrote a file, and nobody changed it since. */
  isUnmodified(file: string): boolean {
    const entry = this.#entries.get(file)
    if (!entry) return false
    const [volume, full] = [this.#volume, joinBytePath(this.#root, file)]
    const stat = volume.stat(full)
    if (!stat) return false
    return isRightFile(volume, full, stat, entry) || isWithCrlf(volume, full, stat, entry)
  }

  /** The files that git wrote, nobody changed since, and `wanted` lacks. */
  staleFiles(wanted: ReadonlySet<string>, checkpoint: () => void): TreeFile[] {
    const stale: TreeFile[] = []
    for (const { oid, path: file } of this.#entries.values()) {
      checkpoint()
      if (wanted.has(file) || !this.isUnmodified(file)) continue
      stale.push({ path: file, mode: MODE.file, oid, index: 0 })
    }
    return stale
  }

  /**
   * What may be in it and nowhere else; undefined where all that its refs name came from a remote,
   * and no work is under way in it.
   */
  get whyKept(): string | undefined {
    if (this.#fault !== undefined) return this.#fault
    const at = (name: string) => path.join(this.#gitDirectory, name)
    const work = WORK.find((name) => holdsAnything(this.#volume, at(name)))
    if (work !== undefined) return `it has ${work}`
    const refs = readRefs(this.#volume, this.#gitDirectory)
    if (!refs) return 'not all of its refs can be read'
    const isFromRemote = (name: string) => /^refs\/(remotes|tags)\//.test(name)
    const known = new Set([...refs].flatMap(([name, oid]) => (isFromRemote(name) ? [oid] : [])))
    const own = [...refs].filter(([name]) => !isFromRemote(name))
    const isKnown = known.size > 0 && own.every(([, oid]) => known.has(oid))
    return isKnown ? undefined : 'it has commits that came from no remote'
  }

  /**
   * Removes the `.git` that holds nothing of its own, by way of an absent path on the same volume;
   * returns why it stays.
   */
  removeRepository(by: string): string | undefined {
    const { whyKept } = this
    if (whyKept !== undefined) return whyKept
    this.#volume.ensureDirectory(path.dirname(by))
    const isGone = tolerating(['ENOENT', 'EBUSY', 'EXDEV', 'EACCES', 'EPERM'], () =>
      this.#volume.rename(this.#gitDirectory, by),
    )
    if (isGone) this.#volume.removeAll(by)
    return isGone ? undefined : 'it cannot be moved'
  }
}

/** The clone in a directory; undefined where there is none. */
export function openForeignClone(layout: CloneLayout): ForeignClone | undefined {
  const { root, volume } = layout
  const gitDirectory = path.join(root, '.git')
  if (!volume.isDirectory(gitDirectory)) return undefined
  const bytes = readIfPossible(volume, path.join(gitDirectory, 'index'))
  const index = bytes && decodeIndex(bytes)
  if (!index) return new ForeignClone(layout, [], 'its index is missing or damaged')
  const { entries } = index
  const committed = index.isTree ? entries : committedOf(entries, volume, gitDirectory)
  const isWhole = committed.length === entries.length
  // What was added and never committed is nowhere else.
  const fault = isWhole ? undefined : 'its index has what the commit at its HEAD has not'
  return new ForeignClone(layout, committed, fault)
}

/** The entries that the commit at HEAD has as well; none where it cannot be read. */
function committedOf(
  entries: readonly IndexEntry[],
  volume: Volume,
  gitDirectory: string,
): IndexEntry[] {
  const head = headOf(volume, gitDirectory)
  const objects = volume.directoryIfAny(path.join(gitDirectory, 'objects'))
  if (head === undefined || objects === undefined) return []
  try {
    const store = new ObjectStore({
      directory: gitDirectory,
      gitDir: gitDirectory,
      commonDir: gitDirectory,
      objectDirs: [objects],
      objectFormat: objectFormatOf(head),
    })
    try {
      return entries.filter(isIn(store, treeOfCommit(store.read(head).body)))
    } finally {
      store.close()
    }
  } catch {
    // Objects are missing or damaged: then nothing tells what was committed.
    return []
  }
}

/** Answers whether an entry is in a tree; no tree is read that has none of them. */
function isIn(store: ObjectStore, root: Oid): (entry: IndexEntry) => boolean {
  const trees = new Map<string, Map<string, TreeEntry>>()
  const treeAt = (directory: string): Map<string, TreeEntry> => {
    const known = trees.get(directory)
    if (known) return known
    const above = directory === '' ? undefined : treeAt(parentOf(directory)).get(nameOf(directory))
    const oid = directory === '' ? root : above?.mode === MODE.tree ? above.oid : undefined
    const found = oid === undefined ? [] : decodeTree(store.read(oid).body, oid.length / 2)
    const tree = new Map(found.map((entry) => [entry.name, entry]))
    trees.set(directory, tree)
    return tree
  }
  return ({ mode, oid, path: file }) => {
    const found = treeAt(parentOf(file)).get(nameOf(file))
    return found?.oid === oid && found.mode === mode
  }
}

function headOf(volume: Volume, gitDirectory: string): Oid | undefined {
  const text = readIfPossible(volume, path.join(gitDirectory, 'HEAD'))?.toString('latin1').trim()
  const ref = text?.startsWith('ref: ') ? text.slice('ref: '.length) : 'HEAD'
  return readRefs(volume, gitDirectory)?.get(ref)
}

/** Whether an entry is a file or a symlink that git could have written here. */
function isFile({ mode, path: file }: IndexEntry): boolean {
  const isWritten = mode === MODE.file || mode === MODE.executable || mode === MODE.symlink
  return isWritten && file.split('/').every((name) => nameFault(name) === undefined)
}

/** Every ref with its oid, and `HEAD` where that is one; undefined where not all can be read. */
function readRefs(volume: Volume, gitDirectory: string): Map<string, string> | undefined {
  const refs = new Map<string, string>()
  const packed =
    readIfPossible(volume, path.join(gitDirectory, 'packed-refs'))?.toString('latin1') ?? ''
  for (const line of packed.split('\n')) {
    const [oid = '', name] = line.split(' ')
    if (name !== undefined && isOid(oid)) refs.set(name, oid)
  }
  for (const name of ['HEAD', ...filesBelow(volume, path.join(gitDirectory, 'refs'), 'refs')]) {
    const text = readIfPossible(volume, path.join(gitDirectory, name))?.toString('latin1').trim()
    if (text === undefined) return undefined
    if (text.startsWith('ref: ')) continue
    if (!isOid(text)) return undefined
    refs.set(name, text)
  }
  return refs
}

function filesBelow(volume: Volume, directory: string, name: string): string[] {
  // Refs can all be packed.
  const entries = readUnless(['ENOENT'], () => volume.entries(directory)) ?? []
  return entries.flatMap((entry) => {
    const below = `${name}/${entry.name}`
    return entry.isDirectory()
      ? filesBelow(volume, path.join(directory, entry.name), below)
      : [below]
  })
}

/** Whether there is a file, or a directory that is not empty. */
function holdsAnything(volume: Volume, target: string): boolean {
  const stat = volume.stat(target)
  return stat?.isDirectory() ? volume.names(target).length > 0 : stat !== undefined
}

function readIfPossible(volume: Volume, file: string): Buffer | undefined {
  return readUnless(UNREADABLE, () => volume.readFile(file, MAX_BYTES))
}
