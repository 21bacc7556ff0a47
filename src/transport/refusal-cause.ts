// A remote that refuses may do so for want of what could not be read: then that is what is told.
import { type ErrorCode, SyncError } from '../base/errors.js'
import type { Transport } from './transport.js'

/** What a remote, or its host, answers whom it does not know, and who trusts it for want of a file. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  'authentication-required',
  'access-denied',
  'repository-not-found',
  'tls-failed',
  'host-key-unknown',
])

/** `transport`, whose refusals are what `findCause` gives, where it gives something. */
export function withRefusalCause(
  transport: Transport,
  findCause: () => Promise<SyncError | undefined>,
): Transport {
  async function explain(error: unknown): Promise<never> {
    const isRefusal = error instanceof SyncError && REFUSALS.has(error.code)
    throw (isRefusal ? await findCause() : undefined) ?? error
  }
  return {
    advertise: (signal) => transport.advertise(signal).catch(explain),
    exchange: (...asked) => transport.exchange(...asked).catch(explain),
  }
}
