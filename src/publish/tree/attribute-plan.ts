// What attributes make of a commit's files: which ones are converted, which ones become other
// bytes though their blob stays, and what cannot be done. Where neither the commit nor the one
// before it has a `.gitattributes`, nothing is looked at.
import { SyncError } from '../../base/errors.js'
import { ATTRIBUTES_FILE, AttributeStack } from '../../git/attributes/attribute-stack.js'
import type { Conversion } from '../../git/attributes/conversion.js'
import type { StoredObject } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import { MODE } from '../../git/tree.js'
import { displayPath, joinBytePath, parentOf } from '../../volume/byte-path.js'
import type { OutsideAttributes } from './compose.js'
import { filesOf } from './file-runs.js'
import type { TreeDiff } from './tree-diff.js'
import type { TreeFile } from './tree-places.js'

/** The most bytes that all attributes files of a commit may have together: they are kept. */
const MAX_ATTRIBUTES_BYTES = 1024 * 1024
/** The most that the paths of the directories with such files may have together, in bytes. */
const MAX_NAMES_BYTES = 16 * 1024 * 1024

/** So many things that are not done are told of. */
const MAX_IGNORED = 10
const MAX_IGNORED_LENGTH = 100

/** Of so many directories it is kept what their attributes are. */
const MAX_STACKS = 10_000

/** Something that attributes ask for and that is not done: the files are published as stored. */
export interface Ignored {
  /** For instance `filter=lfs`. */
  attribute: string
  /** How many files, of those that were looked at, and the first of them. */
  files: number
  firstPath: string
}

/** One `.gitattributes` of a tree. */
export interface AttributesFile {
  /** The byte path of the directory it is in, from the root of the repository. */
  directory: string
  oid: Oid
  body: Buffer
  /** Whether it counts for what is published, and is not published itself. @default false */
  isOutside?: boolean
}

/** The attributes of a tree that was published. */
export interface TreeAttributes {
  files: readonly AttributesFile[]
  /** The directory of the repository that is published, as a byte path. */
  subdir: string
  /** Whether pointers of Git LFS become the files they stand for. */
  lfs: boolean
  /** Directories that are repositories of their own: no attributes above them count in them. */
  roots: readonly string[]
}

/** Of a tree that is to be published, what it does not hold itself. */
export interface AttributesAround extends Omit<TreeAttributes, 'files'> {
  outside: readonly OutsideAttributes[]
  /** The attributes files among those that are written. */
  written: readonly TreeFile[]
}

/** No tree was published, or nothing of it has attributes. */
export const NO_ATTRIBUTES: TreeAttributes = { files: [], subdir: '', lfs: false, roots: [] }

/** What attributes make of a commit. */
export interface AttributePlan {
  /** The attributes files of the commit. */
  attributes: readonly AttributesFile[]
  /** What becomes of files that can be converted; absent where all are written as stored. */
  conversionOf?: Conversions
  /** The places of files that are kept as blobs, and are to be published in another way. */
  rewrites: readonly number[]
  ignored: Ignored[]
}

/** What is known of a tree's attributes, for every path in it. */
export type Conversions = (path: string) => Conversion

/**
 * Plans what becomes of the files that a diff writes, or keeps in the wrong form, given the
 * attributes files of the old tree. Throws `commit-too-large` where those of the new one are.
 */
export function planAttributes(
  before: TreeAttributes,
  around: AttributesAround,
  diff: TreeDiff,
  readBlob: (oid: Oid) => StoredObject,
  checkpoint: () => void,
): AttributePlan {
  if ([before.files, around.outside, around.written].every(({ length }) => length === 0)) {
    return { attributes: [], rewrites: [], ignored: [] }
  }
  const attributes = attributesAfter(before, around, diff, readBlob)
  const conversionOf = conversionsBy({ ...around, files: attributes }, checkpoint)
  const ignored = new Map<string, Ignored>()
  const add = ({ path }: TreeFile, conversion: Conversion) => {
    for (const attribute of conversion.ignored) countIgnored(attribute, path, ignored)
  }
  for (const file of diff.writes) {
    checkpoint()
    if (isConvertible(file)) add(file, conversionOf(file.path))
  }
  const rewrites: number[] = []
  const conversionBefore = conversionsBy(before, checkpoint)
  for (const file of keptBelow(changedDirectories(before, around, attributes), around, diff)) {
    checkpoint()
    const conversion = conversionOf(file.path)
    if (conversion.key !== conversionBefore(file.path).key) rewrites.push(file.index)
    add(file, conversion)
  }
  return { attributes, conversionOf, rewrites, ignored: [...ignored.values()] }
}

/** What the attributes files of a tree make of its files. */
export function conversionsBy(
  { files, subdir, lfs, roots }: TreeAttributes,
  checkpoint?: () => void,
): Conversions {
  const isRoot = new Set(['', ...roots])
  const bodies = new Map(files.map(({ directory, body }) => [directory, body]))
  const stacks = new Map<string, AttributeStack>()
  const stackOf = (directory: string): AttributeStack => {
    const known = stacks.get(directory)
    if (known) return known
    const body = bodies.get(directory)
    const stack = isRoot.has(directory)
      ? AttributeStack.atRoot(body, { directory, lfs, ...(checkpoint && { checkpoint }) })
      : stackOf(parentOf(directory)).enter(directory, body)
    // There may be a million directories.
    if (stacks.size >= MAX_STACKS) stacks.clear()
    stacks.set(directory, stack)
    return stack
  }
  return (path) => {
    const full = joinBytePath(subdir, path)
    return stackOf(parentOf(full)).conversionOf(full)
  }
}

/** Those that stay, and those that are new. */
function attributesAfter(
  before: TreeAttributes,
  { outside, subdir, written }: AttributesAround,
  diff: TreeDiff,
  readBlob: (oid: Oid) => StoredObject,
): AttributesFile[] {
  const bodies = new Map(before.files.map(({ oid, body }) => [oid, body]))
  const isSamePlace = before.subdir === subdir
  const stay = isSamePlace ? before.files.filter(({ isOutside }) => !isOutside) : []
  const after = new Map(stay.map((file) => [file.directory, file]))
  const directoryOf = ({ path }: TreeFile) => joinBytePath(subdir, parentOf(path))
  for (const gone of isSamePlace ? [diff.deletes, diff.replaced] : []) {
    for (const file of attributesFilesOf(gone)) after.delete(directoryOf(file))
  }
  let [bytes, nameBytes] = [0, 0]
  for (const { body, directory } of after.values()) {
    bytes += body.length
    nameBytes += directory.length
  }
  const add = (file: Omit<AttributesFile, 'body'>) => {
    const { directory, oid } = file
    const body = bodies.get(oid) ?? bodyOf(readBlob(oid))
    const replaced = after.get(directory)
    bytes += body.length - (replaced?.body.length ?? 0)
    nameBytes += replaced ? 0 : directory.length
    if (bytes > MAX_ATTRIBUTES_BYTES || nameBytes > MAX_NAMES_BYTES) throw tooLarge()
    bodies.set(oid, body)
    after.set(directory, { ...file, body })
  }
  const added = isSamePlace ? written : attributesFilesOf(filesOf(diff))
  for (const file of added) add({ directory: directoryOf(file), oid: file.oid })
  for (const file of outside) add({ ...file, isOutside: true })
  return [...after.values()]
}

function attributesFilesOf(files: Iterable<TreeFile>): TreeFile[] {
  const found: TreeFile[] = []
  for (const file of files) if (isAttributesFile(file)) found.push(file)
  return found
}

/** Whether a file is one; git reads a symlink's target as well, but nothing of a submodule. */
export function isAttributesFile({ mode, path }: TreeFile): boolean {
  if (!path.endsWith(ATTRIBUTES_FILE) || mode === MODE.gitlink) return false
  return path === joinBytePath(parentOf(path), ATTRIBUTES_FILE)
}

/** Symlinks and submodules are never converted. */
export function isConvertible({ mode }: Pick<TreeFile, 'mode'>): boolean {
  return mode === MODE.file || mode === MODE.executable
}

function bodyOf(blob: StoredObject): Buffer {
  if ('body' in blob) return blob.body
  throw tooLarge()
}

function tooLarge(): SyncError {
  return new SyncError(
    'commit-too-large',
    `The ${ATTRIBUTES_FILE} files of the commit are larger than ${MAX_ATTRIBUTES_BYTES} bytes, or too many; nothing of it is published: make them smaller, or fewer`,
  )
}

/** The directories whose attributes file is another one, or is there in one tree only. */
function changedDirectories(
  before: TreeAttributes,
  { subdir, lfs, roots }: AttributesAround,
  after: readonly AttributesFile[],
): Set<string> {
  // Every file has another place in the repository, or another filter is known.
  if (before.subdir !== subdir || before.lfs !== lfs) return new Set([''])
  const nameOf = ({ directory, oid }: AttributesFile) => `${oid} ${directory}`
  const [old, current] = [new Set(before.files.map(nameOf)), new Set(after.map(nameOf))]
  const changed = [
    ...before.files.filter((file) => !current.has(nameOf(file))),
    ...after.filter((file) => !old.has(nameOf(file))),
  ]
  const changedRoots = [
    ...before.roots.filter((root) => !roots.includes(root)),
    ...roots.filter((root) => !before.roots.includes(root)),
  ]
  return new Set([...changed.map(({ directory }) => directory), ...changedRoots])
}

/** The files below any of these directories that a diff keeps. */
function* keptBelow(
  directories: ReadonlySet<string>,
  { subdir }: AttributesAround,
  { kept, writes }: TreeDiff,
): Generator<TreeFile> {
  if (directories.size === 0 || kept.length === 0) return
  const below = new Map<string, boolean>([['', directories.has('')]])
  const isBelow = (directory: string): boolean => {
    const known = below.get(directory)
    if (known !== undefined) return known
    const isConcerned = directories.has(directory) || isBelow(parentOf(directory))
    below.set(directory, isConcerned)
    return isConcerned
  }
  for (const file of writes.others()) {
    if (isConvertible(file) && isBelow(parentOf(joinBytePath(subdir, file.path)))) yield file
  }
}

function countIgnored(attribute: string, path: string, ignored: Map<string, Ignored>): void {
  const known = ignored.get(attribute)
  if (known) known.files++
  else if (ignored.size < MAX_IGNORED) {
    const shown = displayPath(attribute.slice(0, MAX_IGNORED_LENGTH))
    ignored.set(attribute, { attribute: shown, files: 1, firstPath: displayPath(path) })
  }
}
