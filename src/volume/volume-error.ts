// What it means when a volume refuses: every error of the file system becomes one that says
// where it was and what to do about it.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { errnoOf } from '../base/errno.js'
import { SyncError } from '../base/errors.js'
import { isWithin } from '../base/paths.js'
import type { HeldDirectories } from './held-directories.js'

/** Runs `change` for a target; what the file system answers becomes what {@link toVolumeError} says. */
export function guarded<T>(
  { directory, volume }: { directory: string; volume: HeldDirectories },
  change: () => T,
): T {
  try {
    return change()
  } catch (error) {
    throw toVolumeError(volume.named(error), directory)
  }
}

/** Turns an error of the file system into one that says what to do; others pass through. */
export function toVolumeError(error: unknown, directory: string): unknown {
  const code = errnoOf(error)
  if (error instanceof SyncError || code === '' || !(error instanceof Error)) return error
  const place = placeOf(error, directory)
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new SyncError(
        'volume-full',
        `No room is left on the volume of ${place}; make room, then the sync goes on by itself`,
        { cause: error },
      )
    case 'EROFS':
      return new SyncError(
        'volume-failed',
        `The volume of ${place} is read-only (${error.message}); mount it writable`,
        { cause: error },
      )
    case 'ENOTDIR':
    case 'EEXIST':
      return new SyncError(
        'path-blocked',
        `A file stands where a directory must be on the way to ${place} (${error.message}); move it away`,
        { cause: error },
      )
    case 'EACCES':
    case 'EPERM':
      return new SyncError(
        'volume-failed',
        `${place} cannot be written (${error.message}); give this process's user the right to write there`,
        { cause: error },
      )
    case 'ENAMETOOLONG':
      return new SyncError(
        'unsafe-tree',
        `A path or a symlink of the commit is longer than the volume of ${place} takes: shorten it in the repository, or publish to another volume; nothing of this commit is published`,
        { cause: error },
      )
    default:
      return new SyncError(
        'volume-failed',
        `The volume of ${place} failed (${error.message}); it is tried again, look at its storage`,
        { cause: error },
      )
  }
}

/** The published directory; where something failed that is not in it, the directory of that. */
function placeOf(error: Error, directory: string): string {
  if (!('path' in error) || typeof error.path !== 'string') return directory
  if (isWithin(directory, error.path)) return directory
  // What is no directory can be what stands there itself.
  let place = errnoOf(error) === 'ENOTDIR' ? error.path : path.dirname(error.path)
  while (!existsSync(place) && place !== path.dirname(place)) place = path.dirname(place)
  return place
}
