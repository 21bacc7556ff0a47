// What a volume answers, by what it means, and how to go on where that was to be expected.
import { errnoOf } from '../base/errno.js'

/** Nothing is there, or a file stands where a directory would have to. */
export const ABSENT = ['ENOENT', 'ENOTDIR']

/** What is there is no file: nothing, a symlink, a directory, a FIFO, a device; or it is endless. */
export const NO_FILE = [
  ...ABSENT,
  'ELOOP',
  'EMLINK',
  'EISDIR',
  'EINVAL',
  'ENXIO',
  'ENODEV',
  'EFBIG',
]

/** Nothing can be read there, for whatever reason. */
export const UNREADABLE = [...NO_FILE, 'EACCES', 'EPERM', 'EIO']

/** What was seen went meanwhile, or cannot be read, or not any more (a bad sector). */
export const NOT_AS_SEEN = [...NO_FILE, 'EACCES', 'EIO']

/** Nothing can be written there while it is mounted so: what is there stays as it is. */
export const READ_ONLY = ['EROFS']

/** Nor by this user, or by anybody while an attribute forbids it. */
const FORBIDDEN = [...READ_ONLY, 'EACCES', 'EPERM']

/** Nothing can be written there, as that is forbidden or nothing more fits. */
export const UNWRITABLE = [...FORBIDDEN, 'ENOSPC', 'EDQUOT']

/** One name stays, whatever else can be done on the volume, as to change it is forbidden or it is mounted. */
export const REFUSED = [...FORBIDDEN, 'EBUSY']

/** A directory is not empty, or not there, or refused. */
export const NOT_REMOVABLE = [...ABSENT, 'ENOTEMPTY', 'EEXIST', ...REFUSED]

/** The volume has no hard links, or no more of them. */
export const NO_LINK = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV', 'EACCES']

/** The volume has no symlinks. */
export const NO_SYMLINK = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL']

/** The volume cannot sync a directory, or anything. */
export const NO_SYNC = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EBADF', 'EISDIR']

/** Something came in the way of a rename after it was planned. */
export const IN_THE_WAY = ['EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST', 'EXDEV', 'EBUSY']

/** What is to be renamed is mounted, or the rename would lead to another volume. */
export const MOUNTED = ['EBUSY', 'EXDEV']

/** What `read` gives; undefined where the volume answers with one of these codes. */
export function readUnless<T>(codes: readonly string[], read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (codes.includes(errnoOf(error))) return undefined
    throw error
  }
}

/** Runs `change`, for which it is fine that what it would change is in one of these states already. */
export function tolerating(codes: readonly string[], change: () => void): boolean {
  try {
    change()
    return true
  } catch (error) {
    if (codes.includes(errnoOf(error))) return false
    throw error
  }
}
