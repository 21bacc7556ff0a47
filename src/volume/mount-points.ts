// Where other volumes are mounted, so that nothing on them is taken for a part of what is
// published. A bind mount can be of the same volume: only the system's own list tells.
// https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
import { lstatSync, readFileSync, realpathSync, type Stats } from 'node:fs'
import path from 'node:path'
import { SyncError } from '../base/errors.js'
import { displayPath, joinBytePath, toBytePath, toFsPath } from './byte-path.js'
import { ABSENT, readUnless } from './errnos.js'
import { lstatIfAny } from './open-file.js'
import { realDirectorySync } from './real-path.js'

const MOUNTINFO = '/proc/self/mountinfo'
const MOUNT_POINT_FIELD = 4

/** Answers whether something is mounted at a relative byte path; its status may be known already. */
export type MountPoints = (relative: string, known?: Stats) => boolean

/**
 * Answers whether something is mounted at a byte path below a directory, or, for the empty path,
 * at the directory itself.
 */
export function mountPointsBelow(root: string, mountinfo: string = readMountinfo()): MountPoints {
  const real = toBytePath(realpathSync(root))
  const volume = lstatSync(toFsPath(real)).dev
  const mounted = new Set(parseMountinfo(mountinfo))
  return (relative, known) => {
    if (mounted.has(joinBytePath(real, relative))) return true
    const compared =
      relative === '' ? toBytePath(path.dirname(realpathSync(root))) : joinBytePath(real, relative)
    const stat = known ?? lstatIfAny(toFsPath(compared))
    return stat !== undefined && stat.dev !== volume
  }
}

/** What a path lies on, as a byte path; undefined where the system does not tell. */
export function mountPointOf(
  target: string,
  mountinfo: string = readMountinfo(),
): string | undefined {
  const real = `${toBytePath(realDirectorySync(target))}/`
  const isAbove = (mounted: string) => real.startsWith(mounted === '/' ? '/' : `${mounted}/`)
  const above = parseMountinfo(mountinfo).filter(isAbove)
  return above.sort((one, other) => other.length - one.length)[0]
}

/**
 * Throws `volume-failed` where nothing is mounted any more at a byte path: what is left there is
 * a directory of the volume that it was mounted on.
 */
export function assertStillMounted(
  mountPoint: string | undefined,
  mountinfo: string = readMountinfo(),
): void {
  if (mountPoint === undefined) return
  const mounted = parseMountinfo(mountinfo)
  if (mounted.length === 0 || mounted.includes(mountPoint)) return
  throw new SyncError(
    'volume-failed',
    `The volume at ${displayPath(mountPoint)} is not mounted any more, and nothing is written to what lies under it; mount it again, then the sync goes on by itself (where it is to stay away, restart this service)`,
  )
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
  return readUnless([...ABSENT, 'EACCES', 'EPERM'], () => readFileSync(MOUNTINFO, 'latin1')) ?? ''
}
