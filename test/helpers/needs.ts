// What a test needs of the machine: where it is lacking, the test counts as skipped, with the
// reason, and `.ci/run` takes no skip where it runs as root.
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import path from 'node:path'

/** Options of a test, or of a suite: why it is skipped, if it is. */
export interface Need {
  skip: string | false
}

/** Only root may do what the test does. */
export const NEEDS_ROOT = need(process.getuid?.() === 0, 'only root may do this')

/** What lies below a directory that is held open has a path, as on Linux only. */
export const NEEDS_LINUX = need(process.platform === 'linux', 'only Linux has this')

/** A program in one of the folders. @default PATH */
export function needsProgram(name: string, folders = process.env['PATH'] ?? ''): Need {
  const isThere = folders.split(path.delimiter).some((folder) => isExecutable(folder, name))
  return need(isThere, `${name} is not installed`)
}

/** The right to mount, as root has in most containers that run tests. */
export function needsMounts(): Need {
  const probe = ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']
  return need(spawnSync('unshare', probe).status === 0, 'this process may not mount')
}

/** The first of several needs that is not met. */
export function needsAll(...needs: Need[]): Need {
  return needs.find(({ skip }) => skip) ?? { skip: false }
}

function need(isMet: boolean, reason: string): Need {
  return { skip: isMet ? false : reason }
}

function isExecutable(folder: string, name: string): boolean {
  try {
    accessSync(path.join(folder, name), constants.X_OK)
    return true
  } catch {
    // Not there, or not for this user.
    return false
  }
}
