// git-sync from its flags to its exit code: the machine with one entry, and what git-sync has around
// it. Modules that not every run needs are loaded where they are needed, as starts are counted in tenths.
import { systemClock } from '../../base/clock.js'
import { createRedactor, type Redactor } from '../../base/known-secrets.js'
import type { Beginning } from '../../beginning.js'
import type { Credential } from '../../credentials/credential.js'
import type { Environment } from '../../credentials/environment.js'
import { createMachine, type Machine } from '../../machine.js'
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
import { metricsRoute, type Route, serve } from './http.js'
import { createLog, type GitSyncLog } from './log.js'
import { loginsOf, settingsOf } from './machine-settings.js'
import type { Options } from './options.js'
import { type Refreshed, readText, refreshing } from './refresh.js'
import { shownBy, shownInPlace } from './shown.js'
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
  { endProcess, threads }: Beginning,
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
  const { options, variables } = prepared
  errorFile = new ErrorFile(options.errorFile, shownBelow(options), onFault)
  const entry = entryOf(options, git, variables, undefined)
  const credentials = credentialsOf(options, entry.remote, git)
  const asked: Credential[] = []
  for (const { headers = {}, password, url } of credentials) {
    if (password) redactor.add(password)
    redactor.addHeaders(headers, url)
  }
  tellStart(log, given, options, env)

  const counts = new SyncCounts()
  const shown = options.inPlace ? shownInPlace(options) : shownBy(options)
  const ending = createEnding(options.syncOnSignal, () => cycle.isDone)
  const cycle: Cycle = new Cycle({
    options,
    isPinned: isPinned(options),
    githubHost: hostOfGithub(options),
    log,
    errorFile,
    counts,
    shown,
    restore() {
      machine.synchronizer.verifyNow()
      return machine.synchronizer.idle()
    },
    tidy: () => machine.synchronizer.tidyNow(),
    onHolder: (holder) => (holder === undefined ? bystander.end() : bystander.watch(holder)),
    onEnd: ending.end,
  })
  const metrics = options.httpMetrics ? await loadMetrics() : undefined
  if (options.httpBind) {
    const render = async () =>
      counts.render() + ((await metrics?.render(machine.synchronizer.status())) ?? '')
    const syncNow = () => machine.synchronizer.pollNow()
    try {
      const routes = await routesOf(options, { log, redactor, syncNow })
      if (metrics) routes.push(metricsRoute(render))
      const onHttpFault = (error: unknown) => log.named('http').error('failed to answer', error)
      await serve(options.httpBind, () => cycle.isReady, routes, onHttpFault)
      const reasons = ['liveness', options.httpMetrics && 'metrics', options.httpPprof && 'pprof']
      log.info(0, 'serving HTTP', { endpoint: options.httpBind, reasons: reasons.filter(Boolean) })
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
    threads,
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
    leaseTimes: LEASE_TIMES,
    logins: loginsOf(options, git, env, () => [...asked, ...credentials], warn),
    opening: (open) => refreshing(open, refreshed),
  })
  const bystander = new Bystander({
    entry,
    open: refreshing(machine.sessions.open, refreshed),
    periodMs: () => cycle.retryMs,
    timeoutMs: options.syncTimeout,
    commit: shown.commit,
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
  const finished = ending.over.then((end) =>
    end === 'failed' ? 1 : statusOfHooks(machine, () => shown.isTidy(), log),
  )
  const { sparseCheckoutFile } = options
  const start = async () => {
    if (sparseCheckoutFile) {
      const read = () => readText(sparseCheckoutFile, 'sparse-checkout-file', 'latin1')
      refreshed.sparse = await untilRead(read, cycle)
    }
    machine.setEntries([entryOf(options, git, variables, refreshed.sparse)])
  }
  const started = start().then(() => finished)
  const code = await Promise.race([started, finished, ending.stopped])
  clearInterval(alive)
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
async function statusOfHooks(
  { hooks, synchronizer }: Machine,
  isTidy: () => boolean,
  log: GitSyncLog,
): Promise<number> {
  await Promise.all([hooks.after.idle(), hooks.beside.idle()])
  if (!isTidy()) await synchronizer.idle()
  const status = hooks.after.failing + hooks.beside.failing > 0 ? 1 : 0
  log.info(0, 'exiting after one sync', { status })
  return status
}

/** What is served beside metrics. */
async function routesOf(
  options: Options,
  { log, redactor, syncNow }: { log: GitSyncLog; redactor: Redactor; syncNow: () => void },
): Promise<Route[]> {
  const { httpPprof, httpSyncSecretFile } = options
  const routes: Route[] = []
  if (httpPprof) {
    const { pprofRoute } = await import('./pprof.js')
    routes.push(pprofRoute(() => redactor.redact(['git-sync', ...shownFlags(options)].join('\0'))))
  }
  if (httpSyncSecretFile) {
    const { syncRoute } = await import('./sync-route.js')
    const told = {
      onSecret: (secret: string) => redactor.add(secret),
      onFault: (error: unknown) => log.named('http').error('--http-sync-secret-file', error),
    }
    routes.push(syncRoute(httpSyncSecretFile, told, syncNow))
  }
  return routes
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
