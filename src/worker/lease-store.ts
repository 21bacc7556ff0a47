// Leases on the volumes. What may create files or take long is done by the worker threads; signs
// of life are not, as they must not wait for one of those.
import type { LeaseAnswer } from '../publish/lease/claim.js'
import type { Lease } from '../publish/lease/lease.js'
import type { ProcessIdentity } from '../publish/lease/process-identity.js'
import { renewLeases } from '../publish/lease/renewal.js'
import type { LeaseSight } from '../publish/lease/sight.js'
import type { Target } from '../publish/target.js'
import type { ThreadPool } from '../thread/pool.js'
import type * as jobs from './jobs.js'

export interface LeaseStore {
  /**
   * Acquires the lease of a target, as far as possible now; `expired` is what was seen for so long
   * that its holder counts as dead. The lease that the target has stays good, or is replaced.
   */
  acquire(target: Target, expired: string | undefined): Promise<LeaseAnswer>
  /** What is seen of the lease of each target; undefined where its volume fails. */
  look(targets: readonly Target[]): Promise<(LeaseSight | undefined)[]>
  /**
   * Shows that the holder of leases of one volume lives; for each, whether it still is its own. It is
   * done in a thread of their own where `isApart`.
   */
  renew(leases: readonly Lease[], isApart: boolean): Promise<boolean[]>
  /** Gives a lease back. */
  release(lease: Lease): Promise<void>
}

/** Keeps leases in the name of `self`. */
export function createLeaseStore(
  threads: ThreadPool<typeof jobs>,
  self: ProcessIdentity,
): LeaseStore {
  return {
    acquire: (target, expired) =>
      threads.run('acquireLease', { target, self, expired }, { subject: target.directory }),
    look: (targets) =>
      threads.run('lookAtLeases', { targets, self }, { subject: 'leases of other instances' }),
    renew: renewLeases,
    release: (lease) => threads.run('releaseLease', lease, { subject: lease.file }),
  }
}
