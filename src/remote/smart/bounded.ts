// A bound to what a remote may send of lines, and to how long they keep the event loop.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { SyncError } from '../../base/errors.js'
import type { Pkt } from '../../git/pkt-line.js'
import { REF_BYTES } from '../refs-too-large.js'

/** What a packet line counts where lines are bounded, in bytes. */
export function costOf(pkt: Pkt): number {
  return REF_BYTES + (pkt.type === 'data' ? pkt.payload.length : 0)
}

/** How many bytes of lines are looked at in one turn of the event loop. */
const TURN_BYTES = 32 * 1024

/**
 * Passes packets on, and lets others have their turn between them. Throws what `tooLarge` makes once
 * they take more than `maxBytes`.
 */
export async function* bounded(
  pkts: AsyncIterable<Pkt>,
  maxBytes: number,
  tooLarge: (maxBytes: number) => SyncError,
): AsyncGenerator<Pkt> {
  let bytes = 0
  let turnBytes = 0
  for await (const pkt of pkts) {
    bytes += costOf(pkt)
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    yield pkt
    turnBytes += costOf(pkt)
    if (turnBytes < TURN_BYTES) continue
    turnBytes = 0
    await nextTurn()
  }
}
