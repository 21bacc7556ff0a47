// A directory that is held open: on Linux, `/proc/PID/fd/N/name` is the name in the directory that
// is open as N, wherever that is moved, as Node has no openat. Elsewhere it is only looked at.
import { closeSync, constants, lstatSync, openSync, readlinkSync } from 'node:fs'
import { displayPath, toFsPath } from './byte-path.js'
import { readUnless, UNREADABLE } from './errnos.js'

/**
 * To be held takes no more rights than to be passed through. Node does not have it; the same on
 * all processors that Node runs on.
 */
const O_PATH = 0o10000000
const DIRECTORY = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW

/** A directory, and the byte path by which what is in it is reached until it is closed. */
export interface OpenDirectory {
  path: string
  close(): void
}

/** Where this system has names for what this process has open; null where it has none. */
export function findDescriptors(): string | null {
  if (process.platform !== 'linux') return null
  // Not by process.pid, which another namespace may have its own number for.
  const self = readUnless(UNREADABLE, () => readlinkSync('/proc/self'))
  return self === undefined ? null : `/proc/${self}/fd`
}

/** Opens a directory at a byte path. Throws as the system does where there is none, or a symlink. */
export function openDirectory(bytePath: string, descriptors: string | null): OpenDirectory {
  if (descriptors !== null) {
    const fd = openSync(toFsPath(bytePath), DIRECTORY)
    return { path: `${descriptors}/${fd}`, close: () => closeSync(fd) }
  }
  if (lstatSync(toFsPath(bytePath)).isDirectory()) return { path: bytePath, close: () => undefined }
  const path = displayPath(bytePath)
  const message = `ENOTDIR: not a directory, open '${path}'`
  throw Object.assign(new Error(message), { code: 'ENOTDIR', syscall: 'open', path })
}
