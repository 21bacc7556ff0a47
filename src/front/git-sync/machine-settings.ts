// What the flags of git-sync are as settings of the machine, and what it logs in with.

import path from 'node:path'
import { namedIn } from '../../base/file-name.js'
import type { Credential } from '../../credentials/credential.js'
import type { Environment } from '../../credentials/environment.js'
import type { MachineOptions } from '../../machine.js'
import { readSettings, SETTINGS, type Settings } from '../../settings.js'
import { UsageError } from './command-line.js'
import type { GitSettings } from './git-settings.js'
import { MAX_CONCURRENT_SYNCS, type Options } from './options.js'
import { readSshCommand } from './ssh-command.js'
import { COOKIE_FILE } from './start.js'

/** The settings of the machine: what git-sync has no flag for is as it is by itself. */
export function settingsOf(options: Options, git: GitSettings, env: Environment): Settings {
  const names = [SETTINGS.httpProxy, SETTINGS.httpsProxy, SETTINGS.noProxy].flatMap(
    ({ variables }) => variables,
  )
  const proxies = Object.fromEntries(names.map((name) => [name, env[name]]))
  const flags = new Map([
    [SETTINGS.maxConcurrentSyncs.name, String(MAX_CONCURRENT_SYNCS)],
    [SETTINGS.maxConcurrentPolls.name, '1'],
    ...(git.proxy
      ? ([
          [SETTINGS.httpProxy.name, git.proxy],
          [SETTINGS.httpsProxy.name, git.proxy],
        ] as const)
      : []),
    ...(git.caFile ? ([[SETTINGS.caFile.name, git.caFile]] as const) : []),
  ])
  const faults: string[] = []
  const settings = readSettings(flags, proxies, process.cwd(), faults)
  if (faults.length > 0) throw new UsageError(faults.join('; '), 1, false)
  return {
    ...settings,
    scrapeIntervalMs: options.period,
    syncTimeoutMs: options.syncTimeout,
    idleTimeoutMs: Math.max(settings.idleTimeoutMs, options.syncTimeout),
    worktreeGracePeriodMs: options.staleWorktreeTimeout,
    // What others change in a worktree is left until the next start.
    verifyIntervalMs: 0,
    oneTime: options.oneTime,
    runHooks: true,
  }
}

/** What the machine logs in with, and which SSH hosts it trusts. */
export function loginsOf(
  options: Options,
  git: GitSettings,
  env: Environment,
  given: () => readonly Credential[],
  warn: (message: string) => void,
): NonNullable<MachineOptions['logins']> {
  const { keyFiles, knownHosts } = readSshCommand(git.sshCommand ?? '', warn)
  const named = (files: readonly string[]) => files.map((file) => namedIn(process.cwd(), file))
  const isTrusting = !options.sshKnownHosts || knownHosts === false
  const cookieFile = options.cookieFile ? COOKIE_FILE : git.cookieFile
  return {
    given,
    ssh: {
      keyFiles: named([...keyFiles, ...options.sshKeyFile]),
      knownHostsFiles: isTrusting
        ? (false as const)
        : named([knownHosts ?? options.sshKnownHostsFile]),
    },
    env: {
      HOME: env['HOME'],
      SSH_AUTH_SOCK: env['SSH_AUTH_SOCK'],
      ...(git.storeFile && { GIT_CREDENTIALS_FILE: git.storeFile }),
      ...(cookieFile && { GIT_COOKIE_FILE: path.resolve(cookieFile) }),
    },
  }
}
