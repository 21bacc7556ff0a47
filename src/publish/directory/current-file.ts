// `.git-autosync/current` in a directory that is published in place: the commit, and a sign
// for those who watch, as it is replaced after every file is in place.
import path from 'node:path'
import type { Oid } from '../../git/oid.js'
import { readFile, replaceFile } from '../../volume/files.js'
import { ensureDirectory } from '../../volume/volume.js'
import { ownDirectory } from '../layout.js'

const MAX_CURRENT_BYTES = 4096

/** Says which commit is in place in the directory `root`, unless that is said already. */
export function writeCurrent(root: string, commit: Oid): void {
  const file = path.join(ownDirectory(root), 'current')
  const text = `${commit}\n`
  if (readFile(file, MAX_CURRENT_BYTES)?.toString('latin1') === text) return
  ensureDirectory(path.dirname(file))
  replaceFile(file, text)
}
