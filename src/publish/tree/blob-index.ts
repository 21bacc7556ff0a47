// The files of a plan by their blobs: a few numbers for each, as there may be a million.
import { randomFillSync } from 'node:crypto'
import { Numbers } from '../../base/numbers.js'
import type { Oid } from '../../git/oid.js'
import type { TreeCursor } from '../../git/tree.js'
import type { PlacedFile, TreePlaces } from './tree-places.js'

/** In place of a file; others are counted from 1. */
const NONE = 0
/** In place of the tree of a file that was taken; of one that can still be found, by its tree. */
const TAKEN = -1
const foundIn = (tree: number) => -2 - tree

/**
 * Of each digit of an oid, by its place, numbers that nobody knows: a commit may name blobs that
 * there are not, whose oids were made up to fall into one group.
 */
const DIGITS = 32
const SECRETS = randomFillSync(new Int32Array(64 * DIGITS))

export class BlobIndex {
  readonly #places: TreePlaces
  /** Of each file: its place among all of the tree, its tree, and where its entry starts there. */
  readonly #indexes = new Numbers()
  readonly #trees = new Numbers()
  readonly #entries = new Numbers()
  /** Of each file, the hash of its blob's oid, by which the files are in groups. */
  readonly #hashes = new Numbers()
  /** Of each file, the next whose blob may be the same; and the first and the last of such a group. */
  readonly #next = new Numbers()
  #first = new Numbers()
  #last = new Numbers()
  #groups = 16
  #count = 0

  /** Of files of one tree. */
  constructor(places: TreePlaces) {
    this.#places = places
  }

  /** Adds a file. */
  add({ entry, index, oid, tree }: PlacedFile): void {
    const at = ++this.#count
    this.#indexes.set(at, index)
    this.#trees.set(at, tree)
    this.#entries.set(at, entry)
    this.#hashes.set(at, hashOf(oid))
    if (at > this.#groups) this.#regroup()
    else this.#append(at)
  }

  /** The files that have a blob, in the order in which they were added. */
  *find(oid: Oid): Generator<PlacedFile> {
    const hash = hashOf(oid)
    for (let at = this.#first.get(this.#groupOf(hash)); at !== NONE; at = this.#next.get(at)) {
      const entry = this.#hashes.get(at) === hash ? this.#entryAt(at) : undefined
      if (entry?.oid === oid && !this.#isTaken(at)) yield this.#fileAt(at, entry)
    }
  }

  /**
   * Like {@link find}, of those that were not taken before. One of all that have a blob is found by
   * {@link taken} from then on.
   */
  *take(oid: Oid): Generator<{ file: PlacedFile; isFound: boolean }> {
    const hash = hashOf(oid)
    const group = this.#groupOf(hash)
    let before = NONE
    let isFound = true
    for (let at = this.#first.get(group); at !== NONE; at = this.#next.get(at)) {
      const entry = this.#hashes.get(at) === hash ? this.#entryAt(at) : undefined
      if (entry?.oid !== oid || this.#isTaken(at)) {
        if (entry?.oid === oid) isFound = false
        before = at
        continue
      }
      const file = this.#fileAt(at, entry)
      if (isFound) {
        this.#trees.set(at, foundIn(file.tree))
        before = at
      } else {
        this.#trees.set(at, TAKEN)
        this.#unlink(at, before, group)
      }
      yield { file, isFound }
      isFound = false
    }
  }

  /** The first file that was taken of those that have a blob; undefined where none was. */
  taken(oid: Oid): PlacedFile | undefined {
    const hash = hashOf(oid)
    for (let at = this.#first.get(this.#groupOf(hash)); at !== NONE; at = this.#next.get(at)) {
      const isIt = this.#hashes.get(at) === hash && this.#isTaken(at)
      const entry = isIt ? this.#entryAt(at) : undefined
      if (entry?.oid === oid) return this.#fileAt(at, entry)
    }
    return undefined
  }

  /** The blobs of the files that were not taken, one for each file. */
  *left(): Generator<Oid> {
    for (let at = 1; at <= this.#count; at++) {
      if (!this.#isTaken(at)) yield this.#entryAt(at).oid
    }
  }

  #isTaken(at: number): boolean {
    return this.#trees.get(at) < 0
  }

  /** Takes a file out of its group, where `before` comes before it. */
  #unlink(at: number, before: number, group: number): void {
    const next = this.#next.get(at)
    if (before === NONE) this.#first.set(group, next)
    else this.#next.set(before, next)
    if (next === NONE) this.#last.set(group, before)
  }

  #append(at: number): void {
    const group = this.#groupOf(this.#hashes.get(at))
    const last = this.#last.get(group)
    if (last === NONE) this.#first.set(group, at)
    else this.#next.set(last, at)
    this.#last.set(group, at)
    this.#next.set(at, NONE)
  }

  /** Divides the files into as many groups as there may be soon. */
  #regroup(): void {
    this.#groups *= 2
    this.#first = new Numbers()
    this.#last = new Numbers()
    for (let at = 1; at <= this.#count; at++) {
      if (this.#trees.get(at) !== TAKEN) this.#append(at)
    }
  }

  #groupOf(hash: number): number {
    return hash & (this.#groups - 1)
  }

  #entryAt(at: number): TreeCursor {
    return this.#places.entry(this.#treeOf(at), this.#entries.get(at))
  }

  #fileAt(at: number, entry: TreeCursor): PlacedFile {
    return this.#places.fileOf(entry, this.#treeOf(at), this.#indexes.get(at))
  }

  #treeOf(at: number): number {
    const tree = this.#trees.get(at)
    return tree < 0 ? foundIn(tree) : tree
  }
}

/** 32 bits of an oid: where two differ in one digit, any of the bits may differ. */
function hashOf(oid: Oid): number {
  let hash = 0
  for (let at = 0; at < oid.length; at++) {
    // The lower five bits of hexadecimal digits tell them apart.
    hash ^= SECRETS[at * DIGITS + (oid.charCodeAt(at) & (DIGITS - 1))] as number
  }
  return hash
}
