// What the flags of git-sync are as settings of the machine, what it logs in with, and how it reaches
// addresses.
import { namedIn } from '../../base/file-name.js'
import type { Credential } from '../../credentials/credential.js'
import type { Environment } from '../../credentials/environment.js'
import type { MachineOptions } from '../../machine.js'
import { readSettings, SETTINGS, type Settings } from '../../settings.js'
import { createProxyChoice, parseProxy } from '../../transport/http/proxy.js'
import { UsageError } from './command-line.js'
import type { GitSettings } from './git-settings.js'
import { MAX_CONCURRENT_SYNCS, type Options } from './options.js'
import { remoteProxies } from './proxies.js'
import type { SshCommandParts } from './ssh-command.js'
import { COOKIE_FILE } from './start.js'

/** The settings of the machine: what git-sync has no flag for is as it is by itself. */
export function settingsOf(options: Options, env: Environment): Settings {
  const flags = new Map([
    [SETTINGS.maxConcurrentSyncs.name, String(MAX_CONCURRENT_SYNCS)],
    [SETTINGS.maxConcurrentPolls.name, '1'],
  ])
  const settings = readSettings(flags, {}, process.cwd(), [])
  return {
    ...settings,
    ...remoteProxies(env),
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

/** How addresses are reached, and what goes with requests to them. Throws a {@link UsageError}. */
export function httpFor(
  git: Pick<GitSettings, 'httpOf' | 'proxies'>,
  { noProxy }: Pick<Settings, 'noProxy'>,
  isInsecure: boolean,
): NonNullable<MachineOptions['httpFor']> {
  const choices = new Map(git.proxies.map((text) => [text, proxyChoice(text, noProxy)]))
  const folder = process.cwd()
  return (url) => {
    const { caFile, clientCertFile, cookieFile, headers, proxy, unverified, ...http } = git.httpOf(
      url.href,
    )
    const { clientKeyFile = clientCertFile } = http
    const origin = { name: 'http.sslCert', folder }
    return {
      headers,
      ...(proxy !== undefined && { proxy: choices.get(proxy)?.(url) ?? false }),
      ...(caFile && { caFile: namedIn(folder, caFile) }),
      ...(cookieFile && { cookieFile: namedIn(folder, cookieFile) }),
      ...(clientCertFile &&
        clientKeyFile && {
          identity: { origin, clientCertFile, clientKeyFile, clientKeyPassphraseFile: undefined },
        }),
      skipTlsVerification: isInsecure && unverified !== undefined,
    }
  }
}

function proxyChoice(text: string, noProxy: Settings['noProxy']) {
  try {
    const proxy = text === '' ? undefined : parseProxy(text)
    return createProxyChoice({ httpProxy: proxy, httpsProxy: proxy, noProxy })
  } catch (error) {
    throw new UsageError(`git config http.proxy ${(error as Error).message}`, 1, false)
  }
}

/** What the machine logs in with, and which SSH hosts it trusts. */
export function loginsOf(
  options: Options,
  { storeFile }: Pick<GitSettings, 'storeFile'>,
  { keyFiles, knownHosts }: SshCommandParts,
  env: Environment,
  given: () => readonly Credential[],
): NonNullable<MachineOptions['logins']> {
  const named = (files: readonly string[]) => files.map((file) => namedIn(process.cwd(), file))
  const isTrusting = !options.sshKnownHosts || knownHosts === false
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
      ...(storeFile && { GIT_CREDENTIALS_FILE: storeFile }),
      ...(options.cookieFile && { GIT_COOKIE_FILE: COOKIE_FILE }),
    },
  }
}
