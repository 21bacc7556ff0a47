// Where a history ends that is kept, and what is new in it, found by the commits themselves: what a
// remote says of that is not needed, and a commit whose parents are not at hand is an end in any case.
import { type CommitSummary, summaryOf } from '../../git/commit-summary.js'
import { parentsOfCommit } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import type { HistoryDepth } from '../snapshot/published-history.js'

/** The commits of a history. */
export interface HistoryCommits {
  /** The body of a commit; undefined where it is not at hand. */
  read(oid: Oid): Buffer | undefined
  /** Whether a commit has just come; else it was kept before. */
  isNew(oid: Oid): boolean
  /** The commit that was kept before with its history; undefined where none was. */
  before: Oid | undefined
  /** Where that history ended. */
  shallow: readonly Oid[]
  /** Throws when the work is to be given up. */
  checkpoint: () => void
}

/** The commits at which the history from `head` on ends that is `depth` commits deep. */
export function endsOf(head: Oid, depth: HistoryDepth, source: HistoryCommits): Oid[] {
  const cut = new Set(source.shallow)
  const seen = new Set<Oid>()
  const ends: Oid[] = []
  // Most histories end where nothing else leads on.
  let before: ReadonlySet<Oid> | undefined
  const wasKept = (oid: Oid) => {
    if (source.read(oid) === undefined) return false
    before ??= keptBefore(source, cut)
    return before.has(oid)
  }
  const limit = depth === 'full' ? Number.POSITIVE_INFINITY : depth
  // Of a whole history, what was kept before ends where it did.
  const isWalked = (oid: Oid) => depth !== 'full' || source.isNew(oid)
  const pending = depth === 'full' ? [head, ...cut] : [head]
  let level = pending
  for (let steps = 1; level.length > 0; steps++) {
    const next: Oid[] = []
    for (const oid of level) {
      if (seen.has(oid)) continue
      seen.add(oid)
      source.checkpoint()
      const parents = parentsIn(oid, source)
      if (!parents || parents.length === 0) continue
      const isAtHand = (parent: Oid) =>
        source.isNew(parent) || (cut.has(oid) ? wasKept(parent) : source.read(parent) !== undefined)
      if (steps >= limit || !parents.every(isAtHand)) ends.push(oid)
      else next.push(...parents.filter(isWalked))
    }
    level = next
  }
  return ends
}

/** The commits that were kept before, by whatever way: what lies behind an end may be in it all the same. */
function keptBefore(source: HistoryCommits, cut: ReadonlySet<Oid>): Set<Oid> {
  const found = new Set<Oid>()
  const pending = source.before === undefined ? [] : [source.before]
  for (let oid = pending.pop(); oid !== undefined; oid = pending.pop()) {
    if (found.has(oid)) continue
    source.checkpoint()
    found.add(oid)
    if (!cut.has(oid)) pending.push(...(parentsIn(oid, source) ?? []))
  }
  return found
}

/** The most that is told of what is new. */
const MAX_NEW = 100

/** What is new from `head` on, the nearest first: what of it came, and was not kept before. */
export function newCommits(head: Oid, before: Oid, source: HistoryCommits): NewCommit[] {
  const found: NewCommit[] = []
  const seen = new Set<Oid>([before])
  const cut = new Set(source.shallow)
  const pending = [head]
  for (const oid of pending) {
    if (found.length === MAX_NEW) break
    if (seen.has(oid) || !source.isNew(oid)) continue
    seen.add(oid)
    source.checkpoint()
    const body = source.read(oid)
    if (!body) continue
    const { author, committedAt, subject } = summaryOf(body)
    found.push({ oid, subject, author, committedAt })
    if (!cut.has(oid)) pending.push(...parentsOfCommit(body))
  }
  return found
}

/** A commit that was published with another one. */
export interface NewCommit extends CommitSummary {
  oid: Oid
}

function parentsIn(oid: Oid, source: HistoryCommits): Oid[] | undefined {
  const body = source.read(oid)
  return body && parentsOfCommit(body)
}
