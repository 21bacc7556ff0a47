// What is too long for a volume: a name, of which the volume's limit is told, or else a path.
import { existsSync, lstatSync } from 'node:fs'
import path from 'node:path'
import { errnoOf } from '../base/errno.js'
import { SyncError } from '../base/errors.js'

/** No volume takes longer names, in bytes. */
const MOST_NAME_BYTES = 255
/** The longest path that Linux takes, in bytes. */
const MAX_PATH_BYTES = 4095
/** How much is shown of a name, in UTF-16 units. */
const SHOWN_LENGTH = 60

/** The fault behind ENAMETOOLONG while `directory` was published, at `place` or below. */
export function tooLongFor(error: Error, directory: string, place: string): SyncError {
  const tooLong = findTooLong(error)
  if (!tooLong) {
    return new SyncError(
      'unsafe-tree',
      `A path or a symlink of the commit is longer than the volume of ${place} takes: shorten it in the repository, or publish to another volume; nothing of this commit is published`,
      { cause: error },
    )
  }
  const { limit, name } = tooLong
  const bytes = Buffer.byteLength(name)
  const start = name.slice(0, SHOWN_LENGTH).replace(/[\ud800-\udbff]$/, '')
  const what = `The name ${start}… has ${bytes} bytes, and the volume of ${place} takes names of at most ${limit} bytes`
  if (directory.split(path.sep).includes(name)) {
    return new SyncError(
      'volume-failed',
      `${what}: give the entry a shorter path, or publish to another volume`,
      { cause: error },
    )
  }
  return new SyncError(
    'unsafe-tree',
    `${what}: publish to another volume, or shorten the name in the repository; nothing of this commit is published`,
    { cause: error },
  )
}

/** The first name of what an error is of that is longer than its volume takes. */
function findTooLong(error: Error): { name: string; limit: number } | undefined {
  const { dest, path: from, syscall } = error as NodeJS.ErrnoException & { dest?: string }
  // What a symlink says is no path of the volume.
  for (const file of syscall === 'symlink' ? [dest] : [from, dest]) {
    if (typeof file !== 'string' || !path.isAbsolute(file)) continue
    let above = path.dirname(file)
    while (!existsSync(above) && above !== path.dirname(above)) above = path.dirname(above)
    const limit = measureNameLimit(above)
    const names = path.relative(above, file).split(path.sep)
    const name = limit && names.find((each) => Buffer.byteLength(each) > limit)
    if (name) return { name, limit }
  }
  return undefined
}

/** How long names may be in a directory, in bytes: only a try tells, as Node has no f_namelen. */
function measureNameLimit(directory: string): number | undefined {
  if (directory.length + 1 + MOST_NAME_BYTES > MAX_PATH_BYTES) return undefined
  let [taken, refused] = [0, MOST_NAME_BYTES + 1]
  while (refused - taken > 1) {
    const bytes = Math.floor((taken + refused) / 2)
    if (isTooLong(path.join(directory, 'x'.repeat(bytes)))) refused = bytes
    else taken = bytes
  }
  return taken
}

function isTooLong(file: string): boolean {
  try {
    lstatSync(file, { throwIfNoEntry: false })
    return false
  } catch (error) {
    return errnoOf(error) === 'ENAMETOOLONG'
  }
}
