// The file system that isomorphic-git is given: what lies below held directories of a volume, never
// through a symlink, regular files of a bounded size only, and every file written whole by a rename.
// Texts are byte strings, as git has no encoding for them.
import type { Stats } from 'node:fs'
import path from 'node:path'
import { toBytePath } from '../../volume/byte-path.js'
import type { RepositoryFiles } from './git-lock.js'
import { writeShared } from './write-whole.js'

/** No file that isomorphic-git reads of a repository is larger, in bytes: configuration, refs. */
const MAX_BYTES = 16 * 1024 * 1024

/** What isomorphic-git asks of a file system. */
export interface GitFs {
  promises: {
    lstat(file: string): Promise<Stats>
    mkdir(directory: string): Promise<void>
    readFile(file: string, options?: string | { encoding?: string }): Promise<Buffer | string>
    readdir(directory: string): Promise<string[]>
    readlink(file: string): Promise<string>
    rmdir(directory: string): Promise<boolean>
    stat(file: string): Promise<Stats>
    symlink(): Promise<never>
    unlink(file: string): Promise<void>
    writeFile(file: string, content: string | Uint8Array): Promise<void>
  }
}

/** The files of a repository, for isomorphic-git. */
export function volumeFs(place: RepositoryFiles): GitFs {
  const { volume } = place
  const stat = async (file: string): Promise<Stats> => {
    const found = volume.stat(toBytePath(file))
    if (found) return found
    throw Object.assign(new Error(`ENOENT: nothing is at ${file}`), { code: 'ENOENT' })
  }
  return {
    promises: {
      stat,
      lstat: stat,
      async readFile(file, options) {
        const bytes = volume.readBytes(toBytePath(file), MAX_BYTES)
        const encoding = typeof options === 'string' ? options : options?.encoding
        return encoding === undefined ? bytes : bytes.toString('latin1')
      },
      async writeFile(file, content) {
        volume.ensureDirectory(toBytePath(path.dirname(file)))
        const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content
        writeShared(place, toBytePath(file), [bytes])
      },
      mkdir: async (directory) => volume.makeDirectory(toBytePath(directory)),
      readdir: async (directory) =>
        volume.names(toBytePath(directory)).map((name) => Buffer.from(name, 'latin1').toString()),
      readlink: async (file) => volume.readLink(toBytePath(file)).toString(),
      async symlink() {
        throw Object.assign(new Error('EPERM: a repository has no symlinks'), { code: 'EPERM' })
      },
      unlink: async (file) => volume.unlink(toBytePath(file)),
      rmdir: async (directory) => volume.removeIfEmpty(toBytePath(directory)),
    },
  }
}
