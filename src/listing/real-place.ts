// What the paths of a listing lead to on disk, as a symlink can make two of them one, or
// lead out of ROOT. A path's own last component is never followed: it is what is published.
import path from 'node:path'
import { setImmediate as nextTurn, setTimeout } from 'node:timers/promises'
import type { Fault } from '../base/document-fault.js'
import { isWithin } from '../base/paths.js'
import { realDirectory } from '../volume/real-path.js'
import { findPathConflicts, isOwnFolder } from './directory.js'
import type { ListingDefaults } from './entry.js'

/** How long the look at the disk may take; a volume that hangs must not hold up the rest. */
const LIMIT_MS = 3000

interface RealPlaces {
  /** One for each entry. */
  places: string[]
  listing: string
  root: string | undefined
  stateDirectory: string | undefined
}

/**
 * What only the disk tells of the paths of a listing in `folder`, whose `directories` have no
 * fault as they are written. Undefined where the disk does not answer.
 */
export async function findRealFaults(
  directories: readonly string[],
  folder: string,
  defaults: ListingDefaults,
): Promise<Fault[] | undefined> {
  const real = await Promise.race([
    resolveAll(directories, folder, defaults),
    setTimeout(LIMIT_MS, undefined, { ref: false }),
  ])
  if (!real) return undefined
  await nextTurn()
  const conflicts = findPathConflicts(real.places).map(({ pointer, message }) => ({
    pointer,
    message: `${message}, and a symlink makes these do`,
  }))
  await nextTurn()
  const misled = real.places.flatMap((place, index) => {
    const message = findFault(place, real)
    return message === undefined ? [] : { pointer: `/${index}/path`, message }
  })
  await nextTurn()
  return [...misled, ...conflicts]
}

function findFault(
  place: string,
  { listing, root, stateDirectory }: RealPlaces,
): string | undefined {
  const leads = `leads to ${place} through a symlink`
  if (root !== undefined && !isWithin(root, place)) return `${leads}, outside ROOT (${root})`
  if (isOwnFolder(place)) return `${leads}, where this service keeps its own files`
  if (isWithin(place, listing)) return `${leads}, which has the listing in it`
  if (stateDirectory !== undefined && isWithin(place, stateDirectory)) {
    return `${leads}, which has STATE_DIR in it`
  }
  return undefined
}

/** One after the other, so that a volume that hangs holds up one call at most. */
async function resolveAll(
  directories: readonly string[],
  folder: string,
  { root, stateDirectory }: ListingDefaults,
): Promise<RealPlaces> {
  const known = new Map<string, string>()
  const resolve = async (directory: string) => {
    const real = known.get(directory) ?? (await realDirectory(directory))
    known.set(directory, real)
    return real
  }
  const places: string[] = []
  for (const directory of directories) {
    const parent = await resolve(path.dirname(directory))
    places.push(path.join(parent, path.basename(directory)))
  }
  return {
    places,
    listing: await resolve(folder),
    root: root === undefined ? undefined : await resolve(root),
    stateDirectory: stateDirectory === undefined ? undefined : await resolve(stateDirectory),
  }
}
