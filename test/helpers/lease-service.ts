// The service as `main` runs it, with leases that expire after as many milliseconds as its only
// argument says: a program of its own, for tests that stop and kill it.

import { startDaemon } from '../../src/daemon.js'
import { parseCommand } from '../../src/front/git-autosync/command.js'
import { createLogger } from '../../src/observe/logging.js'

const expiryMs = Number(process.argv[2])
const command = parseCommand([], process.env, process.cwd())
if (command.name !== 'run') throw new Error('it is run by its settings alone')
const { settings } = command
const logger = createLogger({ level: settings.logLevel, format: settings.logFormat })
const leaseTimes = { renewMs: expiryMs / 3, expiryMs, lookMs: 100, settleMs: 50 }
const daemon = await startDaemon(settings, logger, { leaseTimes })
process.on('SIGTERM', async () => {
  await daemon.close()
  process.exit(0)
})
