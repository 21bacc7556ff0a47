// Where other volumes are mounted, so that nothing on them is taken for a part of what is
// published. A bind mount can be of the same volume: only the system's own list tells.
// https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
import { lstatSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { joinBytePath, toBytePath, toFsPath } from './byte-path.js'
import { statIfPresent, tolerating } from './volume.js'

const ABSENT = ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM']
const MOUNTINFO = '/proc/self/mountinfo'
const MOUNT_POINT_FIELD = 4

/**
 * Answers whether something is mounted at a byte path below a directory, or, for the empty path,
 * at the directory itself.
 */
export function mountPointsBelow(
  root: string,
  mountinfo: string = readMountinfo(),
): (relative: string) => boolean {
  const real = toBytePath(realpathSync(root))
  const volume = lstatSync(toFsPath(real)).dev
  const mounted = new Set(parseMountinfo(mountinfo))
  return (relative) => {
    if (mounted.has(joinBytePath(real, relative))) return true
    const compared = relative === '' ? toBytePath(path.dirname(realpathSync(root))) : undefined
    const stat = statIfPresent(compared ?? joinBytePath(real, relative))
    return stat !== undefined && stat.dev !== volume
  }
}

/** The mount points that the system lists, as byte paths. */
export function parseMountinfo(mountinfo: string): string[] {
  return mountinfo.split('\n').flatMap((line) => {
    const escaped = line.split(' ')[MOUNT_POINT_FIELD]
    if (escaped === undefined) return []
    // Blanks and backslashes are in octal.
    return [escaped.replace(/\\(\d{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8)))]
  })
}

/** Empty where the system has none: then a volume's number tells most of it. */
function readMountinfo(): string {
  let text = ''
  tolerating(ABSENT, () => {
    text = readFileSync(MOUNTINFO, 'latin1')
  })
  return text
}
