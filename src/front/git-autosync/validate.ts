// Checks listings without a running service: every fault is a line on standard error.
import { systemClock } from '../../base/clock.js'
import type { Fault } from '../../base/document-fault.js'
import { toSyncError } from '../../base/errors.js'
import type { Credentials } from '../../credentials/credentials.js'
import { EXIT } from '../../exit-code.js'
import type { RemoteUrl } from '../../git/remote-url.js'
import type { Entry } from '../../listing/entry.js'
import { readListing } from '../../listing/listing.js'
import { formatFault, ListingError } from '../../listing/listing-error.js'
import { findWarnings } from '../../listing/warnings.js'
import { createRemoteCredentials } from '../../remote-credentials.js'
import { askedLogins } from '../../rewritten-sessions.js'
import { listingDefaults, type Settings } from '../../settings.js'
import { readKeyFiles, readRevokedFiles } from '../../signature/key-files.js'
import { parseRevokedFiles, parseSigningKeys } from '../../signature/signing-keys.js'
import { createTlsContext } from '../../transport/http/tls-files.js'
import { parseSshAddress } from '../../transport/ssh/address.js'
import { readTrust } from '../../transport/ssh/host-trust.js'
import { readLogin } from '../../transport/ssh/login.js'
import { askRemotes } from './validate-remotes.js'

/** What is validated. */
export interface Validation {
  /** Absolute. */
  listings: readonly string[]
  /** Whether remotes are asked for what their entries follow. */
  asksRemotes: boolean
  settings: Settings
}

/** Reads the listings, and what their entries would log in with; resolves to the exit code. */
export async function validate({ listings, ...options }: Validation): Promise<number> {
  let code: number = EXIT.clean
  for (const listing of listings) {
    if (!(await isValid(listing, options))) code = EXIT.invalid
  }
  return code
}

async function isValid(
  listing: string,
  { settings, asksRemotes }: Omit<Validation, 'listings'>,
): Promise<boolean> {
  const say = (text: string) =>
    process.stderr.write(text.startsWith(`${listing} `) ? `${text}\n` : `${listing}: ${text}\n`)
  const defaults = listingDefaults(settings)
  try {
    const { entries } = await readListing(listing, defaults)
    for (const warning of findWarnings(entries, defaults)) say(`warning: ${formatFault(warning)}`)
    const faults = [
      ...(await checkKeyFiles(entries)),
      ...(await checkCredentials(entries, settings)),
    ]
    if (asksRemotes) faults.push(...(await askRemotes(faultless(entries, faults), settings)))
    if (faults.length > 0) throw new ListingError(faults.sort((a, b) => indexOf(a) - indexOf(b)))
    const count = entries.length === 1 ? '1 entry' : `${entries.length} entries`
    process.stdout.write(`${listing}: valid, ${count}\n`)
    return true
  } catch (error) {
    if (!(error instanceof ListingError)) throw error
    for (const fault of error.faults) say(formatFault(fault))
    return false
  }
}

/** The entries without faults, with their places; none where the fault is of what all of them need. */
function faultless(entries: readonly Entry[], faults: readonly Fault[]): [number, Entry][] {
  const indices = new Set(faults.map(indexOf))
  if (indices.has(WHOLE)) return []
  return [...entries.entries()].filter(([index]) => !indices.has(index))
}

/** What stands for the index of an entry in a fault that is of no entry. */
const WHOLE = -1

function indexOf({ pointer }: Fault): number {
  return pointer === '' ? WHOLE : Number(pointer.split('/')[1])
}

/** The faults of files that have none of the keys that commits must be signed by, or no list. */
async function checkKeyFiles(entries: Entry[]): Promise<Fault[]> {
  const check = async (pointer: string, read: Promise<unknown>) => {
    const error = await read.then(() => undefined, toSyncError)
    return error ? [{ pointer, message: error.message }] : []
  }
  const checks = entries.flatMap(({ verify }, index) => [
    ...(verify?.keyFiles ?? []).map((name, at) =>
      check(
        `/${index}/verify/keys/${at}`,
        readKeyFiles([name]).then((files) => parseSigningKeys(files)),
      ),
    ),
    ...(verify?.revokedFiles ?? []).map((name, at) =>
      check(`/${index}/verify/revoked/${at}`, readRevokedFiles([name]).then(parseRevokedFiles)),
    ),
  ])
  return (await Promise.all(checks)).flat()
}

/** The faults of what entries would log in with. */
async function checkCredentials(entries: Entry[], settings: Settings): Promise<Fault[]> {
  const credentials = createRemoteCredentials(settings)
  const fileFault = await credentials.fileFault()
  const checks = entries.map(async (entry, index) => {
    const asked = askedLogins(entry, settings).map(async ({ remote, credential }) => {
      const error = await checkRemote(credentials, remote, credential).catch(toSyncError)
      const field = credential === undefined ? 'repo' : 'credential'
      const isNew = error && error.message !== fileFault?.message
      return isNew ? [{ pointer: `/${index}/${field}`, message: error.message }] : []
    })
    return (await Promise.all(asked)).flat()
  })
  return [
    ...(fileFault ? [{ pointer: '', message: fileFault.message }] : []),
    ...(await checkCaFile(entries, settings)),
    ...(await Promise.all(checks)).flat(),
  ]
}

/** The fault of CA_FILE, which every entry over HTTP depends on. */
async function checkCaFile(entries: Entry[], settings: Settings): Promise<Fault[]> {
  const { caFile } = settings
  const asked = () => entries.flatMap((entry) => askedLogins(entry, settings))
  if (caFile === undefined || !asked().some(({ remote }) => remote.transport === 'http')) return []
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
