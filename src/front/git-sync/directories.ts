// Directories that are made with those above. Node's own way never ends where a file system refuses one
// with ENOENT, as /proc does.
import { mkdirSync, statSync } from 'node:fs'
import path from 'node:path'

/** Makes a directory and those above, where they are missing; links are followed. Throws what the system says. */
export function ensureDirectories(directory: string, mode = 0o777): void {
  if (isDirectory(directory)) return
  const above = path.dirname(directory)
  if (above !== directory) ensureDirectories(above, mode)
  try {
    mkdirSync(directory, { mode })
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!isDirectory(directory)) throw error
  }
}

function isDirectory(directory: string): boolean {
  return statSync(directory, { throwIfNoEntry: false })?.isDirectory() ?? false
}
