// What others put in the place of a file of a repository, where git would wait for a pipe.
import path from 'node:path'
import { readUnless, UNREADABLE } from '../../volume/errnos.js'
import type { HistoryLayout } from './layout.js'

/** The files that git opens, whatever they are. */
const FILES = ['HEAD', 'config', 'index', 'info/exclude', 'logs/HEAD', 'packed-refs', 'shallow']

/** Removes what is no regular file where git opens one: nothing in it is anybody's work. */
export function removeObstacles(
  { repository, volume }: Pick<HistoryLayout, 'repository' | 'volume'>,
  directory = repository,
): void {
  for (const name of FILES) {
    const file = path.join(directory, name)
    const stat = readUnless(UNREADABLE, () => volume.stat(file))
    if (stat && !stat.isFile()) volume.removeAll(file)
  }
}
