// What of an SSH command is done, as GIT_SSH_COMMAND and core.sshCommand have it: no ssh program is run.
import path from 'node:path'
import type { Options } from './options.js'

/** The command by which hooks reach SSH hosts as this program does: `base`, with what the flags say. */
export function sshCommandOf(
  {
    sshKeyFile,
    sshKnownHosts,
    sshKnownHostsFile,
  }: Pick<Options, 'sshKeyFile' | 'sshKnownHosts' | 'sshKnownHostsFile'>,
  base = 'ssh',
): string {
  const keys = sshKeyFile.flatMap((file) => ['-i', path.resolve(file)])
  const knownHosts = path.resolve(sshKnownHostsFile)
  const trust = sshKnownHosts
    ? [
        'StrictHostKeyChecking=yes',
        `UserKnownHostsFile=${isPlain(knownHosts) ? knownHosts : `"${knownHosts}"`}`,
      ]
    : ['StrictHostKeyChecking=no']
  const words = [...keys, ...trust.flatMap((option) => ['-o', option])]
  return [base, ...words.map(quoted)].join(' ')
}

/** A word of a shell. */
function quoted(word: string): string {
  return isPlain(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

function isPlain(word: string): boolean {
  return /^[\w@%+=:,./-]+$/.test(word)
}

/** What is done of an SSH command. */
export interface SshCommandParts {
  keyFiles: string[]
  knownHosts: string | false | undefined
  port: string | undefined
}

/** The keys, the trust and the port of an SSH command; the rest is told to `warn`. */
export function readSshCommand(command: string, warn: (message: string) => void): SshCommandParts {
  const words =
    command.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)?.map((word) => word.replace(/["']/g, '')) ?? []
  const keyFiles: string[] = []
  let knownHosts: SshCommandParts['knownHosts']
  let port: string | undefined
  for (let at = 1; at < words.length; at++) {
    const [, letter = '', joined = ''] = /^-(.)(.*)$/.exec(words[at] ?? '') ?? []
    const value = () => joined || (words[++at] ?? '')
    if (letter === 'i') keyFiles.push(value())
    else if (letter === 'p') port ??= value()
    else if (letter === 'o') {
      const [, name = '', set = ''] = /^(\w+)[= ](.*)$/.exec(value()) ?? []
      if (/^StrictHostKeyChecking$/i.test(name)) {
        if (/^(?:no|off)$/i.test(set)) {
          knownHosts = false
          warn(`${name}=${set} in the SSH command: the keys of SSH hosts are not verified`)
        } else if (/^accept-new$/i.test(set)) {
          warn(
            `${name}=${set} in the SSH command is ignored, as no key is learnt here: add the host's to the known_hosts file (ssh-keyscan prints it), or set --ssh-known-hosts=false to trust any`,
          )
        }
      } else if (/^UserKnownHostsFile$/i.test(name)) {
        if (set !== '/dev/null') knownHosts ??= set
      } else if (!/^(?:IdentitiesOnly|LogLevel|BatchMode)$/i.test(name)) {
        warn(`the option ${name} of the SSH command is ignored: no ssh program is run`)
      }
    } else if (!/^[qvTx]$/.test(letter))
      warn(`${words[at]} in the SSH command is ignored: no ssh program is run`)
  }
  return { keyFiles, knownHosts, port }
}
