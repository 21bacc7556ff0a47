// The worktree in use, of which a standby is made. What is remembered of it is believed as long as
// nothing speaks against it: then each of its files is looked at, once.
import type { Snapshot } from '../snapshot/snapshot.js'
import type { PublishedRecord } from '../snapshot/store.js'
import type { DirectoryLayout } from '../target.js'
import { recover, verify } from '../update/record.js'

export class InUseWorktree {
  readonly layout: DirectoryLayout
  /** Throws when the work is to be given up. */
  readonly checkpoint: () => void
  #record: PublishedRecord
  #isLookedAt = false

  /** Of which nothing bad is known; undefined where something is. */
  static open(layout: DirectoryLayout, checkpoint: () => void): InUseWorktree | undefined {
    const record = recover(layout)
    return record?.isTrusted ? new InUseWorktree(layout, record, checkpoint) : undefined
  }

  private constructor(layout: DirectoryLayout, record: PublishedRecord, checkpoint: () => void) {
    this.layout = layout
    this.#record = record
    this.checkpoint = checkpoint
  }

  get root(): string {
    return this.layout.root
  }

  get snapshot(): Snapshot {
    return this.#record.snapshot
  }

  /** Whether each file is as it was published, as far as is known. */
  get isTrusted(): boolean {
    return this.#record.isTrusted
  }

  /**
   * Looks at each file, unless that was done: whether all are right, of which {@link snapshot} has the
   * status then.
   */
  isFoundRight(): boolean {
    if (this.#isLookedAt) return false
    this.#isLookedAt = true
    const record = verify(this.layout, { checkpoint: this.checkpoint })
    this.#record = record ?? { ...this.#record, isTrusted: false }
    return this.isTrusted
  }
}
