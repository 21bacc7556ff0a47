// A directory that is held open: on Linux, `/proc/self/fd/N/name` is the name in the directory that
// is open as N, wherever that is moved, as Node has no openat. Elsewhere it is only looked at.
import { closeSync, constants, existsSync, lstatSync, openSync } from 'node:fs'
import { displayPath, toFsPath } from './byte-path.js'

const DESCRIPTORS = '/proc/self/fd'
const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

/** A directory, and the byte path by which what is in it is reached until it is closed. */
export interface OpenDirectory {
  path: string
  close(): void
}

/** Whether this system has names for what is in an open directory. */
export function canHold(): boolean {
  return process.platform === 'linux' && existsSync(`${DESCRIPTORS}/.`)
}

/** Opens a directory at a byte path. Throws as the system does where there is none, or a symlink. */
export function openDirectory(bytePath: string, isHolding: boolean): OpenDirectory {
  if (isHolding) {
    const fd = openSync(toFsPath(bytePath), DIRECTORY)
    return { path: `${DESCRIPTORS}/${fd}`, close: () => closeSync(fd) }
  }
  if (lstatSync(toFsPath(bytePath)).isDirectory()) return { path: bytePath, close: () => undefined }
  const path = displayPath(bytePath)
  const message = `ENOTDIR: not a directory, open '${path}'`
  throw Object.assign(new Error(message), { code: 'ENOTDIR', syscall: 'open', path })
}
