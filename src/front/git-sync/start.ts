// What git-sync does before its first sync: the mask of files, its root, the user, the file of git's
// configuration for hooks. Each fault ends it.
import {
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { isWithin } from '../../base/paths.js'
import { ensureDirectories } from './directories.js'
import type { GitConfig } from './git-config.js'
import type { GitSettings } from './git-settings.js'
import type { Options } from './options.js'
import { sshCommandOf } from './ssh-command.js'

/** Where cookies are, if they are sent. */
export const COOKIE_FILE = '/etc/git-secret/cookie_file'

/** Does all of it; returns whether there is a repository already, and what hooks find in their environment. Throws what goes wrong. */
export function prepare(
  given: Options,
  config: GitConfig,
  { sshCommand }: Pick<GitSettings, 'sshCommand'>,
  warn: (message: string) => void,
): { options: Options; hasRepository: boolean; variables: Record<string, string> } {
  const options = prepareRoot(given)
  if (options.cookieFile) accessSync(COOKIE_FILE, constants.R_OK)
  if (options.addUser) addUser(warn)
  const { exechookCommand, inPlace, link, prePublishCommand, root } = options
  const hasRepository = existsSync(path.join(inPlace ? link : root, '.git/HEAD'))
  const variables =
    exechookCommand || prePublishCommand
      ? { ...hookEnvironment(config), GIT_SSH_COMMAND: sshCommandOf(given, sshCommand) }
      : {}
  return { hasRepository, options, variables }
}

/** Makes the root, and gives the options by where that really is. Throws what the system says. */
function prepareRoot(options: Options): Options {
  process.umask(options.groupWrite ? 0o002 : 0o022)
  ensureDirectories(options.root, 0o775)
  const root = realpathSync(options.root)
  const moved = (file: string) =>
    file && isWithin(options.root, file) ? path.join(root, path.relative(options.root, file)) : file
  return {
    ...options,
    root,
    link: moved(options.link),
    errorFile: moved(options.errorFile),
    touchFile: moved(options.touchFile),
  }
}

/** Where version 3 had its root, if a volume is there and nobody said where else. */
export function rootOfVersion3(
  { root }: Pick<Options, 'root'>,
  isMount: (directory: string) => boolean = isMountPoint,
): string | undefined {
  return root === '/git' && !isMount(root) && isMount('/tmp/git') ? '/tmp/git' : undefined
}

function isMountPoint(directory: string): boolean {
  try {
    const mounts = readFileSync('/proc/self/mounts', 'utf8')
    return mounts.split('\n').some((line) => line.split(' ')[1] === directory)
  } catch {
    return false
  }
}

/** Adds the current user to /etc/passwd, where it is missing; warns where that cannot be written. */
export function addUser(warn: (message: string) => void, file = '/etc/passwd'): void {
  const { uid, gid } = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  try {
    const isThere = readFileSync(file, 'utf8')
      .split('\n')
      .some((line) => line.split(':')[2] === String(uid))
    if (isThere) return
    appendFileSync(
      file,
      `git-sync:x:${uid}:${gid}::${process.env['HOME'] ?? '/tmp'}:/sbin/nologin\n`,
    )
  } catch (error) {
    warn(
      `--add-user: ${file} cannot be changed (${(error as Error).message}); nothing here needs it`,
    )
  }
}

/** What a program finds of git's configuration: safe directories, and what it was given. */
function hookEnvironment(config: GitConfig): Record<string, string> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'git-sync.'))
  const file = path.join(folder, 'gitconfig')
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(file, configText([['safe.directory', '*'], ...config]), { mode: 0o600 })
  return { GIT_CONFIG_GLOBAL: file, GIT_CONFIG_NOSYSTEM: 'true' }
}

/** A file of git's configuration, by its rules of escaping. */
export function configText(config: GitConfig): string {
  const lines = config.map(([key, value]) => {
    const [section = '', ...below] = key.split('.')
    const name = below.pop() ?? ''
    const between = below.length > 0 ? ` "${below.join('.').replace(/["\\]/g, '\\$&')}"` : ''
    const escaped = value.replace(/["\\\n\t\b]/g, (each) => `\\${ESCAPES[each] ?? each}`)
    return `[${section}${between}]\n\t${name} = "${escaped}"\n`
  })
  return lines.join('')
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': 'n', '\t': 't', '\b': 'b' }
