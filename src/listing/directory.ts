// Where an entry publishes: nothing outside ROOT, nothing over the listing, the
// repository or another entry.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Fault } from '../base/document-fault.js'
import { hasScheme } from '../base/file-name.js'
import { assertExpanded, isWithin } from '../base/paths.js'
import type { RemoteUrl } from '../git/remote-url.js'
import type { PublishMode } from '../publish/target.js'
import { OWN_DIRECTORY } from '../volume/own-directory.js'
import type { ListingDefaults } from './entry.js'

/** PATH_MAX, of which the last byte is the NUL at its end. */
const MAX_PATH_BYTES = 4095
/** NAME_MAX of every file system that is published to. */
const MAX_NAME_BYTES = 255

/**
 * The absolute directory of an entry's path, which starts at `root` or else at `folder`. Throws a
 * RangeError whose message says what is wrong.
 */
export function resolveDirectory(text: string, folder: string, root: string | undefined): string {
  if (text.includes('\0')) throw new RangeError('must not have a NUL character')
  if (hasScheme(text)) {
    throw new RangeError('looks like an address: are path and repo swapped?')
  }
  if (text.trim() !== text) {
    throw new RangeError('has white space before or after it: take it out')
  }
  assertExpanded(text)
  const directory = path.resolve(root ?? folder, text)
  if (Buffer.byteLength(directory) > MAX_PATH_BYTES) {
    throw new RangeError(`is longer than ${MAX_PATH_BYTES} bytes, which no system takes`)
  }
  if (directory.split(path.sep).some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)) {
    throw new RangeError(`has a name of more than ${MAX_NAME_BYTES} bytes, which no volume takes`)
  }
  if (directory === path.parse(directory).root) {
    throw new RangeError('is the root of the file system: name a directory below it')
  }
  if (root !== undefined && !isWithin(root, directory)) {
    throw new RangeError(`lies outside ROOT (${root}): name a directory in it`)
  }
  if (isOwnFolder(directory)) {
    throw new RangeError(`lies in ${OWN_DIRECTORY}, where this service keeps its own files`)
  }
  return directory
}

/** Whether a directory is one in which this service keeps its own files, in any case, or lies in one. */
export function isOwnFolder(directory: string): boolean {
  return directory.split(path.sep).some((name) => name.toLowerCase() === OWN_DIRECTORY)
}

/** What decides whether publishing to a directory is dangerous. */
export interface Destination {
  directory: string
  publish: PublishMode
  clean: boolean
  remote: RemoteUrl | undefined
}

/** What a publish to a destination could destroy: ROOT, the listing in `folder`, state, the repository. */
export function findDangers(
  { directory, publish, clean, remote }: Destination,
  folder: string,
  { root, stateDirectory }: ListingDefaults,
): { field: string; message: string }[] {
  const dangers: { field: string; message: string }[] = []
  if (publish === 'symlink' && directory === root) {
    const message = 'is ROOT itself, which a symlink would replace: name a directory below it'
    dangers.push({ field: 'path', message })
  }
  if (isWithin(directory, folder)) {
    const message =
      'has the listing in it, which a commit could replace: publish to another directory, or move the listing'
    dangers.push({ field: 'path', message })
  }
  if (stateDirectory !== undefined && isWithin(directory, stateDirectory)) {
    const message = `has STATE_DIR (${stateDirectory}) in it, which a commit could replace: keep state outside of what is published`
    dangers.push({ field: 'path', message })
  }
  const source = remote?.transport === 'local' ? fileURLToPath(remote.url) : undefined
  if (source === directory) {
    dangers.push({
      field: 'path',
      message: 'is the repository itself: publish to another directory',
    })
  }
  // Without clean, only files that a commit holds are touched.
  if (clean && publish === 'in-place' && source !== undefined && isWithin(directory, source)) {
    const message =
      'would delete the repository, which lies in path: leave clean out, or move one of them'
    dangers.push({ field: 'clean', message })
  }
  return dangers
}

/**
 * Directories that are equal or lie one inside another. `directories` are in the order of the
 * listing, undefined where an entry has none.
 */
export function findPathConflicts(directories: readonly (string | undefined)[]): Fault[] {
  const owners = new Map<string, number>()
  const faults: Fault[] = []
  directories.forEach((directory, index) => {
    if (directory === undefined) return
    const owner = owners.get(directory)
    if (owner === undefined) owners.set(directory, index)
    else faults.push(conflict(index, `is the same directory as /${owner}/path`))
  })
  const outer = findOuter([...owners.keys()])
  directories.forEach((directory, index) => {
    const around = directory === undefined ? undefined : outer.get(directory)
    if (around !== undefined) {
      faults.push(conflict(index, `lies inside the directory of /${owners.get(around)}/path`))
    }
  })
  return faults
}

function conflict(index: number, message: string): Fault {
  return { pointer: `/${index}/path`, message: `${message}: entries must not share files` }
}

/** Of each directory that lies in others of `directories`, the nearest of them. */
function findOuter(directories: readonly string[]): Map<string, string> {
  const outer = new Map<string, string>()
  // Sorted with a slash at the end, what lies in a directory follows it without a gap.
  const around: string[] = []
  for (const directory of directories.map((each) => `${each}/`).sort()) {
    while (around.length > 0 && !directory.startsWith(around.at(-1)!)) around.pop()
    const nearest = around.at(-1)
    if (nearest !== undefined) outer.set(directory.slice(0, -1), nearest.slice(0, -1))
    around.push(directory)
  }
  return outer
}
