// What is observed before somebody listens who is loaded later.
import type { Observe, SyncEvent } from '../sync/events.js'

/** Holds events, until they are released to who listens from then on. */
export interface HeldEvents {
  observe: Observe
  release(to: Observe): void
}

/** Holds none yet. */
export function createHeldEvents(): HeldEvents {
  const held: SyncEvent[] = []
  let listener: Observe = (event) => held.push(event)
  return {
    observe: (event) => listener(event),
    release(to) {
      listener = to
      for (const event of held.splice(0)) to(event)
    },
  }
}
