// git-sync from its flags to its exit code: the machine with one entry, and what git-sync has around
// it. Modules that not every run needs are loaded where they are needed, as starts are counted in tenths.
import { systemClock } from '../../base/clock.js'
import { createRedactor } from '../../base/known-secrets.js'
import type { Beginning } from '../../beginning.js'
import type { Credential } from '../../credentials/credential.js'
import type { Environment } from '../../credentials/environment.js'
import { createMachine, type Machine } from '../../machine.js'
import type { Observe } from '../../sync/events.js'
import type { LeaseTimes } from '../../sync/lease-keeper.js'
import { readBuild } from '../../version.js'
import { Bystander } from './bystander.js'
import { UsageError } from './command-line.js'
import { SyncCounts } from './counts.js'
import { credentialsOf, hostOfGithub } from './credentials.js'
import { Cycle } from './cycle.js'
import { createEnding } from './ending.js'
import { entryOf, isPinned } from './entry.js'
import { parseGitConfig } from './git-config.js'
import { readGitSettings } from './git-settings.js'
import { shownFlags } from './help.js'
import { createLog, type GitSyncLog } from './log.js'
import { loginsOf, settingsOf } from './machine-settings.js'
import type { Options } from './options.js'
import { type Refreshed, readText, refreshing } from './refresh.js'
import { startServing } from './serving.js'
import { ErrorFile, shownBelow } from './signs.js'
import { prepare } from './start.js'

/** A stop takes no longer than this, whatever is under way, in milliseconds. */
const CLOSE_TIMEOUT_MS = 4000

/** There is one lease only, and another pod that takes over is not to be kept waiting. */
const LEASE_TIMES: LeaseTimes = { renewMs: 1000, expiryMs: 5000, lookMs: 250, settleMs: 100 }

/** Runs until it is over. `warn` is told what is not as it was meant. Throws a {@link UsageError}. */
export async function run(
  given: Options,
  env: Environment,
  warn: (message: string) => void,
  { endProcess }: Beginning,
): Promise<void> {
  const config = [given.gitConfig, ...given.gitConfigAdd].flatMap(parseGitConfig)
  const git = readGitSettings(config, env, warn, given.repo)
  if (git.unverified && !given.insecure) throw unverified(git.unverified)
  if (git.unverified)
    warn(`TLS is not verified, as ${git.unverified} and --insecure-skip-tls-verify say`)
  const redactor = createRedactor()
  const log = createLog(given.verbose, redactor, (entry) => errorFile.write(JSON.stringify(entry)))
  // The log of another name writes no error file.
  const onFault = (error: unknown) =>
    log.named('error-file').error('failed to change error-file', error)
  let errorFile = new ErrorFile(given.errorFile, shownBelow(given), onFault)
  let prepared: ReturnType<typeof prepare>
  try {
    prepared = prepare(given, config, git, warn)
  } catch (error) {
    log.error("can't prepare to sync", error)
    return endProcess(1)
  }
  const { hasRepository, options, variables } = prepared
  errorFile = new ErrorFile(options.errorFile, shownBelow(options), onFault)
  const entry = entryOf(options, git, variables, undefined)
  const credentials = credentialsOf(options, entry.remote, git)
  const asked: Credential[] = []
  // Also where nothing is logged in to: hooks and errors may show them.
  for (const { headers } of [git, ...git.bound]) redactor.addHeaders(headers)
  for (const secret of [options.password, options.githubKey, entry.remote.credentials?.password])
    redactor.add(secret ?? '')
  for (const { password = '' } of credentials) redactor.add(password)
  tellStart(log, given, options, env)

  const counts = new SyncCounts()
  const stopping = new AbortController()
  const look = () => machine.synchronizer.look(entry.path, stopping.signal)
  const ending = createEnding(options.syncOnSignal, () => cycle.isDone)
  const cycle: Cycle = new Cycle({
    options,
    isPinned: isPinned(options),
    githubHost: hostOfGithub(options),
    log,
    errorFile,
    counts,
    commit: () => machine.synchronizer.status()[0]?.oid,
    look,
    restore() {
      machine.synchronizer.verifyNow()
      return machine.synchronizer.idle()
    },
    tidy: () => machine.synchronizer.tidyNow(),
    onHolder: (holder) => (holder === undefined ? bystander.end() : bystander.watch(holder)),
    onEnd: ending.end,
  })
  let observe: Observe = () => undefined
  if (options.httpBind) {
    const isReady = () => cycle.isReady
    try {
      const serving = { options, log, redactor, counts, machine: () => machine, isReady }
      observe = await startServing(serving)
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
    settings: settingsOf(options, git, env),
    clock: systemClock,
    redactor,
    skipTlsVerification: git.unverified !== undefined,
    onError: (error) => log.error('fault in this program', error),
    observe(event) {
      observe(event)
      // Hooks are told first: whoever watches the files finds them started.
      queueMicrotask(() => cycle.hear(event))
    },
    cadence: { jitter: 0, random: Math.random, retryMs: () => cycle.retryMs },
    leaseTimes: LEASE_TIMES,
    logins: loginsOf(options, git, env, () => [...asked, ...credentials], warn),
    opening: (open) => refreshing(open, refreshed),
  })
  const bystander = new Bystander({
    entry,
    open: refreshing(machine.sessions.open, refreshed),
    periodMs: () => cycle.retryMs,
    timeoutMs: options.syncTimeout,
    clock: systemClock,
    commit: async () => (await look())?.commit,
    onShown({ commit: oid, ref }, durationMs) {
      if (!cycle.hearShown(oid, durationMs)) return
      const { path, repo } = entry
      const event = { entry: path, repo, ref, oid, previousOid: undefined }
      machine.hooks.after.published({ ...event, changed: { count: 0, paths: [] } })
    },
    onFault: (error) => cycle.failSync(error),
  })
  if (options.syncOnSignal) process.on(options.syncOnSignal, () => machine.synchronizer.pollNow())
  // Nothing else keeps the process alive while it waits.
  const alive = setInterval(() => undefined, 2 ** 30)
  const finished = ending.over.then((end) => (end === 'failed' ? 1 : statusOfHooks(machine, log)))
  const { sparseCheckoutFile } = options
  const start = async () => {
    if (sparseCheckoutFile) {
      const read = () => readText(sparseCheckoutFile, 'sparse-checkout-file', 'latin1')
      refreshed.sparse = await untilRead(read, cycle)
    }
    if (!hasRepository) cycle.tellEmpty()
    machine.setEntries([entryOf(options, git, variables, refreshed.sparse)])
  }
  const started = start().then(() => finished)
  const code = await Promise.race([started, finished, ending.stopped])
  clearInterval(alive)
  cycle.end()
  stopping.abort()
  bystander.end()
  const late = new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref())
  await Promise.race([machine.stop(), late])
  return endProcess(code)
}

/** What `read` gives: each time that it cannot is a failed sync. */
async function untilRead(read: () => Promise<string>, cycle: Cycle): Promise<string> {
  for (;;) {
    try {
      return await read()
    } catch (error) {
      cycle.failSync(error as Error)
      await new Promise((resolve) => {
        setTimeout(resolve, cycle.retryMs)
      })
    }
  }
}

/** Waits for the first attempt of each hook, and until what is not needed any more is gone. */
async function statusOfHooks({ hooks, synchronizer }: Machine, log: GitSyncLog): Promise<number> {
  await Promise.all([hooks.after.idle(), hooks.beside.idle(), synchronizer.idle()])
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

function unverified(what: string): UsageError {
  return new UsageError(
    `${what} turns the verification of TLS off, which lets anybody in between read and change what is synced: name the CA (http.sslCAInfo, GIT_SSL_CAINFO), or add --insecure-skip-tls-verify`,
    1,
    false,
  )
}
