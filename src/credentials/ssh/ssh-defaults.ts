// Where keys and known hosts are looked for where no credential names their files:
// first where Kubernetes mounts the secret of git-sync, then in the user's home.
import { readdir } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { type NamedFile, namedIn } from '../../base/file-name.js'

/** What a connection falls back on; a test passes in its own. */
export interface SshDefaults {
  /** Holds the key `ssh`, and `known_hosts`. */
  secretDirectory: string
  /** Homes that may have a `.ssh`, in the order in which they are looked into. */
  homes: readonly string[]
  /** In place of all the usual keys. */
  keyFiles?: readonly NamedFile[] | undefined
  /** In place of all the usual files of known hosts. False: every host is trusted. */
  knownHostsFiles?: readonly NamedFile[] | false | undefined
  /** The socket of ssh-agent. */
  agentSocket: string | undefined
  /** Who logs in where neither URL nor credential says it. */
  username: string
}

interface UserInfo {
  username: string
  homedir: string
}

/** The user where the system knows of none. */
const ANONYMOUS = 'git'
/** Where the image of 2022 had its keys, whatever user runs here. */
const EARLIER_HOME = '/home/node'

/** The defaults of this process. */
export function sshDefaults(
  env: Readonly<Record<string, string | undefined>>,
  userInfo: () => UserInfo = os.userInfo,
): SshDefaults {
  const user = tryUserInfo(userInfo)
  const home = env['HOME'] || user?.homedir
  return {
    secretDirectory: '/etc/git-secret',
    homes: home === undefined || home === EARLIER_HOME ? [EARLIER_HOME] : [home, EARLIER_HOME],
    agentSocket: env['SSH_AUTH_SOCK'] || undefined,
    username: user?.username ?? ANONYMOUS,
  }
}

/** Every file a key may be in, in the order in which they are tried. */
export async function defaultKeyFiles({
  secretDirectory,
  homes,
  keyFiles,
}: SshDefaults): Promise<readonly NamedFile[]> {
  if (keyFiles) return keyFiles
  const own = await Promise.all(homes.map((home) => keysIn(path.join(home, '.ssh'))))
  return [path.join(secretDirectory, 'ssh'), ...own.flat()].map((file) => namedIn('/', file))
}

/** Every file with known hosts. */
export function defaultKnownHostsFiles({
  secretDirectory,
  homes,
  knownHostsFiles,
}: SshDefaults): readonly NamedFile[] | false {
  if (knownHostsFiles !== undefined) return knownHostsFiles
  const own = homes.map((home) => path.join(home, '.ssh', 'known_hosts'))
  return [path.join(secretDirectory, 'known_hosts'), ...own].map((file) => namedIn('/', file))
}

async function keysIn(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory)
    return names
      .filter((name) => name.startsWith('id_') && !name.endsWith('.pub'))
      .sort()
      .map((name) => path.join(directory, name))
  } catch {
    // No such directory, or one that is not for this user: no keys.
    return []
  }
}

/** A container may run as a user that no passwd file knows. */
function tryUserInfo(userInfo: () => UserInfo): UserInfo | undefined {
  try {
    return userInfo()
  } catch {
    return undefined
  }
}
