// A damaged pack, as the one error that every decoder of packs throws.
import { SyncError } from '../base/errors.js'

/** A `pack-corrupt` of a pack that was received. */
export class CorruptPack extends SyncError {
  /** The end of a sentence that starts with the pack. */
  readonly fault: string

  constructor(fault: string, cause: unknown) {
    super('pack-corrupt', `The received pack ${fault}; it is fetched again later`, { cause })
    this.fault = fault
  }
}

/** A `pack-corrupt`, said in one sentence that starts with the pack. */
export function corrupt(fault: string, cause?: unknown): CorruptPack {
  return new CorruptPack(fault, cause)
}
