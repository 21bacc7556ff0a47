// Signs of life of all leases of one volume. Many are shown in a thread of their own, which ends with them: calls
// that block it take a seventh of the processor time of calls that wait for Node's threads, one by one.
import { runInThread } from '../../thread/run.js'
import { type Lease, renewLease } from './lease.js'

/** So many take no longer than a thread takes to start. */
const FEW = 200
/** How many of a few are renewed at once: a volume that hangs takes as many of Node's threads. */
const AT_ONCE = 2

/**
 * Renews the leases of one volume; returns for each whether it still is its holder's. Those of a volume
 * that hangs keep Node's threads: as long as they do, all others are to be renewed `isApart`.
 */
export async function renewLeases(leases: readonly Lease[], isApart = false): Promise<boolean[]> {
  if (isApart || leases.length > FEW) {
    return runInThread(new URL('./renewal-worker.js', import.meta.url), leases)
  }
  const renewed: boolean[] = []
  const rest = leases.entries()
  const renewRest = async () => {
    for (const [index, lease] of rest) renewed[index] = await renewLease(lease)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, renewRest))
  return renewed
}
