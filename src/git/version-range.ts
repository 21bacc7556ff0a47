// Ranges of versions as npm has them, and the newest version that is in one.
// https://github.com/npm/node-semver#ranges
import type SemVer from 'semver/classes/semver.js'
import parse from 'semver/functions/parse.js'
import rsort from 'semver/functions/rsort.js'
import satisfies from 'semver/functions/satisfies.js'
import validRange from 'semver/ranges/valid.js'

/** Whether npm would take `text` for a range of versions. */
export function isVersionRange(text: string): boolean {
  return validRange(text) !== null
}

/** Those of some names that are versions, the newest first; a leading `v` counts for nothing. */
export function versionsIn(names: readonly string[]): SemVer[] {
  // Those that only differ in what counts for nothing are in the order of their names.
  return rsort(
    [...names]
      .sort()
      .map((name) => parse(name))
      .filter((version) => version !== null),
  )
}

/** The newest of `versions` that is in a range; a pre-release only where the range names one. */
export function newestIn(range: string, versions: readonly SemVer[]): SemVer | undefined {
  return versions.find((version) => satisfies(version, range))
}
