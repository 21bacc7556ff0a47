// The object directories a repository borrows from.
// https://git-scm.com/docs/gitrepository-layout#Documentation/gitrepository-layout.txt-objectsinfoalternates
import path from 'node:path'
import { readIfExists } from './files.js'

/** `objectDir` and all that it borrows from, directly or not, each once. */
export async function findAlternates(objectDir: string): Promise<string[]> {
  const found = new Set([objectDir])
  // A set also visits what is added to it meanwhile.
  for (const directory of found) {
    const text = await readIfExists(path.join(directory, 'info', 'alternates'))
    for (const line of text?.split('\n') ?? []) {
      if (line !== '' && !line.startsWith('#')) found.add(path.resolve(directory, line))
    }
  }
  return [...found]
}
