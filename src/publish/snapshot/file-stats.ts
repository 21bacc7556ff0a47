// What is remembered of the status of files, in pages: the next commit shares those that it leaves as
// they are. The records of 50,000 files are 1.6 MB, and memory that is new costs more than what is
// written to it.
import type { TreeDiff } from '../tree/tree-diff.js'

/** Of one file: size in bytes, time of modification in milliseconds, inode, type and permissions. */
export const STAT_FIELDS = 4
const PAGE_FILES = 128
const PAGE_FIELDS = PAGE_FILES * STAT_FIELDS
const NOTHING = new Float64Array(STAT_FIELDS)

/** A part of a run of unchanged files that lies in one page before, and in one page now. */
interface PagedRun {
  from: number
  to: number
  count: number
}

/** {@link STAT_FIELDS} numbers for each file; zeros where none are set. */
export class FileStats {
  /** How many files. */
  readonly count: number
  /** A page that is missing has zeros alone. */
  readonly #pages: (Float64Array | undefined)[]
  /** The pages that nobody else has, which alone are written to. */
  readonly #own = new Set<number>()

  constructor(count: number, pages: readonly (Float64Array | undefined)[] = []) {
    this.count = count
    this.#pages = [...pages]
  }

  /** Takes the numbers of all files, which nobody changes from then on. */
  static of(fields: Float64Array): FileStats {
    const pages: Float64Array[] = []
    for (let at = 0; at < fields.length; at += PAGE_FIELDS) {
      pages.push(fields.subarray(at, at + PAGE_FIELDS))
    }
    return new FileStats(fields.length / STAT_FIELDS, pages)
  }

  /** The record of a file, which is not to be changed. */
  at(index: number): Float64Array {
    const start = (index % PAGE_FILES) * STAT_FIELDS
    return this.#page(index)?.subarray(start, start + STAT_FIELDS) ?? NOTHING
  }

  /** One number of a record. */
  field(index: number, field: number): number {
    return this.#page(index)?.[(index % PAGE_FILES) * STAT_FIELDS + field] ?? 0
  }

  /** Remembers a file; those that share its page keep what they have. */
  set(index: number, record: ArrayLike<number>): void {
    this.#ownPage(index).set(record, (index % PAGE_FILES) * STAT_FIELDS)
  }

  /** These, of so many files. */
  first(count: number): FileStats {
    this.#own.clear()
    return new FileStats(count, this.#pages)
  }

  /** Those of `count` files from one on. */
  slice(from: number, count: number): FileStats {
    return this.carry([{ from, to: 0, count }], count)
  }

  /** Runs of unchanged files take their records to their new place among `count` files. */
  carry(kept: TreeDiff['kept'], count: number): FileStats {
    const carried = new FileStats(count)
    for (const part of partsOf(kept)) carried.#take(this, part)
    return carried
  }

  /** The places of the records that are not what {@link carry} makes of those before. */
  placesBeyond(before: FileStats, kept: TreeDiff['kept'] = [this.#all]): number[] {
    const places: number[] = []
    let next = 0
    for (const part of partsOf(kept)) {
      while (next < part.to) places.push(next++)
      next = part.to + part.count
      if (isAligned(part) && before.#page(part.from) === this.#page(part.to)) continue
      for (let at = 0; at < part.count; at++) {
        if (!this.#isSame(part.to + at, before, part.from + at)) places.push(part.to + at)
      }
    }
    while (next < this.count) places.push(next++)
    return places
  }

  /** Whether others say the same of as many files. */
  equals(other: FileStats): boolean {
    return this.count === other.count && this.placesBeyond(other).length === 0
  }

  /** All numbers, as bytes. */
  *bytes(): Generator<Buffer> {
    for (let index = 0; index < this.count; index += PAGE_FILES) {
      const fields = Math.min(PAGE_FILES, this.count - index) * STAT_FIELDS
      const page = (this.#page(index) ?? new Float64Array(fields)).subarray(0, fields)
      yield Buffer.from(page.buffer, page.byteOffset, page.byteLength)
    }
  }

  /** How much memory it takes beside others, with which it shares pages, in bytes. */
  bytesBeside(others: FileStats): number {
    const own = this.#pages.filter((page, at) => page !== others.#pages[at])
    return own.reduce((sum, page) => sum + (page?.byteLength ?? 0), 0)
  }

  get #all(): PagedRun {
    return { from: 0, to: 0, count: this.count }
  }

  #page(index: number): Float64Array | undefined {
    return this.#pages[Math.floor(index / PAGE_FILES)]
  }

  #ownPage(index: number): Float64Array {
    const at = Math.floor(index / PAGE_FILES)
    const before = this.#pages[at]
    if (before && this.#own.has(at)) return before
    const page = new Float64Array(PAGE_FIELDS)
    if (before) page.set(before)
    this.#pages[at] = page
    this.#own.add(at)
    return page
  }

  /** Takes a page whole where nothing else belongs there. */
  #take(before: FileStats, part: PagedRun): void {
    const { count, from, to } = part
    const isWhole = to % PAGE_FILES === 0 && count === Math.min(PAGE_FILES, this.count - to)
    if (isWhole && isAligned(part)) {
      this.#pages[to / PAGE_FILES] = before.#page(from)
      before.#own.delete(Math.floor(from / PAGE_FILES))
      return
    }
    const page = before.#page(from)
    if (!page) return
    const start = (from % PAGE_FILES) * STAT_FIELDS
    const records = page.subarray(start, start + count * STAT_FIELDS)
    this.#ownPage(to).set(records, (to % PAGE_FILES) * STAT_FIELDS)
  }

  #isSame(index: number, other: FileStats, at: number): boolean {
    for (let field = 0; field < STAT_FIELDS; field++) {
      if (!Object.is(this.field(index, field), other.field(at, field))) return false
    }
    return true
  }
}

function* partsOf(kept: TreeDiff['kept']): Generator<PagedRun> {
  for (const run of kept) {
    for (let done = 0; done < run.count; ) {
      const [from, to] = [run.from + done, run.to + done]
      const most = PAGE_FILES - Math.max(from % PAGE_FILES, to % PAGE_FILES)
      const count = Math.min(run.count - done, most)
      yield { from, to, count }
      done += count
    }
  }
}

/** Whether records have the same place in their page before and now. */
function isAligned({ from, to }: PagedRun): boolean {
  return from % PAGE_FILES === to % PAGE_FILES
}
