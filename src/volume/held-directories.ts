// Directories on the way to what is published are opened one below the other, never through a
// symlink, and held open: what others put in the place of one meanwhile is not gone through.
// Where directories cannot be held, each is looked at before it is used, and a moment is left.
import { readlinkSync } from 'node:fs'
import { errnoOf } from '../base/errno.js'
import { displayPath, parentOf, toBytePath } from './byte-path.js'
import { NO_FILE, readUnless } from './errnos.js'
import { canHold, type OpenDirectory, openDirectory } from './open-directory.js'
import { realDirectorySync } from './real-path.js'

/** How many directories are held at once, but for those on the way to one that lies deeper. */
const MAX_HELD = 48
/** How many that were asked for last stay good. */
const PINNED = 4

/** Runs `work` with directories below `base`, a byte path, and lets go of them. */
export function holding<T>(base: string, work: (held: HeldDirectories) => T): T {
  const held = new HeldDirectories(base)
  try {
    return work(held)
  } catch (error) {
    throw held.named(error)
  } finally {
    held.close()
  }
}

/** The directories below one that is trusted, for one piece of work; all paths are byte paths. */
export class HeldDirectories {
  /** By their path below the base; the first was opened first. */
  readonly #held = new Map<string, OpenDirectory>()
  readonly #base: string
  readonly #prefix: string
  readonly #isHolding: boolean

  /** Below a directory on whose way nobody but who is trusted may put a symlink. */
  constructor(base: string, isHolding = canHold()) {
    this.#base = toBytePath(realDirectorySync(displayPath(base)))
    this.#prefix = base === '/' ? '/' : `${base}/`
    this.#isHolding = isHolding
  }

  /**
   * The path by which what is in a directory is reached, until some more were asked for. Throws as
   * the system does where it is not there, or a symlink on the way. What is not below the base is
   * reached by its own path.
   */
  directory(path: string): string {
    const isBase = `${path}/` === this.#prefix || path === this.#prefix
    if (!isBase && !path.startsWith(this.#prefix)) return path
    this.#closeOldest(MAX_HELD)
    return this.#open(isBase ? '' : path.slice(this.#prefix.length), 0)
  }

  /** The path by which something in a directory is reached, as {@link directory} answers it. */
  entry(path: string): string {
    return `${this.directory(parentOf(path))}${path.slice(path.lastIndexOf('/'))}`
  }

  /** Like {@link entry}; undefined where its directory is not there, or a symlink on the way. */
  entryIfAny(path: string): string | undefined {
    return readUnless(NO_FILE, () => this.entry(path))
  }

  /** Like {@link directory}; undefined where it is not there, or a symlink on the way. */
  directoryIfAny(path: string): string | undefined {
    return readUnless(NO_FILE, () => this.directory(path))
  }

  /** Forgets a directory, and all below it, that is moved or removed. */
  forget(path: string): void {
    const relative = path.slice(this.#prefix.length)
    for (const held of this.#held.keys()) {
      if (held === relative || held.startsWith(`${relative}/`)) this.#close(held)
    }
  }

  /** Closes all; what was answered is not good any more. */
  close(): void {
    for (const held of this.#held.keys()) this.#close(held)
  }

  /** An error of the system, by the names that a directory had when it was opened. */
  named(error: unknown): unknown {
    if (!(error instanceof Error) || errnoOf(error) === '') return error
    const rename = (text: string) =>
      text.replace(/\/proc\/self\/fd\/\d+/g, (by) => this.#nameOf(by))
    error.message = rename(error.message)
    for (const field of ['path', 'dest'] as const) {
      const value: unknown = Reflect.get(error, field)
      if (typeof value === 'string') Reflect.set(error, field, rename(value))
    }
    return error
  }

  #open(relative: string, depth: number): string {
    const known = this.#held.get(relative)
    if (known) return known.path
    const at = relative === '' ? this.#base : this.#entryOf(relative, depth + 1)
    const opened = openDirectory(at, this.#isHolding)
    this.#held.set(relative, opened)
    // Not all of a long way is held.
    if (depth > MAX_HELD) this.#closeOldest(depth)
    return opened.path
  }

  #entryOf(relative: string, depth: number): string {
    const name = relative.slice(relative.lastIndexOf('/') + 1)
    const above = this.#open(parentOf(relative), depth)
    return above === '/' ? `/${name}` : `${above}/${name}`
  }

  #nameOf(path: string): string {
    const found = [...this.#held].find(([, held]) => held.path === path)
    if (found) return displayPath(found[0] === '' ? this.#base : `${this.#prefix}${found[0]}`)
    return readUnless(NO_FILE, () => readlinkSync(path)) ?? path
  }

  #closeOldest(keep: number): void {
    if (this.#held.size <= keep + PINNED) return
    const spare = this.#held.size - PINNED
    for (const held of [...this.#held.keys()].slice(0, Math.min(spare, this.#held.size - keep))) {
      this.#close(held)
    }
  }

  #close(held: string): void {
    this.#held.get(held)?.close()
    this.#held.delete(held)
  }
}
