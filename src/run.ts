// A service from its start to the exit code: what it does at signals, and that it ends in
// time whatever is under way.
import closeWithGrace from 'close-with-grace'
import { toSyncError } from './base/errors.js'
import { createRedactor } from './base/known-secrets.js'
import { type Daemon, startDaemon } from './daemon.js'
import { EXIT } from './exit-code.js'
import { formatFault, ListingError } from './listing/listing-error.js'
import { createLogger, type Logger } from './observe/logging.js'
import type { Settings } from './settings.js'

/** SIGTERM is answered within this time, whatever is under way. */
const CLOSE_TIMEOUT_MS = 4500

/** Runs until a signal, or in one-time mode until every entry was synced. */
export async function run(settings: Settings): Promise<number | undefined> {
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
