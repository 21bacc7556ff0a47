// What is in place, if all of it is as it was published.
import type { Oid } from '../../src/git/oid.js'
import { inspect } from '../../src/publish/publication.js'
import type { Target } from '../../src/publish/target.js'

/** The commit in place at a site; undefined where there is none, or where anything differs. */
export function intactCommit(site: Target): Oid | undefined {
  const { commit, drift } = inspect(site)
  return drift ? undefined : commit
}
