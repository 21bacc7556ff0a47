// The tree that is published of a commit: all of the commit's own, or the part that a selection
// wants. Where something is left out, another tree stands in for the commit's; what is wanted whole
// stays the tree that it is. What neither the commit nor the selection changed is not looked into.
import { SyncError } from '../../base/errors.js'
import { ATTRIBUTES_FILE } from '../../git/attributes/attribute-stack.js'
import { type Limits, tooLarge, UNLIMITED } from '../../git/limits.js'
import { hashObject } from '../../git/object.js'
import { type Oid, objectFormatOf } from '../../git/oid.js'
import { SparsePatterns } from '../../git/sparse-patterns.js'
import { decodeTree, encodeTree, MODE, type TreeEntry } from '../../git/tree.js'
import { displayPath, joinBytePath } from '../../volume/byte-path.js'
import { type PlanMemory, PlanSize } from './plan-memory.js'
import type { Selection } from './selection.js'

/** An attributes file that is not published, but counts for what is. */
export interface OutsideAttributes {
  /** The byte path of its directory, from the root of the repository. */
  directory: string
  oid: Oid
}

/** What is published of a tree. */
export interface Composition {
  /** The root of the repository. */
  source: Oid
  /** What is published of it. */
  tree: Oid
  outside: readonly OutsideAttributes[]
}

/** What it takes to compose. */
export interface ComposeOptions {
  readTree: (oid: Oid) => Buffer
  /** What was composed with the same selection; its trees can be read, too. */
  before?: Composition | undefined
  limits?: Limits
  /** For the trees that stand in. @default unbounded */
  memory?: PlanMemory
  checkpoint: () => void
}

/** How many entries are looked at, for each one that may be published. */
const LOOKS = 10

/**
 * Composes what a selection wants of the tree `source`; `bodies` has the trees that only stand in.
 * Throws `subdir-not-found` and `commit-too-large`.
 */
export function compose(
  source: Oid,
  selection: Selection,
  options: ComposeOptions,
): Composition & { bodies: ReadonlyMap<Oid, Buffer> } {
  const composer = new Composer(selection, options)
  const tree = composer.compose(source)
  return { source, tree, outside: composer.outside, bodies: composer.bodies }
}

/** A directory of the commit. */
interface Directory {
  oid: Oid
  /** The byte path from the root of the repository. */
  path: string
  /** Whether a file in it is wanted that no pattern means. */
  isWanted: boolean
}

/** A directory as it was composed before; `tree` is undefined where nothing of it was wanted. */
interface Beside {
  source: Oid
  tree: Oid | undefined
}

class Composer {
  readonly bodies = new Map<Oid, Buffer>()
  readonly outside: OutsideAttributes[] = []
  readonly #subdir: string
  readonly #patterns: SparsePatterns | undefined
  readonly #options: ComposeOptions
  readonly #limits: Limits
  readonly #size: PlanSize
  #looks = 0

  constructor(selection: Selection, options: ComposeOptions) {
    this.#subdir = selection.subdir
    this.#patterns = selection.sparse && new SparsePatterns(selection.sparse)
    this.#options = options
    this.#limits = options.limits ?? UNLIMITED
    this.#size = new PlanSize(options.memory, 'composed')
  }

  compose(source: Oid): Oid {
    const { before } = this.#options
    let directory: Directory = { oid: source, path: '', isWanted: !this.#patterns }
    let old: Oid | undefined = before?.source
    for (const name of this.#subdir === '' ? [] : this.#subdir.split('/')) {
      const attributes = this.#entriesOf(directory.oid).find(isAttributesFile)
      if (attributes) this.outside.push({ directory: directory.path, oid: attributes.oid })
      directory = this.#enter(directory, name)
      old = this.#treesIn(old).get(name)
    }
    const beside = before && old !== undefined ? { source: old, tree: before.tree } : undefined
    return this.#tree(directory, beside) ?? this.#keep([], source)
  }

  /** What is wanted of a directory; undefined where that is nothing. */
  #tree(directory: Directory, before: Beside | undefined): Oid | undefined {
    const { oid, path } = directory
    if (before?.source === oid) {
      this.#keepOutside(path)
      return before.tree
    }
    if (!this.#patterns) return oid
    const entries = this.#entriesOf(oid)
    const sources = this.#treesIn(before?.source)
    const trees = this.#treesIn(before?.tree)
    const wanted: TreeEntry[] = []
    let attributes: Oid | undefined
    for (const entry of entries) {
      const child = this.#childOf(directory, entry)
      if (entry.mode === MODE.tree) {
        const source = sources.get(entry.name)
        const beside = source === undefined ? undefined : { source, tree: trees.get(entry.name) }
        const tree = this.#tree(child, beside)
        if (tree !== undefined) wanted.push({ ...entry, oid: tree })
      } else if (child.isWanted) wanted.push(entry)
      else if (isAttributesFile(entry)) attributes = entry.oid
    }
    if (wanted.length === 0) return undefined
    if (attributes !== undefined) this.outside.push({ directory: path, oid: attributes })
    const isWhole =
      wanted.length === entries.length &&
      wanted.every((entry, index) => entry.oid === entries[index]?.oid)
    return isWhole ? oid : this.#keep(wanted, oid)
  }

  #childOf({ path, isWanted }: Directory, { mode, name, oid }: TreeEntry): Directory {
    const child = joinBytePath(path, name)
    const isDirectory = mode === MODE.tree
    const isChildWanted = this.#patterns?.isWanted(child, isDirectory, isWanted) ?? true
    return { oid, path: child, isWanted: isChildWanted }
  }

  #enter(directory: Directory, name: string): Directory {
    const entry = this.#entriesOf(directory.oid).find((other) => other.name === name)
    if (entry?.mode === MODE.tree) return this.#childOf(directory, entry)
    const path = joinBytePath(directory.path, name)
    throw subdirNotFound(this.#subdir, path, entry && KINDS[entry.mode])
  }

  #entriesOf(oid: Oid): TreeEntry[] {
    this.#options.checkpoint()
    const entries = decodeTree(this.#options.readTree(oid), oid.length / 2)
    this.#looks += entries.length + 1
    if (this.#looks > this.#limits.files * LOOKS) throw tooLarge(this.#limits, 'files')
    return entries
  }

  /** The oids of the directories in one, by name. */
  #treesIn(oid: Oid | undefined): Map<string, Oid> {
    if (oid === undefined) return new Map()
    const trees = this.#entriesOf(oid).filter(({ mode }) => mode === MODE.tree)
    return new Map(trees.map((entry) => [entry.name, entry.oid]))
  }

  #keepOutside(path: string): void {
    const isBelow = ({ directory }: OutsideAttributes) =>
      path === '' || directory === path || directory.startsWith(`${path}/`)
    this.outside.push(...(this.#options.before?.outside.filter(isBelow) ?? []))
  }

  #keep(entries: readonly TreeEntry[], like: Oid): Oid {
    const body = encodeTree(entries)
    const oid = hashObject('tree', body, objectFormatOf(like))
    if (!this.bodies.has(oid)) this.#size.addTree(body.length)
    this.bodies.set(oid, body)
    return oid
  }
}

const KINDS: Readonly<Record<TreeEntry['mode'], string>> = {
  [MODE.tree]: 'a directory',
  [MODE.file]: 'a file',
  [MODE.executable]: 'a file',
  [MODE.symlink]: 'a symlink',
  [MODE.gitlink]: 'a submodule',
}

/** git reads a symlink's target as well, but nothing of a submodule. */
function isAttributesFile({ mode, name }: TreeEntry): boolean {
  return name === ATTRIBUTES_FILE && mode !== MODE.tree && mode !== MODE.gitlink
}

function subdirNotFound(subdir: string, path: string, what: string | undefined): SyncError {
  const parent = path === subdir ? '' : `: there is no ${quote(path)}`
  const found = what ? `: ${quote(path)} is ${what} there` : parent
  return new SyncError(
    'subdir-not-found',
    `The commit has no directory ${quote(subdir)}${found}; what was published before stays. Correct the subdir of the entry, or push the directory`,
  )
}

function quote(path: string): string {
  return JSON.stringify(displayPath(path))
}
