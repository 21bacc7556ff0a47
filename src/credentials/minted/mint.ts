// An Authorization value that has to be asked for: asked for once at a time however many
// want it, and kept until it expires or a server rejects it.
import { toAbortError } from '../../base/abort-error.js'
import { abortable } from '../../base/abortable.js'
import type { Clock } from '../../base/clock.js'
import { SyncError } from '../../base/errors.js'
import type { LoginAttempt } from '../provider.js'
import type { ServiceClient } from './service.js'

/** What is used to ask. */
export interface MintServices {
  /** Undefined: nobody is asked, and what would be given is left out. */
  client: ServiceClient | undefined
  clock: Pick<Clock, 'wallTime' | 'schedule'>
  /** What a platform tells the process of who it is. */
  env: Readonly<Record<string, string | undefined>>
}

/** What was given. */
export interface Minted {
  authorization: string
  /** When it should no longer be used, in milliseconds since the epoch; undefined: never. */
  staleAt?: number
}

/** The value to use in an attempt. */
export type Mint = (attempt: LoginAttempt) => Promise<string>

/** One that wants a value may be stopped, but not the request that others wait for, too. */
const LIMIT_SECONDS = 30

/** Creates a keeper of what `make` gives. */
export function createMint(
  make: (signal: AbortSignal) => Promise<Minted>,
  clock: MintServices['clock'],
): Mint {
  let kept: Minted | undefined
  let making: Promise<Minted> | undefined

  async function makeAnew(): Promise<Minted> {
    const limit = new AbortController()
    const timer = clock.schedule(LIMIT_SECONDS * 1000, () => limit.abort(tooSlow()))
    try {
      kept = await make(limit.signal)
      return kept
    } finally {
      timer.cancel()
      making = undefined
    }
  }

  return async ({ rejected, signal }) => {
    const isStale = kept?.staleAt !== undefined && kept.staleAt <= clock.wallTime()
    if (isStale || kept?.authorization === rejected?.['authorization']) kept = undefined
    if (kept) return kept.authorization
    making ??= makeAnew()
    try {
      return (await abortable(making, signal)).authorization
    } catch (error) {
      throw signal?.aborted ? toAbortError(signal.reason) : error
    }
  }
}

/** The end of a sentence about the service. */
function tooSlow(): SyncError {
  const words = `it did not answer within ${LIMIT_SECONDS} s; check that service`
  return new SyncError('idle-timeout', words)
}
