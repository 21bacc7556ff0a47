// `.git-autosync/current` in a directory that is published in place: the commit, and a sign
// for those who watch, as it is replaced after every file is in place.
import path from 'node:path'
import type { Oid } from '../../git/oid.js'
import { readFileUnless, replaceFile } from '../../volume/files.js'
import { ensureDirectory } from '../../volume/volume.js'
import { ownDirectory } from '../layout.js'

/** Says which commit is in place in the directory `root`, unless that is said already. */
export function writeCurrent(root: string, commit: Oid): void {
  const file = path.join(ownDirectory(root), 'current')
  const text = `${commit}\n`
  if (readFileUnless(['ENOENT'], file)?.toString('latin1') === text) return
  ensureDirectory(path.dirname(file))
  replaceFile(file, text)
}
