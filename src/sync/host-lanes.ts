// The lanes of work on remotes: that of a host, so that a burst of one host holds up no other, and
// one that is shared by all that may hang, so that it never takes all places.
import type { Clock } from '../base/clock.js'
import type { HangSuspicion } from '../schedule/hang-suspicion.js'
import type { Lane } from '../schedule/lanes.js'

/** Not the name of any host. */
const SUSPECTS = '?'

export interface HostLanes {
  clock: Clock
  /** How many places there are. */
  all: number
  /** How many of them one host takes at most. */
  ofHost: number
}

/** Half of so many places. */
export function halfOf(places: number): number {
  return Math.max(1, Math.floor(places / 2))
}

/** The lane of what is done over `host`; what is on this machine has none. */
export function laneOf(
  host: string | undefined,
  suspicion: HangSuspicion | undefined,
  { clock, all, ofHost }: HostLanes,
): Lane {
  if (suspicion?.isRaised(clock.now())) return { name: SUSPECTS, places: halfOf(all) }
  return host ? { name: host, places: ofHost } : { name: '', places: all }
}
