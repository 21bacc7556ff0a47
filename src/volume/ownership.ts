// Whether somebody else could have written what is kept beside what is published. Compared is
// with a file that is made in the same place now, as volumes show owners and permissions in their
// own way: a server that squashes root shows all of them as nobody's, others know one owner only.
import { randomUUID } from 'node:crypto'
import { closeSync, type Stats } from 'node:fs'
import { joinBytePath } from './byte-path.js'
import { readUnless, UNWRITABLE } from './errnos.js'
import type { Volume } from './volume.js'

const [WRITABLE_BY_GROUP, WRITABLE_BY_ALL] = [0o020, 0o002]

/** Answers of one directory whether what lies there, or itself, is this process's user's alone. */
export function ownershipIn(volume: Volume, directory: string): (stat: Stats) => boolean {
  let probed: { stat: Stats | undefined } | undefined
  return (stat) => {
    if (stat.uid === process.geteuid?.() && writableBy(stat) === 0) return true
    probed ??= { stat: readUnless([...UNWRITABLE, 'ENOENT'], () => probe(volume, directory)) }
    // Where nothing can be written, nothing is lost by a look at what is there.
    if (!probed.stat) return true
    const { uid } = probed.stat
    return stat.uid === uid && (writableBy(stat) & ~writableBy(probed.stat)) === 0
  }
}

/** Who else may write: not a group that this process is in, as `fsGroup` makes it. */
function writableBy(stat: Stats): number {
  if (stat.isSymbolicLink()) return 0
  const isOwnGroup = stat.gid === process.getegid?.() || process.getgroups?.().includes(stat.gid)
  return stat.mode & (isOwnGroup ? WRITABLE_BY_ALL : WRITABLE_BY_ALL | WRITABLE_BY_GROUP)
}

/** The status of a file that is made there, and removed at once. */
function probe(volume: Volume, directory: string): Stats | undefined {
  const file = joinBytePath(directory, `owner-${randomUUID()}`)
  const fd = volume.create(file)
  try {
    return volume.stat(file)
  } finally {
    closeSync(fd)
    volume.unlink(file)
  }
}
