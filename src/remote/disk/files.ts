// Files that may be missing, and may be anything: what is no regular file, or longer than it
// should be, is a fault.
import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { errnoOf } from '../../base/errno.js'
import { readRegularFile } from '../../base/regular-file.js'

/** The most that a file has which holds one name: HEAD, a ref, the place of a worktree. */
const NAME_BYTES = 8 * 1024

/** The text of a file, or undefined where there is none. */
export async function readIfExists(
  file: string,
  maxBytes = NAME_BYTES,
): Promise<string | undefined> {
  return (await unlessMissing(() => readRegularFile(file, maxBytes)))?.toString()
}

/** What stands at a path, links followed, or undefined where nothing does. */
export function statIfExists(file: string): Promise<Stats | undefined> {
  return unlessMissing(() => stat(file))
}

/** Whether an error says that a file is missing. */
export function isMissing(error: unknown): boolean {
  // A directory in place of the file: a ref, for instance, whose name is now a folder of refs.
  return ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(errnoOf(error))
}

async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
