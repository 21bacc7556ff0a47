// Whether somebody else could have written what is kept beside what is published. Compared is
// with a file that is made in the same place now, as volumes show owners and permissions in their
// own way: a server that squashes root shows all of them as nobody's, others know one owner only.
import { randomUUID } from 'node:crypto'
import { closeSync, lstatSync, openSync, type Stats, unlinkSync } from 'node:fs'
import { joinBytePath, toFsPath } from './byte-path.js'
import { readUnless, UNWRITABLE } from './errnos.js'
import { CREATING } from './open-file.js'

const [WRITABLE_BY_GROUP, WRITABLE_BY_ALL] = [0o020, 0o002]

/** Answers of one directory whether what lies there, or itself, is this process's user's alone. */
export function ownershipIn(directory: string): (stat: Stats) => boolean {
  let probed: { stat: Stats | undefined } | undefined
  return (stat) => {
    if (stat.uid === process.geteuid?.() && writableBy(stat) === 0) return true
    probed ??= { stat: readUnless([...UNWRITABLE, 'ENOENT'], () => probe(directory)) }
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
function probe(directory: string): Stats {
  const file = toFsPath(joinBytePath(directory, `owner-${randomUUID()}`))
  const fd = openSync(file, CREATING, 0o666)
  try {
    return lstatSync(file)
  } finally {
    closeSync(fd)
    unlinkSync(file)
  }
}
