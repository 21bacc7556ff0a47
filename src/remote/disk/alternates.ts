// The object directories a repository borrows from.
// https://git-scm.com/docs/gitrepository-layout#Documentation/gitrepository-layout.txt-objectsinfoalternates
import path from 'node:path'
import { readIfExists } from './files.js'

/** The most that one file names, in bytes. */
const FILE_BYTES = 1024 * 1024
/** How far what is borrowed from borrows itself: as far as git goes. */
const MAX_DEPTH = 5
const MAX_DIRECTORIES = 200

/** `objectDir` and all that it borrows from, directly or not, each once. */
export async function findAlternates(objectDir: string): Promise<string[]> {
  const depths = new Map([[objectDir, 0]])
  // A map also visits what is added to it meanwhile.
  for (const [directory, depth] of depths) {
    if (depth > MAX_DEPTH) continue
    const text = await readIfExists(path.join(directory, 'info', 'alternates'), FILE_BYTES)
    for (const line of text?.split('\n') ?? []) {
      if (line === '' || line.startsWith('#')) continue
      const borrowed = path.resolve(directory, line)
      if (!depths.has(borrowed)) depths.set(borrowed, depth + 1)
      if (depths.size > MAX_DIRECTORIES) {
        throw new RangeError(`it borrows from more than ${MAX_DIRECTORIES} directories of objects`)
      }
    }
  }
  return [...depths.keys()]
}
