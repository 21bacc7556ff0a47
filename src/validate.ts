// Checks a listing without a running service: every fault is a line on standard error.
import { systemClock } from './base/clock.js'
import type { Fault } from './base/document-fault.js'
import { toSyncError } from './base/errors.js'
import type { Credentials } from './credentials/credentials.js'
import { EXIT } from './exit-code.js'
import type { RemoteUrl } from './git/remote-url.js'
import type { Entry } from './listing/entry.js'
import { readListing } from './listing/listing.js'
import { formatFault, ListingError } from './listing/listing-error.js'
import { createRemoteCredentials } from './remote-credentials.js'
import { listingDefaults, type Settings } from './settings.js'
import { createTlsContext } from './transport/http/tls-files.js'
import { parseSshAddress } from './transport/ssh/address.js'
import { readTrust } from './transport/ssh/host-trust.js'
import { readLogin } from './transport/ssh/login.js'

/** Reads the listing, and what its entries would log in with; resolves to the exit code. */
export async function validate(settings: Settings): Promise<number> {
  const { listingPath } = settings
  try {
    const { entries } = await readListing(listingPath, listingDefaults(settings))
    await checkCredentials(entries, settings)
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

/** Throws a {@link ListingError} where an entry cannot have what it would log in with. */
async function checkCredentials(entries: Entry[], settings: Settings): Promise<void> {
  const { caFile } = settings
  const credentials = createRemoteCredentials(settings)
  const checks = entries.map(async ({ remote, credential }, index) => {
    const error = await checkRemote(credentials, remote, credential).catch(toSyncError)
    const field = credential === undefined ? 'repo' : 'credential'
    return error ? [{ pointer: `/${index}/${field}`, message: error.message }] : []
  })
  const faults = [...(await checkCaFile(entries, caFile)), ...(await Promise.all(checks)).flat()]
  if (faults.length > 0) throw new ListingError(faults)
}

/** The fault of CA_FILE, which every entry over HTTP depends on. */
async function checkCaFile(entries: Entry[], caFile: Settings['caFile']): Promise<Fault[]> {
  if (caFile === undefined || !entries.some(({ remote }) => remote.transport === 'http')) return []
  const context = createTlsContext({ caFile, identity: undefined })
  const error = await context.then(() => undefined, toSyncError)
  return error ? [{ pointer: '', message: error.message }] : []
}

/** Reads every file that a sync of `remote` would. Throws where one cannot be used. */
async function checkRemote(
  credentials: Credentials,
  remote: RemoteUrl,
  name: string | undefined,
): Promise<void> {
  if (remote.transport === 'local') return
  const identity = await credentials.identityFor(remote, name)
  if (identity) await createTlsContext({ caFile: undefined, identity })
  await credentials.authorize(remote, name)
  if (remote.transport !== 'ssh') return
  const host = parseSshAddress(remote.url)
  const ssh = await credentials.sshFor(remote, name)
  const { sshDefaults: defaults } = credentials
  await readTrust(host, ssh, { defaults, clock: systemClock })
  await readLogin(host.user, ssh, defaults)
}
