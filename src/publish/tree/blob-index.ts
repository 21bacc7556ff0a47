// The files of a plan by their blobs: a few numbers for each, as there may be a million.
import { Numbers } from '../../base/numbers.js'
import type { Oid } from '../../git/oid.js'
import type { TreeCursor } from '../../git/tree.js'
import type { PlacedFile, TreePlaces } from './tree-places.js'

/** In place of a file; others are counted from 1. */
const NONE = 0
/** In place of the tree of a file that was taken. */
const TAKEN = -1

export class BlobIndex {
  readonly #places: TreePlaces
  /** Of each file: its place among all of the tree, its tree, and where its entry starts there. */
  readonly #indexes = new Numbers()
  readonly #trees = new Numbers()
  readonly #entries = new Numbers()
  /** Of each file, the next whose blob may be the same; and the first and the last of such a group. */
  readonly #next = new Numbers()
  #first = new Numbers()
  #last = new Numbers()
  #groups = 16
  #count = 0
  /** Which digits of an oid say where: nobody can make blobs that are all in one group. */
  readonly #hashedAt = Math.floor(Math.random() * 32)

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
    if (at > this.#groups) this.#regroup()
    else this.#append(at, oid)
  }

  /** The files that have a blob, in the order in which they were added. */
  *find(oid: Oid): Generator<PlacedFile> {
    for (let at = this.#first.get(this.#groupOf(oid)); at !== NONE; at = this.#next.get(at)) {
      const entry = this.#entryAt(at)
      if (entry.oid === oid) yield this.#fileAt(at, entry)
    }
  }

  /** Like {@link find}, of those that were not taken before. */
  *take(oid: Oid): Generator<PlacedFile> {
    const group = this.#groupOf(oid)
    let before = NONE
    for (let at = this.#first.get(group); at !== NONE; at = this.#next.get(at)) {
      const entry = this.#entryAt(at)
      if (entry.oid !== oid) {
        before = at
        continue
      }
      const next = this.#next.get(at)
      if (before === NONE) this.#first.set(group, next)
      else this.#next.set(before, next)
      if (next === NONE) this.#last.set(group, before)
      const file = this.#fileAt(at, entry)
      this.#trees.set(at, TAKEN)
      yield file
    }
  }

  /** The blobs of the files that were not taken, one for each file. */
  *left(): Generator<Oid> {
    for (let at = 1; at <= this.#count; at++) {
      if (this.#trees.get(at) !== TAKEN) yield this.#entryAt(at).oid
    }
  }

  #append(at: number, oid: Oid): void {
    const group = this.#groupOf(oid)
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
      if (this.#trees.get(at) !== TAKEN) this.#append(at, this.#entryAt(at).oid)
    }
  }

  #groupOf(oid: Oid): number {
    const digits = oid.slice(this.#hashedAt, this.#hashedAt + 8)
    return Number.parseInt(digits, 16) & (this.#groups - 1)
  }

  #entryAt(at: number): TreeCursor {
    return this.#places.entry(this.#trees.get(at), this.#entries.get(at))
  }

  #fileAt(at: number, entry: TreeCursor): PlacedFile {
    return this.#places.fileOf(entry, this.#trees.get(at), this.#indexes.get(at))
  }
}
