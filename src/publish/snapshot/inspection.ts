// What is found at a published path: the commit, and what differs from it, file by file.
import type { Oid } from '../../git/oid.js'
import { MODE } from '../../git/tree.js'
import { displayPath } from '../../volume/byte-path.js'
import type { Known } from '../directory/record.js'
import { type FirstPaths, MAX_PATHS } from './first-paths.js'
import { PublishedTree } from './published-tree.js'

/** What is in place at a site. */
export interface Survey {
  /** The commit in place; undefined where nothing is, or nothing of it is sure. */
  commit: Oid | undefined
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
export const NOTHING: Survey = { commit: undefined, drift: undefined }

/**
 * What is known of a directory, as it matters to those who are to put it right; it may be that
 * the published path does not show it.
 */
export function surveyOf(
  root: string,
  { snapshot, drifted, ...known }: Known,
  isShown: boolean,
): Survey {
  if (!drifted) return NOTHING
  const { commit } = snapshot
  const paths = [...(isShown ? [] : ['.']), ...drifted.map(({ path }) => displayPath(path))]
  if (paths.length === 0) return { commit, drift: undefined }
  const tree = new PublishedTree(root, { snapshot, drifted, ...known })
  const blobs = drifted.filter(({ mode }) => mode !== MODE.gitlink).map(({ oid }) => oid)
  const oids = [...new Set(blobs)]
  const isMuch = oids.length > MAX_MISSING
  return {
    commit,
    drift: {
      count: paths.length,
      paths: paths.slice(0, MAX_PATHS),
      missing: isMuch ? undefined : oids.filter((oid) => !tree.findBlob(oid)),
    },
  }
}
