// Where a path leads to once symlinks are followed, also where not all of it is there yet.
import { realpathSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import path from 'node:path'

/** A directory with every symlink on the way resolved; what cannot be is left as written. */
export async function realDirectory(directory: string): Promise<string> {
  try {
    return await realpath(directory)
  } catch {
    // Not there yet, or not to be read: what is above it tells where it would be.
    const parent = path.dirname(directory)
    if (parent === directory) return directory
    return path.join(await realDirectory(parent), path.basename(directory))
  }
}

/** {@link realDirectory}, for a thread that may block. */
export function realDirectorySync(directory: string): string {
  try {
    return realpathSync(directory)
  } catch {
    const parent = path.dirname(directory)
    if (parent === directory) return directory
    return path.join(realDirectorySync(parent), path.basename(directory))
  }
}
