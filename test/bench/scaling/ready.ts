// How long a start takes until all that the listing names is in place, which it was before.
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startService, until } from '../../helpers/service.js'
import type { BenchContext } from '../scenario.js'

const PATIENCE_MS = 10 * 60_000
const LOOK_MS = 20

/** Starts the program with the listing that is there, and ends it; milliseconds until it is ready. */
export async function readyMs({ directory, scope }: BenchContext): Promise<number> {
  const startedAt = performance.now()
  const listingPath = path.join(directory, 'listing.json')
  const settings = { SCRAPE_INTERVAL: '1h', LOG_LEVEL: 'info' }
  const service = await startService(scope, { listingPath, settings })
  let ms = 0
  await until(
    async () => {
      await sleep(LOOK_MS)
      ms = performance.now() - startedAt
      return (await service.get('/readyz')).status === 200
    },
    'all is in place again',
    PATIENCE_MS,
  )
  await service.stop()
  return ms
}
