// What is published, as an object store: its trees come from the snapshot, its blobs from
// the files themselves. Nothing is trusted that its hash does not prove, or the status
// that the snapshot remembers.
import type { Stats } from 'node:fs'
import { errnoOf } from '../../base/errno.js'
import type { Conversion } from '../../git/attributes/conversion.js'
import { restore } from '../../git/attributes/restore.js'
import { piecesOf } from '../../git/attributes/source-scan.js'
import { FileSource } from '../../git/byte-source.js'
import { hashObject, type LargeBlob, type StoredObject } from '../../git/object.js'
import { type Oid, objectFormatOf } from '../../git/oid.js'
import { encodePointer, type LfsPointer, pointerTo } from '../../lfs/pointer.js'
import { joinBytePath } from '../../volume/byte-path.js'
import type { Volume } from '../../volume/volume.js'
import { bodiesIn } from '../snapshot/origin.js'
import { attributesIn, contentOf } from '../snapshot/snapshot.js'
import { type PublishedRecord, sizeIn } from '../snapshot/store.js'
import type { DirectoryLayout } from '../target.js'
import { type Conversions, conversionsBy } from '../tree/attribute-plan.js'
import { BlobIndex } from '../tree/blob-index.js'
import { type FileRuns, filesOf } from '../tree/file-runs.js'
import { type DiffBounds, diffTrees } from '../tree/tree-diff.js'
import type { TreeFile } from '../tree/tree-places.js'
import { isContent } from './file-content.js'

/** From this size on, in bytes, a file is not held in memory. */
export const LARGE_BYTES = 4 * 1024 * 1024

/** The trees and blobs of what is published. */
export class PublishedTree {
  readonly record: PublishedRecord
  /** What was published to the directory that the next commit's grows from, if it is known already. */
  readonly base: PublishedRecord | undefined
  readonly #layout: DirectoryLayout
  #trees: Map<Oid, Buffer> | undefined
  /** The files most likely asked for, by their blob: those that the next tree lacks. */
  #likely: BlobIndex[] = []
  #all: BlobIndex | undefined
  readonly #drifted: ReadonlySet<number>
  #conversionOf: Conversions | undefined

  constructor(layout: DirectoryLayout, record: PublishedRecord, base?: PublishedRecord) {
    this.record = record
    this.base = base
    this.#layout = layout
    this.#drifted = new Set(record.drifted?.map(({ index }) => index))
  }

  /** Lets go of what is held open. */
  close(): void {
    this.#layout.volume.close()
  }

  readTree(oid: Oid): Buffer | undefined {
    this.#trees ??= bodiesIn(this.record.snapshot)
    return this.#trees.get(oid)
  }

  /** Says which tree comes next, so that what it replaces is found without a look at every file. */
  expect(tree: Oid, readTree: (oid: Oid) => Buffer, bounds?: DiffBounds): void {
    const { trees } = this.record.snapshot
    const { deletes, replaced } = diffTrees(trees, tree, readTree, bounds)
    this.#likely = [indexOf(deletes), indexOf(replaced)]
  }

  /** Whether a file was published with this blob, and was not found to be another one since. */
  hasBlob(oid: Oid): boolean {
    const { attributes } = this.record.snapshot
    const file = this.#find(oid)
    return (file && !this.#drifted.has(file.index)) || attributes.some((other) => other.oid === oid)
  }

  /**
   * A published blob; undefined where no file holds it, or not any more, or cannot be read, or
   * where the conversion of the file cannot be undone.
   */
  findBlob(oid: Oid): StoredObject | undefined {
    const attributes = this.record.snapshot.attributes.find((file) => file.oid === oid)
    if (attributes) return { type: 'blob', body: attributes.body }
    const file = this.#find(oid)
    try {
      return file && this.#read(file, oid)
    } catch (error) {
      if (errnoOf(error) === '') throw error
      // What cannot be read is fetched.
      return undefined
    }
  }

  /** What stands in the place of the blob `oid`, a pointer of Git LFS, where a file still has its size. */
  findLfsObject(oid: Oid, { size }: LfsPointer): LargeBlob | undefined {
    const file = this.#find(oid)
    if (!file || this.#drifted.has(file.index) || !this.#conversionFor(file).isLfs) return undefined
    const content = contentOf(this.record.snapshot.content, file.index, oid)
    const { root, volume } = this.#layout
    const path = joinBytePath(root, file.path)
    const stat = volume.stat(path)
    if (content === undefined || !stat?.isFile() || stat.size !== size) return undefined
    return { type: 'blob', oid: content, file: volume.file(path), size, isTemporary: false }
  }

  #read(file: TreeFile, oid: Oid): StoredObject | undefined {
    const { root, volume } = this.#layout
    const path = joinBytePath(root, file.path)
    const stat = volume.stat(path)
    if (!stat) return undefined
    if (stat.isFile() && this.#isConverted(file) && this.#conversionFor(file).isLfs) {
      const pointer = readPointer(volume, path)
      if (hashObject('blob', pointer, objectFormatOf(oid)) === oid) {
        return { type: 'blob', body: pointer }
      }
    }
    const size = sizeIn(this.record.snapshot.stats.at(file.index))
    if (stat.isFile() && stat.size >= LARGE_BYTES) {
      if (!isContent(volume, path, stat, { oid, size })) return undefined
      return { type: 'blob', oid, file: volume.file(path), size: stat.size, isTemporary: false }
    }
    const body = readSmall(volume, path, stat)
    if (!body) return undefined
    const stored = this.#isConverted(file) ? this.#restore(file, body) : body
    const isRight = hashObject('blob', stored, objectFormatOf(oid)) === oid
    return isRight ? { type: 'blob', body: stored } : undefined
  }

  #isConverted({ index, oid }: TreeFile): boolean {
    return contentOf(this.record.snapshot.content, index, oid) !== undefined
  }

  #restore(file: TreeFile, body: Buffer): Buffer {
    return restore(body, this.#conversionFor(file), file.oid)
  }

  #conversionFor({ path }: TreeFile): Conversion {
    this.#conversionOf ??= conversionsBy(attributesIn(this.record.snapshot))
    return this.#conversionOf(path)
  }

  #find(oid: Oid): TreeFile | undefined {
    for (const index of this.#likely) {
      const likely = this.#best(index, oid)
      if (likely) return likely
    }
    this.#all ??= indexOf(filesOf(this.record.snapshot))
    return this.#best(this.#all, oid)
  }

  /** Of files with one blob, one counts that is as it was published, best as it is stored. */
  #best(index: BlobIndex, oid: Oid): TreeFile | undefined {
    let best: { file: TreeFile; rank: number } | undefined
    for (const file of index.find(oid)) {
      const rank = this.#drifted.has(file.index) ? 0 : this.#isConverted(file) ? 1 : 2
      if (rank > (best?.rank ?? -1)) best = { file, rank }
      if (rank === 2) break
    }
    return best?.file
  }
}

function indexOf(files: FileRuns): BlobIndex {
  const index = new BlobIndex(files.places)
  for (const file of files) index.add(file)
  return index
}

/** The pointer of Git LFS to a file as it is now. */
function readPointer(volume: Volume, path: string): Buffer {
  const source = new FileSource(volume.open(path))
  try {
    return encodePointer(pointerTo(piecesOf(source, 0, source.length)))
  } finally {
    source.close()
  }
}

function readSmall(volume: Volume, path: string, stat: Stats): Buffer | undefined {
  if (stat.isSymbolicLink()) return volume.readLink(path)
  return stat.isFile() ? volume.readBytes(path, LARGE_BYTES) : undefined
}
