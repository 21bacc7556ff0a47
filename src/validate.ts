// Checks a listing without a running service: every fault is a line on standard error.
import { toSyncError } from './base/errors.js'
import { EXIT } from './exit-code.js'
import type { Entry } from './listing/entry.js'
import { readListing } from './listing/listing.js'
import { formatFault, ListingError } from './listing/listing-error.js'
import { listingDefaults, type Settings } from './settings.js'
import { createCredentials } from './transport/credentials.js'

/** Reads the listing, and the credentials file where there is one; resolves to the exit code. */
export async function validate(settings: Settings): Promise<number> {
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
  const credentials = createCredentials({ path: file, env: process.env, cwd: process.cwd() })
  const checks = entries.map(async ({ remote, credential }, index) => {
    // The file counts for every remote, also where no header comes from it, as with SSH.
    const error = await credentials
      .identityFor(remote, credential)
      .then(() => credentials.headersFor(remote, credential))
      .catch(toSyncError)
    const field = credential === undefined ? 'repo' : 'credential'
    return error instanceof Error ? [{ pointer: `/${index}/${field}`, message: error.message }] : []
  })
  const faults = (await Promise.all(checks)).flat()
  if (faults.length > 0) throw new ListingError(faults)
}
