// git-sync from its flags to its exit code: the machine with one entry, and what git-sync has around
// it. Modules that not every run needs are loaded where they are needed, as starts are counted in tenths.
import { systemClock } from '../../base/clock.js'
import { createRedactor, type Redactor } from '../../base/known-secrets.js'
import type { Beginning } from '../../beginning.js'
import type { Credential } from '../../credentials/credential.js'
import type { Environment } from '../../credentials/environment.js'
import type { Entry } from '../../listing/entry.js'
import { createMachine, type Machine } from '../../machine.js'
import type { ShownContent } from '../../publish/publisher.js'
import type { Observe } from '../../sync/events.js'
import type { LeaseTimes } from '../../sync/lease-keeper.js'
import { parseProxy } from '../../transport/http/proxy.js'
import { readBuild } from '../../version.js'
import { Bystander } from './bystander.js'
import { SyncCounts } from './counts.js'
import { credentialsOf, hostOfGithub } from './credentials.js'
import { Cycle } from './cycle.js'
import { createEnding, type End } from './ending.js'
import { entryOf, isPinned } from './entry.js'
import { withoutFileSubmodules } from './file-submodules.js'
import { parseGitConfig, readConfigVariables } from './git-config.js'
import { type GitSettings, readGitSettings } from './git-settings.js'
import { shownFlags } from './help.js'
import { createLog, type GitSyncLog } from './log.js'
import { httpFor, loginsOf, settingsOf } from './machine-settings.js'
import type { Options } from './options.js'
import { hookProxies } from './proxies.js'
import { firstEntry, refreshing } from './refresh.js'
import { startServing } from './serving.js'
import { ErrorFile, shownBelow } from './signs.js'
import { readSshCommand } from './ssh-command.js'
import { prepare } from './start.js'
import { assertVerified } from './verification.js'

/** A stop takes no longer than this, whatever is under way, in milliseconds. */
const CLOSE_TIMEOUT_MS = 4000

/** There is one lease only, and another pod that takes over is not to be kept waiting. */
const LEASE_TIMES: LeaseTimes = { renewMs: 1000, expiryMs: 5000, lookMs: 250, settleMs: 100 }

/** Runs until it is over. `warn` is told what is not as it was meant. Throws a UsageError. */
export async function run(
  given: Options,
  env: Environment,
  warn: (message: string) => void,
  { endProcess, threads }: Beginning,
): Promise<void> {
  const { config, git, http, settings, ssh } = readConfiguration(given, env, warn)
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
  const entry = entryOf(options, git, ssh, variables)
  const credentials = credentialsOf(options, entry.remote)
  hideSecrets(redactor, git, options, [entry.remote.credentials ?? {}, ...credentials])
  tellStart(log, given, options, env)

  const counts = new SyncCounts()
  const asked: Credential[] = []
  const seen = { clock: systemClock, counts, redactor, entry, sparse: undefined }
  const refreshed = { ...seen, options, asked, credentials }
  const stopping = new AbortController()
  const ending = createEnding(options.syncOnSignal, () => cycle.isDone)
  const look = () => synchronizer.look(entry.path, stopping.signal)
  const cycle: Cycle = new Cycle({
    options,
    isPinned: isPinned(options),
    githubHost: hostOfGithub(options),
    log,
    errorFile,
    counts,
    commit: () => synchronizer.status()[0]?.oid,
    look,
    async restore() {
      synchronizer.verifyNow()
      await synchronizer.idle()
    },
    tidy: () => synchronizer.tidyNow(),
    onHolder: (holder) => (holder === undefined ? bystander.end() : bystander.watch(holder)),
    onEnd: ending.end,
  })
  let observe: Observe = () => undefined
  const machine = createMachine({
    settings,
    threads,
    clock: systemClock,
    redactor,
    onError: (error) => log.error('fault in this program', error),
    observe(event) {
      observe(event)
      // Hooks are told first: whoever watches the files finds them started.
      queueMicrotask(() => cycle.hear(event))
    },
    cadence: { jitter: 0, random: Math.random, retryMs: () => cycle.retryMs },
    leaseTimes: LEASE_TIMES,
    httpFor: http,
    postProxies: hookProxies(env),
    logins: loginsOf(options, git, ssh, env, () => [...asked, ...credentials]),
    opening(open) {
      const guarded = withoutFileSubmodules(open, entry, git.fileAllow)
      return refreshing(guarded, refreshed, (changed) => machine.setEntries([changed]))
    },
  })
  const { synchronizer } = machine
  const bystander = createBystander(options, entry, machine, cycle, look)
  const syncNow = () => synchronizer.pollNow()
  if (options.httpBind) {
    const status = () => synchronizer.status()
    const isReady = () => cycle.isReady
    try {
      observe = await startServing({ options, log, redactor, counts, status, syncNow, isReady })
    } catch (error) {
      log.error('failed to bind HTTP endpoint', error, { endpoint: options.httpBind })
      return endProcess(1)
    }
  }
  if (options.syncOnSignal) process.on(options.syncOnSignal, syncNow)
  // Nothing else keeps the process alive while it waits.
  const alive = setInterval(() => undefined, 2 ** 30)
  const begun = firstEntry(refreshed, cycle).then((first) => {
    if (!first) return
    if (!hasRepository) cycle.tellEmpty()
    machine.setEntries([first])
  })
  const finished = Promise.all([ending.over, begun]).then(([end]) => statusOf(end, machine, log))
  const code = await Promise.race([finished, ending.stopped])
  clearInterval(alive)
  cycle.end()
  stopping.abort()
  bystander.end()
  const late = new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref())
  await Promise.race([machine.stop(), late])
  return endProcess(code)
}

/** What the flags and git's configuration are to the machine. Throws a UsageError. */
function readConfiguration(given: Options, env: Environment, warn: (message: string) => void) {
  const config = [given.gitConfig, ...given.gitConfigAdd].flatMap(parseGitConfig)
  // As in git, where they win; hooks have them in their environment.
  const all = [...config, ...readConfigVariables(env)]
  const git = readGitSettings(all, env, warn, given.repo)
  assertVerified(git, given, warn)
  const ssh = readSshCommand(git.sshCommand ?? '', warn)
  const settings = settingsOf(given, env)
  return { config, git, ssh, settings, http: httpFor(git, settings, given.insecure) }
}

/** Also what nothing is logged in with: hooks and errors may show it. */
function hideSecrets(
  redactor: Redactor,
  { headers, proxies }: GitSettings,
  options: Options,
  logins: readonly Pick<Credential, 'password'>[],
): void {
  for (const each of headers) redactor.addHeaders(each)
  for (const proxy of proxies)
    redactor.addHeaders({ authorization: (proxy && parseProxy(proxy).authorization) || '' })
  for (const { password } of [options, ...logins]) redactor.add(password ?? '')
  redactor.add(options.githubKey)
}

function createBystander(
  { syncTimeout }: Options,
  entry: Entry,
  { hooks, sessions }: Machine,
  cycle: Cycle,
  look: () => Promise<ShownContent | undefined>,
): Bystander {
  return new Bystander({
    entry,
    open: sessions.open,
    periodMs: () => cycle.retryMs,
    timeoutMs: syncTimeout,
    clock: systemClock,
    commit: async () => (await look())?.commit,
    onShown({ commit: oid, ref }, durationMs) {
      if (!cycle.hearShown(oid, durationMs)) return
      const event = { entry: entry.path, repo: entry.repo, ref, oid, previousOid: undefined }
      hooks.after.published({ ...event, changed: { count: 0, paths: [] } })
    },
    onFault: (error) => cycle.failSync(error),
  })
}

/** Waits for the first attempt of each hook, and until what is not needed any more is gone. */
async function statusOf(end: End, machine: Machine, log: GitSyncLog): Promise<number> {
  if (end === 'failed') return 1
  const { after, beside } = machine.hooks
  await Promise.all([after.idle(), beside.idle(), machine.synchronizer.idle()])
  const status = after.failing + beside.failing > 0 ? 1 : 0
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
