// Directories on the way to what is published are opened one below the other, never through a
// symlink, and held open: what others put in the place of one meanwhile is not gone through.
// Where directories cannot be held, each is looked at before it is used, and a moment is left.
import { mkdirSync, readlinkSync } from 'node:fs'
import { errnoOf } from '../base/errno.js'
import { displayPath, nameOf, parentOf, toBytePath, toFsPath } from './byte-path.js'
import { NO_FILE, readUnless, tolerating } from './errnos.js'
import { findDescriptors, type OpenDirectory, openDirectory } from './open-directory.js'
import { realDirectorySync } from './real-path.js'

/** How many directories are held at once, but for those on the way to one that lies deeper. */
const MAX_HELD = 48

/** The directories below one, for one piece of work; all paths are absolute byte paths. */
export class HeldDirectories {
  /** Where the base really is: where its symlinks lead now is where they lead to the end. */
  readonly realBase: string
  /** By their path; the first was opened first. */
  readonly #held = new Map<string, OpenDirectory>()
  /** As it was given, without a slash at its end. */
  readonly base: string
  readonly #descriptors: string | null
  /** One that stays open. */
  #pinned: string | undefined

  /** Up to the base, symlinks lead where they lead now; below it, none is gone through. */
  constructor(base: string, descriptors = findDescriptors()) {
    this.realBase = toBytePath(realDirectorySync(displayPath(base)))
    this.base = base === '/' ? '' : base
    this.#descriptors = descriptors
  }

  /**
   * The path by which what is in a directory is reached, until another is asked for. Throws as
   * the system does where it is not there, or a symlink on the way. What is not below the base is
   * reached by its own path.
   */
  directory(path: string): string {
    const known = this.#held.get(path)
    if (known) return known.path
    const isBelow = this.isBase(path) || path.startsWith(`${this.base}/`)
    if (!isBelow) return path
    this.#closeOldest(MAX_HELD)
    return this.#open(path, 0)
  }

  /** Whether a path is the base. */
  isBase(path: string): boolean {
    return path === this.base
  }

  /** The path by which something in a directory is reached, as {@link directory} answers it. */
  entry(path: string): string {
    const slash = path.lastIndexOf('/')
    return this.directory(path.slice(0, slash)) + path.slice(slash)
  }

  /** Like {@link entry}, of two, both of which are good. */
  pair(one: string, other: string): [string, string] {
    const first = this.entry(one)
    this.#pinned = parentOf(one)
    try {
      return [first, this.entry(other)]
    } finally {
      this.#pinned = undefined
    }
  }

  /** Like {@link entry}; undefined where its directory is not there, or a symlink on the way. */
  entryIfAny(path: string): string | undefined {
    return readUnless(NO_FILE, () => this.entry(path))
  }

  /** Like {@link directory}; undefined where it is not there, or a symlink on the way. */
  directoryIfAny(path: string): string | undefined {
    return readUnless(NO_FILE, () => this.directory(path))
  }

  /** Makes the base where it is not there, and what is missing above it. */
  makeBase(): void {
    if (!this.#held.has(this.base)) this.#held.set(this.base, this.#openBase(true))
  }

  /** Forgets a directory, and all below it, that is moved or removed. */
  forget(path: string): void {
    for (const held of this.#held.keys()) {
      if (held.startsWith(path) && (held === path || held[path.length] === '/')) this.#close(held)
    }
  }

  /** Closes all: what was answered is not good any more, and what is asked for is opened anew. */
  close(): void {
    for (const held of this.#held.keys()) this.#close(held)
  }

  /** An error of the system, by the names that a directory had when it was opened. */
  named(error: unknown): unknown {
    return renamed(error, (reached) => this.#nameOf(reached))
  }

  /** Runs `work`, in whose errors directories have their names. */
  naming<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw this.named(error)
    }
  }

  #open(path: string, depth: number): string {
    const known = this.#held.get(path)
    if (known) return known.path
    const opened =
      path === this.base
        ? this.#openBase(false)
        : this.#openAt(`${this.#open(parentOf(path), depth + 1)}/${nameOf(path)}`)
    this.#held.set(path, opened)
    // Not all of a long way is held.
    if (depth > MAX_HELD) this.#closeOldest(depth)
    return opened.path
  }

  /** From the root of the file system on, as whoever owns a directory above may swap it as well. */
  #openBase(isMade: boolean): OpenDirectory {
    let opened: OpenDirectory = { path: '', close: () => undefined }
    let real = ''
    for (const name of this.realBase.split('/').filter(Boolean)) {
      const above = opened
      const at = `${above.path}/${name}`
      try {
        const found = isMade ? readUnless(['ENOENT'], () => this.#openAt(at)) : this.#openAt(at)
        // Another may be at it as well.
        if (!found) tolerating(['EEXIST'], () => mkdirSync(toFsPath(at)))
        opened = found ?? this.#openAt(at)
        real = `${real}/${name}`
      } catch (error) {
        throw renamed(error, () => displayPath(real))
      } finally {
        above.close()
      }
    }
    return opened
  }

  #openAt(path: string): OpenDirectory {
    return openDirectory(path, this.#descriptors)
  }

  #nameOf(path: string): string {
    const found = [...this.#held].find(([, held]) => held.path === path)
    if (found) return displayPath(found[0])
    return readUnless(NO_FILE, () => readlinkSync(path)) ?? path
  }

  #closeOldest(keep: number): void {
    for (const held of this.#held.keys()) {
      if (this.#held.size <= keep) return
      if (held !== this.#pinned) this.#close(held)
    }
  }

  #close(held: string): void {
    this.#held.get(held)?.close()
    this.#held.delete(held)
  }
}

/** An error of the system, by names instead of what reaches directories that are open. */
export function renamed(error: unknown, nameOf: (reached: string) => string): unknown {
  if (!(error instanceof Error) || errnoOf(error) === '') return error
  const rename = (text: string) => text.replace(/\/proc\/\d+\/fd\/\d+/g, nameOf)
  error.message = rename(error.message)
  for (const field of ['path', 'dest'] as const) {
    const value: unknown = Reflect.get(error, field)
    if (typeof value === 'string') Reflect.set(error, field, rename(value))
  }
  return error
}
