// A clone with its `.git`, as git or the earlier git-autosync left it where something is
// published now. Its index tells which files are git's own; of those, only what nobody
// edited is taken for such. Where the clone holds no work of its own, it goes in the end.
import path from 'node:path'
import { decodeIndex, type IndexEntry } from '../../git/index-file.js'
import { isOid } from '../../git/oid.js'
import { MODE } from '../../git/tree.js'
import { joinBytePath, parentOf, toBytePath } from '../../volume/byte-path.js'
import { readUnless, tolerating, UNREADABLE } from '../../volume/errnos.js'
import {
  entriesOf,
  isDirectory,
  namesIn,
  readFile,
  removeAll,
  rename,
  statusOf,
} from '../../volume/files.js'
import { ensureDirectory, realDirectories, statIfPresent } from '../../volume/volume.js'
import { nameFault } from '../tree/safe-name.js'
import type { TreeFile } from '../tree/tree-diff.js'
import { isRightFile, isWithCrlf } from './file-content.js'

/** An index or a list of refs that is larger says nothing, in bytes. */
const MAX_BYTES = 256 * 1024 * 1024

/** What shows that there is work in a clone which no remote has. */
const WORK = ['MERGE_HEAD', 'rebase-merge', 'rebase-apply', 'refs/stash', 'worktrees', 'modules']

/** A clone in a directory, by its index. */
export class ForeignClone {
  readonly #root: string
  readonly #gitDirectory: string
  readonly #entries: ReadonlyMap<string, IndexEntry>
  readonly #isReal: (directory: string) => boolean

  constructor(root: string, entries: readonly IndexEntry[]) {
    this.#root = toBytePath(root)
    this.#gitDirectory = path.join(root, '.git')
    this.#entries = new Map(entries.filter(isFile).map((entry) => [entry.path, entry]))
    this.#isReal = realDirectories(this.#root)
  }

  /** Whether git wrote a file, and nobody changed it since. */
  isUnmodified(file: string): boolean {
    const entry = this.#entries.get(file)
    if (!entry || !this.#isReal(parentOf(file))) return false
    const full = joinBytePath(this.#root, file)
    const stat = statIfPresent(full)
    return stat !== undefined && (isRightFile(full, stat, entry) || isWithCrlf(full, stat, entry))
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
    if (WORK.some((name) => holdsAnything(at(name)))) return false
    const refs = readRefs(this.#gitDirectory)
    if (!refs) return false
    const isFromRemote = (name: string) => /^refs\/(remotes|tags)\//.test(name)
    const known = new Set([...refs].flatMap(([name, oid]) => (isFromRemote(name) ? [oid] : [])))
    const own = [...refs].filter(([name]) => !isFromRemote(name))
    return known.size > 0 && own.every(([, oid]) => known.has(oid))
  }

  /** Removes the `.git` of a plain clone, by way of an absent path on the same volume. */
  removeRepository(by: string): void {
    if (!this.isPlainClone) return
    ensureDirectory(path.dirname(by))
    const isGone = tolerating(['ENOENT', 'EBUSY', 'EXDEV', 'EACCES', 'EPERM'], () =>
      rename(this.#gitDirectory, by),
    )
    if (isGone) removeAll(by)
  }
}

/** The clone in a directory; undefined where there is none, or its index is not that of a commit. */
export function openForeignClone(root: string): ForeignClone | undefined {
  const gitDirectory = path.join(root, '.git')
  if (!isDirectory(gitDirectory)) return undefined
  const bytes = readIfPossible(path.join(gitDirectory, 'index'))
  const index = bytes && decodeIndex(bytes)
  // What was added and never committed is nowhere else.
  return index?.isTree ? new ForeignClone(root, index.entries) : undefined
}

/** Whether an entry is a file or a symlink that git could have written here. */
function isFile({ mode, path: file }: IndexEntry): boolean {
  const isWritten = mode === MODE.file || mode === MODE.executable || mode === MODE.symlink
  return isWritten && file.split('/').every((name) => nameFault(name) === undefined)
}

/** Every ref with its oid, and `HEAD` where that is one; undefined where not all can be read. */
function readRefs(gitDirectory: string): Map<string, string> | undefined {
  const refs = new Map<string, string>()
  const packed = readIfPossible(path.join(gitDirectory, 'packed-refs'))?.toString('latin1') ?? ''
  for (const line of packed.split('\n')) {
    const [oid = '', name] = line.split(' ')
    if (name !== undefined && isOid(oid)) refs.set(name, oid)
  }
  for (const name of ['HEAD', ...filesBelow(path.join(gitDirectory, 'refs'), 'refs')]) {
    const text = readIfPossible(path.join(gitDirectory, name))?.toString('latin1').trim()
    if (text === undefined) return undefined
    if (text.startsWith('ref: ')) continue
    if (!isOid(text)) return undefined
    refs.set(name, text)
  }
  return refs
}

function filesBelow(directory: string, name: string): string[] {
  // Refs can all be packed.
  const entries = readUnless(['ENOENT'], () => entriesOf(directory)) ?? []
  return entries.flatMap((entry) => {
    const below = `${name}/${entry.name}`
    return entry.isDirectory() ? filesBelow(path.join(directory, entry.name), below) : [below]
  })
}

/** Whether there is a file, or a directory that is not empty. */
function holdsAnything(target: string): boolean {
  const stat = statusOf(target)
  return stat?.isDirectory() ? namesIn(target).length > 0 : stat !== undefined
}

function readIfPossible(file: string): Buffer | undefined {
  return readUnless(UNREADABLE, () => readFile(file, MAX_BYTES))
}
