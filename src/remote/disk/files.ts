// Files that may be missing.
import type { Stats } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { errnoOf } from '../../base/errno.js'

/** The text of a file, or undefined where there is none. */
export function readIfExists(file: string): Promise<string | undefined> {
  return unlessMissing(() => readFile(file, 'utf8'))
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
