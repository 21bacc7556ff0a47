// What is in place, if all of it is as it was published.
import type { Oid } from '../../src/git/oid.js'
import { inspect, type Site } from '../../src/publish/publication.js'

/** The commit in place at a site; undefined where there is none, or where anything differs. */
export function intactCommit(site: Site): Oid | undefined {
  const { commit, drift } = inspect(site)
  return drift ? undefined : commit
}
