// What is in place, if all of it is as it was published.
import type { Oid } from '../../src/git/oid.js'
import type { Depth } from '../../src/publish/drift/comparison.js'
import { inspect } from '../../src/publish/publication.js'
import type { Target } from '../../src/publish/target.js'

/** The commit in place at a site; undefined where there is none, or where anything differs. */
export function intactCommit(site: Target, depth?: Depth): Oid | undefined {
  const { commit, drift } = inspect(site, depth)
  return drift ? undefined : commit
}
