// git-sync from its flags to its exit code: the machine with one entry, and what git-sync has around
// it. Modules that not every run needs are loaded where they are needed, as starts are counted in tenths.

import { readdirSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { systemClock } from '../../base/clock.js'
import { createRedactor } from '../../base/known-secrets.js'
import type { Credential } from '../../credentials/credential.js'
import type { Environment } from '../../credentials/environment.js'
import { createEndProcess } from '../../end-process.js'
import { createMachine, type Machine } from '../../machine.js'
import { readBuild } from '../../version.js'
import { ABSENT, readUnless } from '../../volume/errnos.js'
import { UsageError } from './command-line.js'
import { credentialsOf, hostOfGithub } from './credentials.js'
import { Cycle } from './cycle.js'
import { entryOf, isPinned } from './entry.js'
import { parseGitConfig, readGitSettings } from './git-config.js'
import { shownFlags } from './help.js'
import { SyncCounts, serve } from './http.js'
import { createLog, type GitSyncLog } from './log.js'
import { loginsOf, settingsOf } from './machine-settings.js'
import type { Options } from './options.js'
import { type Refreshed, readText, refreshing } from './refresh.js'
import { ErrorFile, shownBelow } from './signs.js'
import {
  addUser,
  assertCookies,
  hookEnvironment,
  isWhole,
  linkedWorktreeOf,
  prepareRoot,
} from './start.js'

/** A stop takes no longer than this, whatever is under way, in milliseconds. */
const CLOSE_TIMEOUT_MS = 4000
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
type StopSignal = (typeof STOP_SIGNALS)[number]

/** Runs until it is over. `warn` is told what is not as it was meant. Throws a {@link UsageError}. */
export async function run(
  given: Options,
  env: Environment,
  warn: (message: string) => void,
): Promise<void> {
  const endProcess = createEndProcess()
  const config = [given.gitConfig, ...given.gitConfigAdd].flatMap(parseGitConfig)
  const git = readGitSettings(config, env, warn, given.repo)
  if (git.unverified && !given.insecure) throw unverified(git.unverified)
  if (git.unverified)
    warn(`TLS is not verified, as ${git.unverified} and --insecure-skip-tls-verify say`)
  const redactor = createRedactor()
  let errorFile: ErrorFile | undefined
  const log = createLog(given.verbose, redactor, (entry) => errorFile?.write(JSON.stringify(entry)))
  // The log of another name writes no error file.
  const onFault = (error: unknown) =>
    log.named('error-file').error('failed to change error-file', error)
  errorFile = new ErrorFile(given.errorFile, shownBelow(given), onFault)
  let options: Options
  let hooks: Record<string, string> = {}
  try {
    options = prepareRoot(given)
    errorFile = new ErrorFile(options.errorFile, shownBelow(options), onFault)
    assertCookies(options)
    if (options.addUser) addUser(warn)
    if (options.exechookCommand || options.prePublishCommand) hooks = hookEnvironment(config)
  } catch (error) {
    log.error("can't prepare to sync", error)
    return endProcess(1)
  }
  const entry = entryOf(options, git, hooks, undefined)
  const credentials = credentialsOf(options, entry.remote, git)
  const asked: Credential[] = []
  for (const { headers = {}, password, url } of credentials) {
    if (password) redactor.add(password)
    redactor.addHeaders(headers, url)
  }
  tellStart(log, given, options, env)

  let onEnd: (end: 'synced' | 'failed') => void = () => undefined
  let onStop: (signal: StopSignal) => void = () => undefined
  const ended = new Promise<'synced' | 'failed'>((resolve) => {
    onEnd = resolve
  })
  const stopped = new Promise<StopSignal>((resolve) => {
    onStop = resolve
  })
  const counts = new SyncCounts()
  const cycle: Cycle = new Cycle({
    options,
    isPinned: isPinned(options),
    githubHost: hostOfGithub(options),
    log,
    errorFile,
    counts,
    isWhole: () => isWhole(options.link),
    linked: () => linkedWorktreeOf(options),
    restore: () => machine.synchronizer.verifyNow(),
    onEnd,
  })
  const settings = settingsOf(options, git, env)
  const metrics = options.httpMetrics ? await loadMetrics() : undefined
  if (options.httpBind) {
    try {
      const render = async () =>
        counts.render() + ((await metrics?.render(machine.synchronizer.status())) ?? '')
      await serve(options.httpBind, { isReady: () => cycle.isReady, metrics: metrics && render })
      log.info(0, 'serving HTTP', {
        endpoint: options.httpBind,
        reasons: ['liveness', metrics && 'metrics'].filter(Boolean),
      })
    } catch (error) {
      log.error('failed to bind HTTP endpoint', error, { endpoint: options.httpBind })
      return endProcess(1)
    }
  }
  const refreshed: Refreshed = {
    options,
    entry,
    asked,
    credentials,
    counts,
    redactor,
    sparse: undefined,
    machine: () => machine,
  }
  const machine: Machine = createMachine({
    settings,
    clock: systemClock,
    redactor,
    skipTlsVerification: git.unverified !== undefined,
    onError: (error) => log.error('fault in this program', error),
    observe(event) {
      metrics?.observe(event)
      // Hooks are told first: whoever watches the files finds them started.
      queueMicrotask(() => cycle.hear(event))
    },
    cadence: { jitter: 0, random: Math.random, retryMs: () => cycle.retryMs },
    logins: loginsOf(options, git, env, () => [...asked, ...credentials], warn),
    opening: (open) => refreshing(open, refreshed),
  })
  for (const signal of STOP_SIGNALS) {
    if (signal !== options.syncOnSignal) process.on(signal, () => onStop(signal))
  }
  if (options.syncOnSignal) process.on(options.syncOnSignal, () => machine.synchronizer.pollNow())
  // Nothing else keeps the process alive while it waits.
  const alive = setInterval(() => undefined, 2 ** 30)
  const finished = ended.then((end) =>
    end === 'failed' ? 1 : statusOfHooks(machine, options, log),
  )
  const interrupted = stopped.then((signal) =>
    signal === 'SIGINT' && cycle.isDone ? 0 : 128 + os.constants.signals[signal],
  )
  const { sparseCheckoutFile } = options
  const start = async () => {
    if (sparseCheckoutFile) {
      const read = () => readText(sparseCheckoutFile, 'sparse-checkout-file', 'latin1')
      refreshed.sparse = await untilRead(read, cycle, counts)
    }
    machine.setEntries([entryOf(options, git, hooks, refreshed.sparse)])
  }
  const started = start().then(() => finished)
  const code = await Promise.race([started, finished, interrupted])
  clearInterval(alive)
  const late = new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref())
  await Promise.race([machine.stop(), late])
  return endProcess(code)
}

/** What `read` gives: each time that it cannot is a failed sync. */
async function untilRead(
  read: () => Promise<string>,
  cycle: Cycle,
  counts: SyncCounts,
): Promise<string> {
  for (;;) {
    try {
      return await read()
    } catch (error) {
      counts.synced('error', 0)
      cycle.fail(error as Error)
      await new Promise((resolve) => {
        setTimeout(resolve, cycle.retryMs)
      })
    }
  }
}

/** Waits for the first attempt of each hook, and until worktrees of earlier commits are gone. */
async function statusOfHooks(
  { hooks, synchronizer }: Machine,
  { root }: Options,
  log: GitSyncLog,
): Promise<number> {
  await Promise.all([hooks.after.idle(), hooks.beside.idle()])
  const worktrees = readUnless(ABSENT, () => readdirSync(path.join(root, '.worktrees')))
  if ((worktrees?.length ?? 0) > 1) await synchronizer.idle()
  const status = hooks.after.failing + hooks.beside.failing > 0 ? 1 : 0
  log.info(0, 'exiting after one sync', { status })
  return status
}

function tellStart(log: GitSyncLog, given: Options, options: Options, env: Environment): void {
  log.info(0, 'starting up', {
    version: readBuild().version,
    pid: process.pid,
    uid: process.getuid?.(),
    gid: process.getgid?.(),
    home: env['HOME'],
    flags: shownFlags(given),
  })
  if (options.root !== given.root)
    log.info(0, 'normalized root path', { root: given.root, result: options.root })
}

async function loadMetrics() {
  const { createMetrics } = await import('../../observe/metrics.js')
  return createMetrics({ clock: systemClock, build: readBuild() })
}

function unverified(what: string): UsageError {
  return new UsageError(
    `${what} turns the verification of TLS off, which lets anybody in between read and change what is synced: name the CA (http.sslCAInfo, GIT_SSL_CAINFO), or add --insecure-skip-tls-verify`,
    1,
    false,
  )
}
