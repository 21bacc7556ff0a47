// Publishes a commit by swapping the link: its worktree is built whole first, and the swap is one step,
// so that a reader sees one commit whole or another whole.
import { SyncError } from '../../base/errors.js'
import type { LargeBlob, StoredObject } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import { displayPath } from '../../volume/byte-path.js'
import type { LfsFile } from '../drift/lfs-files.js'
import { settleShown } from '../history/directory.js'
import { assertLease } from '../lease/lease.js'
import type { Publication, Published, Ready } from '../publisher.js'
import {
  type DirectoryLayout,
  type LinkLayout,
  linkedWorktree,
  type RepositoryPlace,
} from '../target.js'
import type { DirectoryUpdate } from '../update/update.js'
import { goOutOfUse } from './grace-period.js'
import { promoteStandby, recheckStandby } from './standby.js'
import { earlierWorktree, stageLink, swapLink } from './swap-link.js'

/** The worktree of the next commit. */
export interface NextWorktree {
  name: string
  layout: DirectoryLayout
  /** Whether one was left from earlier, which may have readers still. */
  isLeft: boolean
  /** Whether the standby becomes it. */
  isStandby: boolean
}

/** A worktree that stands whole: where its link is staged, unless that is in place already. */
interface Built {
  staged: string | undefined
  published: Published
}

export class WorktreePublication implements Publication {
  readonly #links: LinkLayout
  readonly #worktree: NextWorktree
  readonly #update: DirectoryUpdate
  readonly #swapping: (swap: () => void) => void
  #built: Built | undefined
  #isInUse = false

  /** `update` is of the worktree, or of the standby that becomes it; `swapping` makes way for the link. */
  constructor(
    links: LinkLayout,
    worktree: NextWorktree,
    update: DirectoryUpdate,
    swapping: (swap: () => void) => void,
  ) {
    this.#links = links
    this.#worktree = worktree
    this.#update = update
    this.#swapping = swapping
  }

  offer(oid: Oid, object: StoredObject): boolean {
    return this.#recheckWhereBlocked(() => this.#update.offer(oid, object))
  }

  find(oid: Oid): StoredObject | undefined {
    return this.#update.find(oid)
  }

  pending(): Iterable<Oid> {
    return this.#update.pending()
  }

  lfsFiles(): Iterable<{ file: LfsFile; object: LargeBlob | undefined }> {
    return this.#update.lfsFiles()
  }

  repository(): RepositoryPlace | undefined {
    return this.#worktree.layout.repository
  }

  ready(): Ready {
    const staged = this.#stageLink()
    const ready = this.#orRemove(staged, () =>
      this.#recheckWhereBlocked(() => this.#update.ready()),
    )
    // What readers see already is not touched yet.
    if (staged === undefined) return ready
    this.#build(staged)
    return { ...ready, worktree: displayPath(this.#worktree.layout.root) }
  }

  finish(): Published {
    const { staged, published } = this.#built ?? this.#build(this.#stageLink())
    this.#isInUse = true
    const [links, { layout, name }] = [this.#links, this.#worktree]
    const last = linkedWorktree(links)
    if (last !== undefined && last !== name) goOutOfUse(links, last, Date.now())
    const earlier = earlierWorktree(links)
    if (staged !== undefined) swapLink(links, staged, this.#swapping)
    if (this.#update.snapshot) settleShown(layout, this.#update.snapshot)
    if (earlier !== undefined) links.volume.removeAll(earlier)
    return published
  }

  abandon(): void {
    if (!this.#built || this.#isInUse) {
      this.#update.abandon()
      return
    }
    const { isLeft, layout } = this.#worktree
    // One that was left from earlier may have readers still.
    const built = isLeft ? [] : [layout.stateDirectory, layout.root]
    tryToRemove(this.#links, [this.#built.staged, ...built])
  }

  #build(staged: string | undefined): Built {
    const { isStandby, layout } = this.#worktree
    const finish = () => this.#recheckWhereBlocked(() => this.#update.finish())
    const published = this.#orRemove(staged, finish)
    assertLease(this.#links.lease)
    if (isStandby) promoteStandby(this.#links, layout)
    this.#built = { staged, published }
    return this.#built
  }

  #stageLink(): string | undefined {
    try {
      return stageLink(this.#links, this.#worktree.name)
    } catch (error) {
      this.#update.abandon()
      throw error
    }
  }

  /** Where the worktree fails, its link is not needed. */
  #orRemove<T>(staged: string | undefined, work: () => T): T {
    try {
      return work()
    } catch (error) {
      try {
        if (staged !== undefined) this.#links.volume.removeFile(staged)
      } catch {
        // What went wrong first is what counts; tidying removes what is left.
      }
      throw error
    }
  }

  /** Nobody sees the standby, so what stands in the way there must not be in the way twice. */
  #recheckWhereBlocked<T>(stage: () => T): T {
    try {
      return stage()
    } catch (error) {
      if (error instanceof SyncError && error.code === 'path-blocked') recheckStandby(this.#links)
      throw error
    }
  }
}

/** Tidying removes what is left. */
function tryToRemove({ lease, volume }: LinkLayout, paths: (string | undefined)[]): void {
  try {
    assertLease(lease)
    for (const each of paths) if (each !== undefined) volume.removeAll(each)
  } catch {
    // Why it was given up is what counts.
  }
}
