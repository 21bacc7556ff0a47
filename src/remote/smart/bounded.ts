// A bound to what a remote may send where all of it is held in memory.
import type { Pkt } from '../../git/pkt-line.js'
import { REF_BYTES, refsTooLarge } from '../refs-too-large.js'

/** What a packet line counts where lines are bounded, in bytes. */
export function costOf(pkt: Pkt): number {
  return REF_BYTES + (pkt.type === 'data' ? pkt.payload.length : 0)
}

/** Passes packets on. Throws `refs-too-large` once they take more than `maxBytes`. */
export async function* bounded(pkts: AsyncIterable<Pkt>, maxBytes: number): AsyncGenerator<Pkt> {
  let bytes = 0
  for await (const pkt of pkts) {
    bytes += costOf(pkt)
    if (bytes > maxBytes) throw refsTooLarge(maxBytes)
    yield pkt
  }
}
