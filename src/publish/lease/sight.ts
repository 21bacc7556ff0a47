// What a lease shows to an instance that neither holds nor claims it, but stands by.
import type { Volume } from '../../volume/volume.js'
import { describeHolder, type LeaseFiles, readLease, signOfLife, wishBeside } from './claim.js'
import { decodeLease } from './lease.js'
import { isOfOtherShard, type ProcessIdentity } from './process-identity.js'

/** What is seen of a lease. */
export type LeaseSight =
  | { state: 'absent' }
  /** Held by this very process; `isWanted` where the instance whose entry it is wants it back. */
  | { state: 'own'; isWanted: boolean }
  /** Another has it; `isShared` where that tells that instances of several shards use the volume. */
  | { state: 'others'; holder: string; seen: string; isShared: boolean }

/** Looks at the lease of a target, in each of the files that it may be in; changes nothing. */
export function lookAtLease(volume: Volume, files: LeaseFiles, self: ProcessIdentity): LeaseSight {
  for (const file of files) {
    const text = file === undefined ? undefined : readLease(volume, file)
    if (file === undefined || text === undefined) continue
    const record = decodeLease(text)
    if (record?.id === self.id) {
      return { state: 'own', isWanted: volume.stat(wishBeside(file)) !== undefined }
    }
    // On a volume of its own, an instance finds what it held before it was started again.
    const isShared =
      record !== undefined && (isOfOtherShard(record, self) || record.byDeputy === true)
    return { state: 'others', holder: describeHolder(text), seen: signOfLife(text), isShared }
  }
  return { state: 'absent' }
}
