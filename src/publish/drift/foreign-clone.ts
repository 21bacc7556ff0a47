// A clone with its `.git`, as git or the earlier git-autosync left it where something is
// published now. Its index tells which files are git's own; of those, only what nobody
// edited is taken for such. Where the clone holds no work of its own, it goes in the end.
import path from 'node:path'
import { decodeIndex, type IndexEntry } from '../../git/index-file.js'
import { isOid } from '../../git/oid.js'
import { MODE } from '../../git/tree.js'
import { joinBytePath } from '../../volume/byte-path.js'
import { readUnless, tolerating, UNREADABLE } from '../../volume/errnos.js'
import type { Volume } from '../../volume/volume.js'
import type { DirectoryLayout } from '../target.js'
import { nameFault } from '../tree/safe-name.js'
import type { TreeFile } from '../tree/tree-diff.js'
import { isRightFile, isWithCrlf } from './file-content.js'

/** An index or a list of refs that is larger says nothing, in bytes. */
const MAX_BYTES = 256 * 1024 * 1024

/** What shows that there is work in a clone which no remote has. */
const WORK = ['MERGE_HEAD', 'rebase-merge', 'rebase-apply', 'refs/stash', 'worktrees', 'modules']

/** A clone in a directory, by its index. */
export class ForeignClone {
  readonly #volume: Volume
  readonly #root: string
  readonly #gitDirectory: string
  readonly #entries: ReadonlyMap<string, IndexEntry>

  constructor(volume: Volume, root: string, entries: readonly IndexEntry[]) {
    this.#volume = volume
    this.#root = root
    this.#gitDirectory = path.join(root, '.git')
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

  /** Whether all that its refs name came from a remote, and no work is under way in it. */
  get isPlainClone(): boolean {
    const at = (name: string) => path.join(this.#gitDirectory, name)
    if (WORK.some((name) => holdsAnything(this.#volume, at(name)))) return false
    const refs = readRefs(this.#volume, this.#gitDirectory)
    if (!refs) return false
    const isFromRemote = (name: string) => /^refs\/(remotes|tags)\//.test(name)
    const known = new Set([...refs].flatMap(([name, oid]) => (isFromRemote(name) ? [oid] : [])))
    const own = [...refs].filter(([name]) => !isFromRemote(name))
    return known.size > 0 && own.every(([, oid]) => known.has(oid))
  }

  /** Removes the `.git` of a plain clone, by way of an absent path on the same volume. */
  removeRepository(by: string): void {
    if (!this.isPlainClone) return
    this.#volume.ensureDirectory(path.dirname(by))
    const isGone = tolerating(['ENOENT', 'EBUSY', 'EXDEV', 'EACCES', 'EPERM'], () =>
      this.#volume.rename(this.#gitDirectory, by),
    )
    if (isGone) this.#volume.removeAll(by)
  }
}

/** The clone in a directory; undefined where there is none, or its index is not that of a commit. */
export function openForeignClone({
  root,
  volume,
}: Pick<DirectoryLayout, 'root' | 'volume'>): ForeignClone | undefined {
  const gitDirectory = path.join(root, '.git')
  if (!volume.isDirectory(gitDirectory)) return undefined
  const bytes = readIfPossible(volume, path.join(gitDirectory, 'index'))
  const index = bytes && decodeIndex(bytes)
  // What was added and never committed is nowhere else.
  return index?.isTree ? new ForeignClone(volume, root, index.entries) : undefined
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
