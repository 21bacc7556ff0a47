// The one door to what is published, and to what is kept beside it: every file and directory is
// reached below directories that are held open, never through a symlink; only regular files are
// read, without waiting and to a bounded size; what is written is a new file. All paths are absolute
// byte paths. What it means when a volume refuses, volume-error.ts tells.
import {
  accessSync,
  closeSync,
  constants,
  type Dirent,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  type Stats,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from 'node:fs'
import { joinBytePath, parentOf, toFsPath } from './byte-path.js'
import {
  ABSENT,
  NO_FILE,
  NO_SYNC,
  NOT_REMOVABLE,
  READ_ONLY,
  readUnless,
  tolerating,
} from './errnos.js'
import { HeldDirectories } from './held-directories.js'
import {
  CREATING,
  type OpenFile,
  openRegular,
  READING,
  readEndOf,
  readRegular,
  type VolumeFile,
} from './open-file.js'
import { type RemovalOptions, removeTree } from './remove-tree.js'
import { writeAll } from './write-all.js'

const QUIETLY = { throwIfNoEntry: false } as const

/** Runs `work` with what lies below a directory, and lets go of it. */
export function holding<T>(base: string, work: (volume: Volume) => T): T {
  const volume = new Volume(base)
  try {
    return volume.naming(() => work(volume))
  } finally {
    volume.close()
  }
}

/** What lies below a directory, the base; what does not is reached by its own path. */
export class Volume extends HeldDirectories {
  /** What is at a path; undefined where nothing is. */
  stat(path: string): Stats | undefined {
    return readUnless(NO_FILE, () => lstatSync(toFsPath(this.entry(path)), QUIETLY))
  }

  isDirectory(path: string): boolean {
    return this.stat(path)?.isDirectory() ?? false
  }

  /** Whether two paths lead to one file. */
  isSameFile(one: string, other: string): boolean {
    const [a, b] = [this.stat(one), this.stat(other)]
    return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev
  }

  /** A regular file, opened for reading. Throws as the system does where there is none. */
  open(path: string): OpenFile {
    return openRegular(toFsPath(this.entry(path)))
  }

  /** A file that is opened, or made, later. */
  file(path: string): VolumeFile {
    return {
      path,
      open: () => this.naming(() => this.open(path)),
      create: () => this.naming(() => this.create(path)),
      remove: () => this.naming(() => tolerating(ABSENT, () => this.unlink(path))),
    }
  }

  /** The content of the regular file at a path. Throws `EFBIG` beyond `maxBytes`. */
  readBytes(path: string, maxBytes: number): Buffer {
    return readRegular(toFsPath(this.entry(path)), maxBytes)
  }

  /** Like {@link readBytes}; undefined where no such file is there. */
  readFile(path: string, maxBytes: number): Buffer | undefined {
    return readUnless(NO_FILE, () => this.readBytes(path, maxBytes))
  }

  /** The last bytes of a regular file, and its status; undefined where no such file is there. */
  readEnd(path: string, length: number): { bytes: Buffer; stat: Stats } | undefined {
    return readUnless(NO_FILE, () => readEndOf(toFsPath(this.entry(path)), length))
  }

  /** The target of a symlink, as bytes. */
  readLink(path: string): Buffer {
    return readlinkSync(toFsPath(this.entry(path)), { encoding: 'buffer' })
  }

  /** Makes a file where nothing is, to be written and read. The umask applies, as for git. */
  create(path: string, mode = 0o666): number {
    return openSync(toFsPath(this.entry(path)), CREATING, mode)
  }

  /** Writes a new file where nothing is, one piece after the other; returns its status. */
  writeNew(path: string, mode: number, pieces: Iterable<Uint8Array>): Stats {
    const file = this.create(path, mode)
    try {
      for (const piece of pieces) writeAll(file, piece)
      return fstatSync(file)
    } finally {
      closeSync(file)
    }
  }

  /** Writes a new file, in place of whatever is there. */
  writeFile(path: string, content: string | Uint8Array): void {
    this.removeFile(path)
    this.writeNew(path, 0o666, [Buffer.from(content)])
  }

  /** Writes a file by way of another, so that nobody sees it half written. */
  replaceFile(path: string, content: string): void {
    this.writeFile(`${path}.next`, content)
    this.replace(`${path}.next`, path)
  }

  /** Gives what is at a path another, in one step. */
  rename(from: string, to: string): void {
    const [source, target] = this.pair(from, to)
    renameSync(toFsPath(source), toFsPath(target))
    this.forget(from)
    this.forget(to)
  }

  /** Puts a file in the place of whatever is there. */
  replace(from: string, to: string): void {
    if (tolerating(['EISDIR', 'ENOTEMPTY', 'EEXIST'], () => this.rename(from, to))) return
    this.removeAll(to)
    this.rename(from, to)
  }

  /** Gives a file a second path. */
  link(from: string, to: string): void {
    const [source, target] = this.pair(from, to)
    linkSync(toFsPath(source), toFsPath(target))
  }

  /** Makes a symlink where nothing is. */
  symlink(target: string | Buffer, at: string): void {
    symlinkSync(target, toFsPath(this.entry(at)))
  }

  /** Removes a file or a symlink that is there. */
  unlink(path: string): void {
    unlinkSync(toFsPath(this.entry(path)))
  }

  /** Removes what is in the place of a file, if anything is. */
  removeFile(path: string): void {
    // A volume that is read-only says so before it looks whether anything is there.
    const isGone = tolerating(['EISDIR', 'EPERM', ...READ_ONLY], () =>
      tolerating(ABSENT, () => this.unlink(path)),
    )
    if (!isGone) this.removeAll(path)
  }

  /** Removes a file, or a directory that is empty; returns whether it did. A mount point stays. */
  removeOne(path: string): boolean {
    const stat = this.stat(path)
    if (!stat) return false
    if (stat.isDirectory()) return this.removeIfEmpty(path)
    return tolerating(['ENOENT', 'EBUSY'], () => this.unlink(path))
  }

  /**
   * Removes a directory that is empty; returns whether it did. A mount point stays, and so does one
   * on a volume that cannot be written, where nothing tells whether it is empty.
   */
  removeIfEmpty(path: string): boolean {
    const isGone = tolerating(NOT_REMOVABLE, () => rmdirSync(toFsPath(this.entry(path))))
    if (isGone) this.forget(path)
    return isGone
  }

  /** Removes whatever is at a path, with all that is in it, but for one path. */
  removeAll(path: string, options: RemovalOptions = {}): void {
    const reached = this.entryIfAny(path)
    if (reached !== undefined) removeTree(reached, path, options)
    this.forget(path)
  }

  /** The names in a directory. */
  names(directory: string): string[] {
    return readdirSync(toFsPath(this.directory(directory)), 'latin1')
  }

  /** What lies in a directory. */
  entries(directory: string): Dirent[] {
    const options = { withFileTypes: true, encoding: 'latin1' } as const
    return readdirSync(toFsPath(this.directory(directory)), options)
  }

  /** All below a directory, by its path there, each before what lies in it. */
  *list(root: string, directory = ''): Generator<{ path: string; isDirectory: boolean }> {
    for (const entry of this.entries(joinBytePath(root, directory))) {
      const path = joinBytePath(directory, entry.name)
      const isDirectory = entry.isDirectory()
      yield { path, isDirectory }
      if (isDirectory) yield* this.list(root, path)
    }
  }

  /** Makes one directory; there must be none. */
  makeDirectory(path: string): void {
    mkdirSync(toFsPath(this.entry(path)))
  }

  /**
   * Makes a directory, and those above it, where there is none; each is tried once, as Node's own
   * recursion never ends where a volume says of a directory that is there that it is not.
   */
  ensureDirectory(path: string): void {
    if (this.isBase(path)) this.makeBase()
    else if (!existsSync(toFsPath(`${this.directoryIfAny(path) ?? path}/.`))) {
      this.ensureDirectory(parentOf(path))
      // Another may be at it as well.
      tolerating(['EEXIST'], () => this.makeDirectory(path))
    }
    lstatSync(toFsPath(`${this.directory(path)}/.`))
  }

  /** Says when a directory was changed last, in milliseconds since the epoch. */
  setTime(directory: string, timeMs: number): void {
    const time = new Date(timeMs)
    utimesSync(toFsPath(`${this.directory(directory)}/.`), time, time)
  }

  /** Throws the system's error where nothing can be written in a directory. */
  assertWritable(directory: string): void {
    accessSync(toFsPath(this.directory(directory)), constants.W_OK)
  }

  /** Waits until a file's content is on the disk; a symlink, or a socket, is left to others. */
  flush(path: string): void {
    const file = readUnless(['ELOOP', 'ENXIO'], () => openSync(toFsPath(this.entry(path)), READING))
    if (file !== undefined) sync(file)
  }

  /** Waits until the names in a directory are on the disk. */
  flushDirectory(directory: string): void {
    sync(openSync(toFsPath(`${this.directory(directory)}/.`), READING))
  }
}

function sync(file: number): void {
  try {
    tolerating(NO_SYNC, () => fsyncSync(file))
  } finally {
    closeSync(file)
  }
}
