// A service from its start to the exit code: what it does at signals, and that it ends in
// time whatever is under way.
import { setTimeout as sleep } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import { toSyncError } from './base/errors.js'
import { createRedactor } from './base/known-secrets.js'
import type { Beginning } from './beginning.js'
import { type Daemon, startDaemon } from './daemon.js'
import type { EndProcess } from './end-process.js'
import { EXIT } from './exit-code.js'
import { formatFault, ListingError } from './listing/listing-error.js'
import { createLogger, type Logger } from './observe/logging.js'
import type { Settings } from './settings.js'

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const
/** A signal to stop is answered within this time, whatever is under way. */
const CLOSE_TIMEOUT_MS = 4000

/** Runs until a signal, or in one-time mode until every entry was synced; `warnings` are logged first. */
export async function run(
  settings: Settings,
  { endProcess, threads }: Beginning,
  warnings: readonly string[] = [],
): Promise<number | undefined> {
  const stopped = stopSignal()
  const redactor = createRedactor()
  const { logLevel: level, logFormat: format } = settings
  const logger = createLogger({ level, format, colors: !process.env['NO_COLOR'], redactor })
  for (const warning of warnings) logger.warn(warning)
  let daemon: Daemon
  // Heard from the first on, as it would end the process: who reads that it listens may send one.
  let running: Daemon | undefined
  let isReloadDue = false
  process.on('SIGHUP', () => {
    logger.info('reading the listing again and polling every remote', { signal: 'SIGHUP' })
    if (running) void running.reload()
    else isReloadDue = true
  })
  try {
    daemon = await startDaemon(settings, logger, { redactor, threads })
  } catch (error) {
    return refuse(error, logger, endProcess)
  }
  running = daemon
  if (isReloadDue) void daemon.reload()
  // A one-time run that is stopped before its end has failed.
  let exitCode: number = settings.oneTime ? EXIT.failed : EXIT.clean
  let asked: (typeof STOP_SIGNALS)[number] | undefined
  let isStopping = false
  const grace = closeWithGrace(
    {
      // What follows knows its own limit.
      delay: false,
      logger: false,
      skip: ['SIGHUP', ...STOP_SIGNALS],
    },
    async ({ err, signal = asked }) => {
      isStopping = true
      if (err) exitCode = EXIT.failed
      if (err) logger.error('stopping after a fault in this program', { error: err })
      else logger.info('stopping', { signal })
      // What a hung volume holds up is completed at the next start.
      const late = sleep(CLOSE_TIMEOUT_MS, 'late' as const, { ref: false })
      const isLate = (await Promise.race([daemon.close(), late])) === 'late'
      if (isLate) logger.warn('stopped while work was under way: a volume or a remote may hang')
      else logger.info('stopped')
      await Promise.race([logger.close(), late])
      await endProcess(exitCode)
    },
  )
  const synced = settings.oneTime ? daemon.syncedOnce() : new Promise<never>(() => undefined)
  const end = await Promise.race([stopped, synced])
  if (typeof end === 'string') asked = end
  else if (end.failed === 0) exitCode = EXIT.clean
  if (!isStopping) grace.close()
  return undefined
}

/** Ends the process, as what was started before the fault would keep it alive. */
async function refuse(error: unknown, logger: Logger, endProcess: EndProcess): Promise<never> {
  const fault = toSyncError(error)
  const faults = error instanceof ListingError ? error.faults.map(formatFault) : undefined
  logger.error('cannot start', { error: fault, faults })
  await logger.close()
  const isInvalid = ['listing-invalid', 'settings-invalid'].includes(fault.code)
  return endProcess(isInvalid ? EXIT.invalid : EXIT.failed)
}

/**
 * The first signal to stop. Those that follow are heard and ignored, at any time: npm passes the
 * terminal's SIGINT on a second time, which must not cut the stop short.
 */
function stopSignal(): Promise<(typeof STOP_SIGNALS)[number]> {
  return new Promise((resolve) => {
    for (const signal of STOP_SIGNALS) process.on(signal, resolve)
  })
}
