// Notices that something of interest happens in a folder, also after the folder
// was deleted and made again. May miss events; never reads what is below.
import { realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { type FSWatcher, watch } from 'chokidar'

/** Watches the files named `names` in `folder`, once {@link FolderWatch.ensure} was called. */
export class FolderWatch {
  readonly #folder: string
  readonly #names: ReadonlySet<string>
  readonly #notify: () => void
  #watcher: FSWatcher | undefined
  #identity: string | undefined

  constructor(folder: string, names: readonly string[], notify: () => void) {
    this.#folder = folder
    this.#names = new Set(names)
    this.#notify = notify
  }

  /** Makes sure that the folder which is there now is the one being watched. */
  async ensure(): Promise<void> {
    const found = await this.#find()
    if (found?.identity === this.#identity) return
    await this.#watcher?.close()
    this.#identity = found?.identity
    this.#watcher = found && this.#watch(found.directory)
  }

  async close(): Promise<void> {
    await this.#watcher?.close()
    this.#watcher = undefined
  }

  #watch(directory: string): FSWatcher {
    const watcher = watch(directory, {
      // chokidar would watch the folder above a symlink, or follow ..data into its target.
      followSymlinks: false,
      depth: 0,
      ignored: (file) => file !== directory && !this.#names.has(path.basename(file)),
      ignoreInitial: true,
      atomic: false,
    })
    watcher.on('all', this.#notify)
    // What happened before the watch was ready caused no event.
    watcher.on('ready', this.#notify)
    // Out of inotify watches, for instance: the owner looks again by time in any case.
    watcher.on('error', () => {})
    return watcher
  }

  async #find(): Promise<{ directory: string; identity: string } | undefined> {
    try {
      const directory = await realpath(this.#folder)
      const { dev, ino, birthtimeNs } = await stat(directory, { bigint: true })
      return { directory, identity: `${directory} ${dev} ${ino} ${birthtimeNs}` }
    } catch {
      // The folder is away; a later call finds it again.
      return undefined
    }
  }
}
