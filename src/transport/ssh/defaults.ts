// Where keys and known hosts are looked for where no credential names their files:
// first where Kubernetes mounts the secret of git-sync, then in the user's home.
import { readdir } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

/** What a connection falls back on; a test passes in its own. */
export interface SshDefaults {
  /** Holds the key `ssh`, and `known_hosts`. */
  secretDirectory: string
  /** The user's home; undefined where there is none. */
  home: string | undefined
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

/** The defaults of this process. */
export function sshDefaults(
  env: Readonly<Record<string, string | undefined>>,
  userInfo: () => UserInfo = os.userInfo,
): SshDefaults {
  const user = tryUserInfo(userInfo)
  return {
    secretDirectory: '/etc/git-secret',
    home: env['HOME'] || user?.homedir,
    agentSocket: env['SSH_AUTH_SOCK'] || undefined,
    username: user?.username ?? ANONYMOUS,
  }
}

/** Every file a key may be in, in the order in which they are tried. */
export async function defaultKeyFiles({ secretDirectory, home }: SshDefaults): Promise<string[]> {
  const own = home === undefined ? [] : await keysIn(path.join(home, '.ssh'))
  return [path.join(secretDirectory, 'ssh'), ...own]
}

/** Every file with known hosts. */
export function defaultKnownHostsFiles({ secretDirectory, home }: SshDefaults): string[] {
  const own = home === undefined ? [] : [path.join(home, '.ssh', 'known_hosts')]
  return [path.join(secretDirectory, 'known_hosts'), ...own]
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
