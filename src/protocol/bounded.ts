// A bound to what a remote may send where all of it is held in memory.
import { SyncError } from '../base/errors.js'
import type { Pkt } from '../git/pkt-line.js'

/** Room for about a million refs. */
export const MAX_LISTING_BYTES = 64 * 1024 * 1024

/** Passes packets on. Throws `protocol-error` once they are more than `maxBytes`. */
export async function* bounded(
  pkts: AsyncIterable<Pkt>,
  maxBytes = MAX_LISTING_BYTES,
): AsyncGenerator<Pkt> {
  let bytes = 0
  for await (const pkt of pkts) {
    bytes += pkt.type === 'data' ? pkt.payload.length : 4
    if (bytes > maxBytes) {
      throw new SyncError(
        'protocol-error',
        `The remote's list of refs is longer than ${maxBytes / 1024 / 1024} MiB; no more of it is read`,
      )
    }
    yield pkt
  }
}
