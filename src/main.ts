#!/usr/bin/env node
// From the command line and the environment to a running service: settings, signals,
// and the exit code.
import closeWithGrace from 'close-with-grace'
import { toSyncError } from './base/errors.js'
import { createRedactor } from './base/redactor.js'
import { type Daemon, startDaemon } from './daemon.js'
import type { Entry } from './listing/entry.js'
import { readListing } from './listing/listing.js'
import { formatFault, ListingError } from './listing/listing-error.js'
import { createLogger, type Logger } from './observe/logging.js'
import { listingDefaults, parseCommand, type Settings, SettingsError } from './settings.js'
import { createCredentials } from './transport/credentials.js'

/** What scripts and Kubernetes see. */
const EXIT = { clean: 0, failed: 1, invalid: 2 } as const

/** SIGTERM is answered within this time, whatever is under way. */
const CLOSE_TIMEOUT_MS = 4500

process.exitCode = await main()

async function main(): Promise<number | undefined> {
  try {
    const command = parseCommand(process.argv.slice(2), process.env, process.cwd())
    switch (command.name) {
      case 'help':
      case 'version':
        process.stdout.write(`${command.text.trimEnd()}\n`)
        return EXIT.clean
      case 'validate':
        return await validate(command.settings)
      case 'run':
        return await run(command.settings)
    }
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    for (const fault of error.faults) process.stderr.write(`git-autosync: ${fault}\n`)
    process.stderr.write('git-autosync: --help lists all settings\n')
    return EXIT.invalid
  }
}

async function validate(settings: Settings): Promise<number> {
  const { listingPath } = settings
  try {
    const { entries } = await readListing(listingPath, listingDefaults(settings))
    await checkCredentials(entries, settings.credentialsPath)
    const count = entries.length === 1 ? '1 entry' : `${entries.length} entries`
    process.stdout.write(`${listingPath}: valid, ${count}\n`)
    return EXIT.clean
  } catch (error) {
    if (!(error instanceof ListingError)) throw error
    for (const fault of error.faults)
      process.stderr.write(`${listingPath}: ${formatFault(fault)}\n`)
    return EXIT.invalid
  }
}

/** Throws a {@link ListingError} where an entry has no use of the credentials file there is. */
async function checkCredentials(entries: Entry[], file: string | undefined): Promise<void> {
  if (file === undefined) return
  const credentials = createCredentials({ path: file, env: process.env })
  const checks = entries.map(async ({ remote, credential }, index) => {
    const error = await credentials.headersFor(remote, credential).catch(toSyncError)
    const field = credential === undefined ? 'repo' : 'credential'
    return error instanceof Error ? [{ pointer: `/${index}/${field}`, message: error.message }] : []
  })
  const faults = (await Promise.all(checks)).flat()
  if (faults.length > 0) throw new ListingError(faults)
}

/** Runs until a signal, or in one-time mode until every entry was synced. */
async function run(settings: Settings): Promise<number | undefined> {
  const redactor = createRedactor()
  const { logLevel: level, logFormat: format } = settings
  const logger = createLogger({ level, format, redactor })
  let daemon: Daemon
  try {
    daemon = await startDaemon(settings, logger, { redactor })
  } catch (error) {
    return refuse(error, logger)
  }
  // A one-time run that is stopped before its end has failed.
  let exitCode: number = settings.oneTime ? EXIT.failed : EXIT.clean
  const grace = closeWithGrace(
    {
      delay: CLOSE_TIMEOUT_MS,
      logger: false,
      skip: ['SIGHUP'],
      // What a hung volume holds up is completed at the next start.
      onTimeout: () => process.exit(exitCode),
    },
    async ({ signal, err }) => {
      ignoreFurtherSignals()
      if (err) exitCode = EXIT.failed
      if (err) logger.error('stopping after a fault in this program', { error: err })
      else logger.info('stopping', { signal })
      await daemon.close()
      logger.info('stopped')
      await logger.close()
      if (exitCode !== EXIT.clean) process.exit(exitCode)
    },
  )
  process.on('SIGHUP', () => {
    logger.info('reading the listing again and polling every remote', { signal: 'SIGHUP' })
    void daemon.reload()
  })
  if (settings.oneTime) {
    const { failed } = await daemon.syncedOnce()
    if (failed === 0) exitCode = EXIT.clean
    grace.close()
  }
  return undefined
}

/** Ends the process, as what was started before the fault would keep it alive. */
async function refuse(error: unknown, logger: Logger): Promise<never> {
  const fault = toSyncError(error)
  const faults = error instanceof ListingError ? error.faults.map(formatFault) : undefined
  logger.error('cannot start', { error: fault, faults })
  await logger.close()
  const isInvalid = ['listing-invalid', 'settings-invalid'].includes(fault.code)
  process.exit(isInvalid ? EXIT.invalid : EXIT.failed)
}

/** npm passes the terminal's SIGINT on a second time, which must not cut the stop short. */
function ignoreFurtherSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.removeAllListeners(signal)
    process.on(signal, () => undefined)
  }
}
