// Work on a target: it is held meanwhile, what is this service's own there is asserted first, and
// whatever the volume answers, a SyncError says what to do about it.
import { toBytePath } from '../volume/byte-path.js'
import { Volume } from '../volume/volume.js'
import { guarded } from '../volume/volume-error.js'
import { directoryPublisher } from './in-place/publisher.js'
import { assertOwnDirectories } from './own-directories.js'
import type { Publisher } from './publisher.js'
import { symlinkPublisher } from './symlink/publisher.js'
import { baseOf, type HeldTarget, type PublishMode, type Target } from './target.js'

const PUBLISHERS: Readonly<Record<PublishMode, Publisher>> = {
  'in-place': directoryPublisher,
  symlink: symlinkPublisher,
}

/** What a target is published by. */
export function publisherOf({ mode }: Pick<Target, 'mode'>): Publisher {
  return PUBLISHERS[mode]
}

/** A target, held until its volume is closed. */
export function hold(target: Target): HeldTarget {
  const published = toBytePath(target.directory)
  return { ...target, path: published, volume: new Volume(toBytePath(baseOf(target))) }
}

/** Works on a target, and lets go of it. */
export function atTarget<T>(
  target: Target,
  work: (held: HeldTarget, publisher: Publisher) => T,
): T {
  const held = hold(target)
  return lettingGo(held, () => {
    assertOwnDirectories(held)
    return work(held, publisherOf(target))
  })
}

/** Works on a target, which stays held by what `open` returns. */
export function keeping<T>(target: Target, open: (held: HeldTarget, publisher: Publisher) => T): T {
  const held = hold(target)
  return keepingHeld(held, () => {
    assertOwnDirectories(held)
    return open(held, publisherOf(target))
  })
}

/** Works on a target that is held, which stays so by what `open` returns. */
export function keepingHeld<T>(held: HeldTarget, open: () => T): T {
  let kept: T | undefined
  try {
    kept = guarded(held, open)
    return kept
  } finally {
    if (kept === undefined) held.volume.close()
  }
}

/** Does the last of the work on a target that is held. */
export function lettingGo<T>(held: HeldTarget, work: () => T): T {
  try {
    return guarded(held, work)
  } finally {
    held.volume.close()
  }
}
