// A bound to what a remote may send where all of it is held in memory.
import { formatBytes } from '../../base/bytes.js'
import { SyncError } from '../../base/errors.js'
import type { Pkt } from '../../git/pkt-line.js'

/** What every packet line counts beside its payload, so that empty ones cannot come for ever. */
const PKT_BYTES = 32

/** What a packet line counts where lines are bounded, in bytes. */
export function costOf(pkt: Pkt): number {
  return PKT_BYTES + (pkt.type === 'data' ? pkt.payload.length : 0)
}

/** Passes packets on. Throws `refs-too-large` once they take more than `maxBytes`. */
export async function* bounded(pkts: AsyncIterable<Pkt>, maxBytes: number): AsyncGenerator<Pkt> {
  let bytes = 0
  for await (const pkt of pkts) {
    bytes += costOf(pkt)
    if (bytes > maxBytes) {
      throw new SyncError(
        'refs-too-large',
        `The remote's list of refs is larger than MAX_REFS_BYTES (${formatBytes(maxBytes)}): raise the setting if it is meant to have so many`,
      )
    }
    yield pkt
  }
}
