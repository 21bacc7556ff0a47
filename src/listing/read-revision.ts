// Which revision an entry follows: five fields, of which one is given at most.
import { isRefName, type Revision } from '../git/revision.js'
import { isVersionRange } from '../git/version-range.js'

/** The fields as the schema types them. */
export interface WrittenRevision {
  branch: string
  tag: string
  semver: string
  commit: string
  ref: string
}

/** Parses the value of a field, where there is one; undefined where it is not sound. */
export type CheckField = <V, T>(
  field: string,
  value: V | undefined,
  parse: (value: V) => T,
) => T | undefined

/** Where no field is given, the remote's HEAD is followed. */
export function readRevision(written: Partial<WrittenRevision>, check: CheckField): Revision {
  const branch = check('branch', written.branch, (name) => checkRefName(name, 'refs/heads/'))
  const tag = check('tag', written.tag, (name) => checkRefName(name, 'refs/tags/'))
  const range = check('semver', written.semver, checkRange)
  const ref = check('ref', written.ref, checkFullRef)
  const { commit } = written
  if (branch !== undefined) return { kind: 'branch', name: branch }
  if (tag !== undefined) return { kind: 'tag', name: tag }
  if (range !== undefined) return { kind: 'semver', range }
  if (ref !== undefined) return { kind: 'ref', name: ref }
  return commit === undefined ? { kind: 'head' } : { kind: 'commit', oid: commit.toLowerCase() }
}

function checkRefName(name: string, prefix: string): string {
  if (prefix !== '' && name.startsWith(prefix)) {
    throw new RangeError(`takes the short name: "${name.slice(prefix.length)}"`)
  }
  if (!isRefName(name))
    throw new RangeError(`is not a name that git allows: ${JSON.stringify(name)}`)
  return name
}

/** Throws where npm would not take it. */
function checkRange(range: string): string {
  if (isVersionRange(range)) return range
  throw new RangeError(
    `is not a range of versions as npm has them: ${JSON.stringify(range)}; write it as ">=1.2 <2" or "~1.4"`,
  )
}

function checkFullRef(name: string): string {
  if (name === 'HEAD') return name
  if (!name.startsWith('refs/')) {
    throw new RangeError(
      `takes a full name, as "refs/heads/${name}"; short names go into branch or tag`,
    )
  }
  return checkRefName(name, '')
}
