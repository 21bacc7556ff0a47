// The files a snapshot stands for, and whether they are still on disk as it remembers them:
// by their status first, and by their content where that says too little.
import type { Stats } from 'node:fs'
import { MODE } from '../../git/tree.js'
import { joinBytePath, parentOf } from '../../volume/byte-path.js'
import type { FileStats } from '../snapshot/file-stats.js'
import { moduleGitfiles } from '../snapshot/origin.js'
import {
  contentOf,
  isAsRemembered,
  modeIn,
  type Snapshot,
  statFields,
} from '../snapshot/snapshot.js'
import { differing, sizeIn } from '../snapshot/store.js'
import type { DirectoryLayout } from '../target.js'
import { filesOf } from '../tree/file-runs.js'
import type { TreeFile } from '../tree/tree-places.js'
import { isRightFile } from './file-content.js'

/** How closely files are looked at. */
export interface Depth {
  /**
   * The share of all content that is hashed though nothing speaks against it: pass `pass` of
   * `passes` that look at everything once; undefined: none.
   */
  share?: { pass: number; passes: number } | undefined
  /** Whether nothing was looked at since the machine was booted. @default false */
  isFirst?: boolean
  /** Throws when the work is to be given up. */
  checkpoint?: () => void
}

/**
 * Compares files on disk with what was published, and returns what is to be remembered of all: of a file
 * that is right as it is now, of one that is not as {@link recordOf} finds it.
 */
export function compareFiles(
  { root, volume }: Pick<DirectoryLayout, 'root' | 'volume'>,
  snapshot: Snapshot,
  { share, checkpoint }: Depth = {},
  files: Iterable<TreeFile> = filesOf(snapshot),
): FileStats {
  const stats = snapshot.stats.first(snapshot.stats.count)
  const isInShare = shareOf(snapshot.stats, share)
  for (const file of files) {
    checkpoint?.()
    const path = joinBytePath(root, file.path)
    const stat = volume.stat(path)
    const record = stats.at(file.index)
    const say = (size: number) => stats.set(file.index, [size, ...record.subarray(1)])
    if (file.mode === MODE.gitlink) {
      say(stat?.isDirectory() ? 0 : differing(0))
      continue
    }
    const isSame = stat !== undefined && isAsRemembered(stat, record)
    if (isSame && !isInShare(file.index)) continue
    const oid = contentOf(snapshot.content, file.index, file.oid) ?? file.oid
    const size = sizeIn(record)
    const expected = { mode: file.mode, oid, size, remembered: modeIn(record) }
    const isRight =
      stat !== undefined &&
      isReadableAsBefore(stat, record) &&
      isRightFile(volume, path, stat, expected)
    if (!isRight) say(differing(size))
    else if (!isSame) stats.set(file.index, statFields(stat))
  }
  return stats
}

/** The paths of a snapshot's files, of the directories they lie in, and of what leads to repositories. */
export function ownPaths(snapshot: Snapshot): Set<string> {
  const own = new Set<string>(snapshot.history ? ['.git', ...moduleGitfiles(snapshot.origin)] : [])
  for (const file of filesOf(snapshot)) {
    for (let path = file.path; path !== '' && !own.has(path); path = parentOf(path)) own.add(path)
  }
  return own
}

/** Volumes may widen permissions by themselves; one that was taken away is missed by a reader. */
function isReadableAsBefore({ mode }: Stats, record: Float64Array): boolean {
  return (modeIn(record) & ~mode & 0o777) === 0
}

/** Divides the files, in their order, so that each pass has about the same number of bytes. */
function shareOf(stats: FileStats, share: Depth['share']): (index: number) => boolean {
  if (!share) return () => false
  const starts = new Float64Array(stats.count)
  let bytes = 0
  for (let index = 0; index < starts.length; index++) {
    starts[index] = bytes
    // An empty file is no reason to be left out for ever.
    bytes += 1 + Math.max(0, stats.field(index, 0))
  }
  const pass = share.pass % share.passes
  return (index) => Math.floor(((starts[index] as number) / bytes) * share.passes) === pass
}
