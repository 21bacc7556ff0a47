// An Authorization value that has to be asked for: asked for once at a time however many
// want it, and kept until it expires or a server rejects it.
import { abortable } from '../../base/abortable.js'
import { toAbortError } from '../network-error.js'

/** One attempt to use credentials. */
export interface Attempt {
  /** The headers that the server has just answered with 401, so that they are not given again. */
  rejected?: Readonly<Record<string, string>> | undefined
  signal?: AbortSignal | undefined
}

export interface Minted {
  authorization: string
  /** When it should no longer be used, in milliseconds since the epoch; undefined: never. */
  staleAt?: number
}

/** The value to use in an attempt. */
export type Mint = (attempt: Attempt) => Promise<string>

/** One that wants a value may be stopped, but not the request that others wait for, too. */
const LIMIT_MS = 30_000

/** Creates a keeper of what `make` gives; `now` gives milliseconds since the epoch. */
export function createMint(
  make: (signal: AbortSignal) => Promise<Minted>,
  now: () => number,
): Mint {
  let kept: Minted | undefined
  let making: Promise<Minted> | undefined

  async function makeAnew(): Promise<Minted> {
    try {
      kept = await make(AbortSignal.timeout(LIMIT_MS))
      return kept
    } finally {
      making = undefined
    }
  }

  return async ({ rejected, signal }) => {
    const isStale = kept?.staleAt !== undefined && kept.staleAt <= now()
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
