// Finds the parts of a local repository: a working tree with its .git, a linked
// worktree, a bare repository. https://git-scm.com/docs/gitrepository-layout
import path from 'node:path'
import { codeOf, errnoOf } from '../../base/errno.js'
import { SyncError } from '../../base/errors.js'
import { UnfitFileError } from '../../base/regular-file.js'
import { parseConfig } from '../../git/config.js'
import { CorruptPack } from '../../git/corrupt.js'
import type { ObjectFormat } from '../../git/oid.js'
import { findAlternates } from './alternates.js'
import { readIfExists, statIfExists } from './files.js'

/** The most that a config has, in bytes. */
const CONFIG_BYTES = 1024 * 1024

/** Where a repository keeps what; plain data, so that a worker can be given it. */
export interface LocalRepository {
  /** As the user named it, absolute. */
  directory: string
  /** Holds HEAD. */
  gitDir: string
  /** Holds refs and packed-refs; differs from `gitDir` in a linked worktree. */
  commonDir: string
  /** The object directories: its own, then those it borrows from. */
  objectDirs: string[]
  objectFormat: ObjectFormat
}

/**
 * Opens the repository at `directory`. Throws `repository-not-found`, `access-denied`, or
 * `object-format-unsupported`.
 */
export async function openRepository(directory: string): Promise<LocalRepository> {
  try {
    // The order in which git's own server looks.
    for (const candidate of [path.join(directory, '.git'), directory, `${directory}.git`]) {
      const found = await findGitDir(candidate)
      if (found) {
        const objectFormat = await readObjectFormat(found.commonDir, directory)
        const objectDirs = await findAlternates(path.join(found.commonDir, 'objects'))
        return { directory, ...found, objectDirs, objectFormat }
      }
    }
    throw await notFound(directory)
  } catch (error) {
    throw toLocalError(error, directory)
  }
}

/** A fault of reading a local repository as a SyncError. */
export function toLocalError(error: unknown, directory: string): SyncError {
  if (error instanceof CorruptPack) {
    return damaged(directory, `a pack ${error.fault}`, error)
  }
  if (error instanceof SyncError) return error
  if (codeOf(error).startsWith('Z_')) {
    return damaged(directory, 'an object cannot be inflated', error)
  }
  if (error instanceof UnfitFileError) {
    const message = `The repository ${directory} cannot be read: ${error.path} ${error.message}; have it mended, it is tried again`
    return new SyncError('connection-failed', message, { cause: error })
  }
  const code = errnoOf(error)
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return new SyncError(
        'access-denied',
        `The repository ${directory} may not be read by this user (${code}); change its permissions`,
        { cause: error },
      )
    case 'ENOENT':
    case 'ENOTDIR':
      return new SyncError(
        'repository-not-found',
        `The repository ${directory} vanished while it was read (${code}); check the address`,
        { cause: error },
      )
    default:
      return new SyncError(
        'connection-failed',
        `The repository ${directory} cannot be read (${error instanceof Error ? error.message : error}); it is tried again, check the disk it is on`,
        { cause: error },
      )
  }
}

function damaged(directory: string, how: string, cause: unknown): SyncError {
  const message = `The repository ${directory} is damaged; git fsck tells more (${how})`
  return new SyncError('pack-corrupt', message, { cause })
}

async function findGitDir(
  candidate: string,
): Promise<{ gitDir: string; commonDir: string } | undefined> {
  const gitDir = await followGitFile(candidate)
  if (gitDir === undefined) return undefined
  const common = await readIfExists(path.join(gitDir, 'commondir'))
  const commonDir = common === undefined ? gitDir : path.resolve(gitDir, common.trim())
  const isRepository =
    (await exists(path.join(gitDir, 'HEAD'))) &&
    (await isDirectory(path.join(commonDir, 'objects'))) &&
    (await isDirectory(path.join(commonDir, 'refs')))
  return isRepository ? { gitDir, commonDir } : undefined
}

/** A `.git` that is a file names the real directory. */
async function followGitFile(candidate: string): Promise<string | undefined> {
  const found = await statIfExists(candidate)
  if (found?.isDirectory()) return candidate
  if (!found?.isFile()) return undefined
  const text = await readIfExists(candidate)
  const target = /^gitdir: (.+?)\r?\n?$/.exec(text ?? '')?.[1]
  return target === undefined ? undefined : path.resolve(path.dirname(candidate), target)
}

/** Throws `object-format-unsupported` where the config says that reading takes more. */
async function readObjectFormat(commonDir: string, directory: string): Promise<ObjectFormat> {
  const file = path.join(commonDir, 'config')
  const { variables } = parseConfig((await readIfExists(file, CONFIG_BYTES)) ?? '')
  const extension = (wanted: string) =>
    variables.findLast(
      ({ section, subsection, name }) =>
        section === 'extensions' && subsection === undefined && name === wanted,
    )?.value
  const objectFormat = extension('objectformat') ?? 'sha1'
  const refStorage = extension('refstorage') ?? 'files'
  const isKnown = objectFormat === 'sha1' || objectFormat === 'sha256'
  if (isKnown && refStorage === 'files') return objectFormat
  const unsupported = isKnown
    ? `the ref storage ${refStorage}`
    : `the object format ${objectFormat}`
  throw new SyncError(
    'object-format-unsupported',
    `The repository ${directory} uses ${unsupported}, which cannot be read from disk; serve it over HTTP`,
  )
}

async function notFound(directory: string): Promise<SyncError> {
  const what = (await exists(directory))
    ? 'is not a git repository; check the address'
    : 'does not exist; check the address, which is a path on this machine unless it starts with https:// or user@host:'
  return new SyncError('repository-not-found', `${directory} ${what}`)
}

async function exists(file: string): Promise<boolean> {
  return (await statIfExists(file)) !== undefined
}

async function isDirectory(file: string): Promise<boolean> {
  return (await statIfExists(file))?.isDirectory() ?? false
}
