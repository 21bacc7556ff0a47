// What is found at a published path: the commit, and what differs from it, file by file.
import type { CommitSummary } from '../../git/commit-summary.js'
import type { Oid } from '../../git/oid.js'
import { MODE } from '../../git/tree.js'
import type { VerifiedSignature } from '../../signature/policy.js'
import { displayPath } from '../../volume/byte-path.js'
import type { HistoryLook } from '../history/directory.js'
import type { PublishedHistory } from '../snapshot/published-history.js'
import type { PublishedRecord } from '../snapshot/store.js'
import type { DirectoryLayout } from '../target.js'
import type { TreeFile } from '../tree/tree-places.js'
import type { Depth } from './comparison.js'
import { PublishedTree } from './published-tree.js'

/** Paths to which something was done, told so that it stays short. */
export interface FirstPaths {
  /** How many paths, and the first of them. */
  count: number
  paths: string[]
}

/** So many paths are named. */
export const MAX_PATHS = 10

/** What is in place at a target. */
export interface Inspection {
  /** The commit in place; undefined where nothing is, or nothing of it is sure. */
  commit: Oid | undefined
  /** Of that commit; absent where it is not known. */
  summary?: CommitSummary | undefined
  /** Absent where it was not verified. */
  signature?: VerifiedSignature | undefined
  /** Which part of it is in place; absent where all of it is. */
  selection?: string | undefined
  /** The history that is kept with it; absent where none is. */
  history?: PublishedHistory | undefined
  /** What differs from that commit; undefined where nothing does. */
  drift: Drift | undefined
  /** What was removed that is not of that commit; absent where nothing was. */
  foreign?: FirstPaths | undefined
}

/** Published files that something else changed. */
export interface Drift extends FirstPaths {
  /** The blobs that are nowhere in place; undefined: so many that all of the commit is fetched. */
  missing: Oid[] | undefined
}

/** From so many blobs on, one request for the commit is less work than one for each of them. */
const MAX_MISSING = 1000

/** Nothing that can be trusted. */
export const NOTHING: Inspection = { commit: undefined, drift: undefined }

/** How closely the repository is looked at: where files are hashed, each object is looked for. */
export function historyLook({ checkpoint, share }: Depth): HistoryLook {
  return { isThorough: share !== undefined, checkpoint }
}

/**
 * What is known of a directory, as it matters to those who are to put it right; it may be that
 * the published path does not show it.
 */
export function inspectionOf(
  layout: DirectoryLayout,
  record: PublishedRecord,
  { isShown, foreign, history }: { isShown: boolean } & Pick<Inspection, 'foreign' | 'history'>,
): Inspection {
  const { drifted, snapshot } = record
  if (!drifted) return NOTHING
  const paths = [...(isShown ? [] : ['.']), ...drifted.map(({ path }) => displayPath(path))]
  const drift = paths.length === 0 ? undefined : driftOf(paths, drifted, layout, record)
  const selection = snapshot.origin?.selection
  return {
    commit: snapshot.commit,
    drift,
    ...(snapshot.summary && { summary: snapshot.summary }),
    ...(snapshot.signature && { signature: snapshot.signature }),
    ...(selection !== undefined && { selection }),
    ...(history && { history }),
    ...(foreign ? { foreign } : {}),
  }
}

function driftOf(
  paths: string[],
  drifted: readonly TreeFile[],
  layout: DirectoryLayout,
  record: PublishedRecord,
): Drift {
  const tree = new PublishedTree(layout, record)
  const blobs = drifted.filter(({ mode }) => mode !== MODE.gitlink).map(({ oid }) => oid)
  const oids = [...new Set(blobs)]
  const isMuch = oids.length > MAX_MISSING
  return {
    count: paths.length,
    paths: paths.slice(0, MAX_PATHS),
    missing: isMuch ? undefined : oids.filter((oid) => !tree.findBlob(oid)),
  }
}
