// A volume that lacks things, made of a directory of one that has them: no symlinks, no hard
// links, permissions that are always the same, names that differ in case taken for one.
import fs, { type Stats } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import { foldPath } from '../../src/publish/stage/name-clash.js'
import { asByteString, fsError, withGate } from './fs-faults.js'

export interface PoorVolume {
  /** What it answers where a symlink is made; undefined: nothing is wrong. */
  symlinks?: string
  /** What it answers where a hard link is made; undefined: nothing is wrong. */
  links?: string
  /** The permissions of every file. */
  permissions?: number
  /** Whether it takes names for one as `foldPath` does, and keeps the name it was given first. */
  foldsNames?: boolean
}

/** Runs `work` as if `directory` were on such a volume. */
export function onPoorVolume<T>(directory: string, volume: PoorVolume, work: () => T): T {
  let result: { value: T } | undefined
  const gated = () =>
    withGate(
      ({ name, paths }, args) => {
        if (!paths.some((file) => file.startsWith(directory))) return
        if (/chmod|chown|utimes/.test(name)) throw fsError('EPERM')
        if (name === 'symlinkSync' && volume.symlinks) throw fsError(volume.symlinks)
        if (name === 'linkSync' && volume.links) throw fsError(volume.links)
        if (volume.foldsNames) foldArguments(args, directory, name === 'symlinkSync')
      },
      () => {
        result = { value: work() }
      },
    )
  if (volume.permissions === undefined) gated()
  else withPermissions(directory, volume.permissions, gated)
  return (result as { value: T }).value
}

function foldArguments(args: unknown[], directory: string, isSymlink: boolean): void {
  for (const [index, arg] of args.entries()) {
    if (isSymlink && index === 0) continue
    if (typeof arg !== 'string' && !Buffer.isBuffer(arg)) continue
    const text = asByteString(arg)
    if (text.startsWith(`${directory}/`)) args[index] = Buffer.from(asStored(text), 'latin1')
  }
}

/** A path by the names that its parts were given when they were made. */
function asStored(text: string): string {
  const parent = path.posix.dirname(text)
  const name = path.posix.basename(text)
  if (parent === '/' || parent === text) return text
  const above = asStored(parent)
  const names = namesIn(above)
  const stored = names.includes(name) ? name : names.find((o) => foldPath(o) === foldPath(name))
  return path.posix.join(above, stored ?? name)
}

function namesIn(directory: string): string[] {
  try {
    return fs.readdirSync(Buffer.from(directory, 'latin1'), 'latin1')
  } catch {
    // Not there, or no directory: then nothing below it has a name yet.
    return []
  }
}

function withPermissions(directory: string, permissions: number, work: () => void): void {
  const { fstatSync, lstatSync } = fs
  const asThere = (stat: Stats, file: string): Stats => {
    if (stat.isFile() && file.startsWith(directory)) stat.mode = (stat.mode & ~0o777) | permissions
    return stat
  }
  const answer = (file: fs.PathLike, options?: { throwIfNoEntry: false }): Stats | undefined => {
    const stat = lstatSync(file, options)
    return stat && asThere(stat, asByteString(file as string))
  }
  Reflect.set(fs, 'lstatSync', answer)
  Reflect.set(fs, 'fstatSync', (fd: number) => {
    return asThere(fstatSync(fd), fs.readlinkSync(`/proc/self/fd/${fd}`))
  })
  syncBuiltinESMExports()
  try {
    work()
  } finally {
    Object.assign(fs, { fstatSync, lstatSync })
    syncBuiltinESMExports()
  }
}
