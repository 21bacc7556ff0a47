// The file system that isomorphic-git is given: what lies below held directories of a volume, never
// through a symlink, regular files of a bounded size only, and every file written whole by a rename.
import type { Stats } from 'node:fs'
import path from 'node:path'
import { toBytePath } from '../../volume/byte-path.js'
import type { Volume } from '../../volume/volume.js'
import { writeWhole } from './write-whole.js'

/** No file that isomorphic-git reads of a repository is larger, in bytes: configuration, refs. */
const MAX_BYTES = 16 * 1024 * 1024

/** What isomorphic-git asks of a file system. */
export interface GitFs {
  promises: Record<
    | 'lstat'
    | 'mkdir'
    | 'readFile'
    | 'readdir'
    | 'readlink'
    | 'rmdir'
    | 'stat'
    | 'symlink'
    | 'unlink'
    | 'writeFile',
    // biome-ignore lint/suspicious/noExplicitAny: each has its own arguments, as Node's fs has
    (...args: any[]) => Promise<unknown>
  >
}

/** The files of a repository, for isomorphic-git. */
export function volumeFs(volume: Volume, repository: string): GitFs {
  const stat = async (file: string): Promise<Stats> => {
    const found = volume.stat(toBytePath(file))
    if (found) return found
    throw Object.assign(new Error(`ENOENT: nothing is at ${file}`), { code: 'ENOENT' })
  }
  return {
    promises: {
      stat,
      lstat: stat,
      readFile: async (file: string, options?: string | { encoding?: string }) => {
        const bytes = volume.readBytes(toBytePath(file), MAX_BYTES)
        const encoding = typeof options === 'string' ? options : options?.encoding
        return encoding === undefined ? bytes : bytes.toString('utf8')
      },
      writeFile: async (file: string, content: string | Uint8Array) => {
        volume.ensureDirectory(toBytePath(path.dirname(file)))
        writeWhole(volume, repository, toBytePath(file), [Buffer.from(content)])
      },
      mkdir: async (directory: string) => volume.makeDirectory(toBytePath(directory)),
      readdir: async (directory: string) =>
        volume.names(toBytePath(directory)).map((name) => Buffer.from(name, 'latin1').toString()),
      readlink: async (file: string) => volume.readLink(toBytePath(file)).toString(),
      symlink: async () => {
        throw Object.assign(new Error('EPERM: a repository has no symlinks'), { code: 'EPERM' })
      },
      unlink: async (file: string) => volume.unlink(toBytePath(file)),
      rmdir: async (directory: string) => volume.removeIfEmpty(toBytePath(directory)),
    },
  }
}
