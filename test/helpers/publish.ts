// Publishes a commit whose objects are all there.
import { begin } from '../../src/publish/publication.js'
import type { CommitSource, Published } from '../../src/publish/publisher.js'
import type { Target } from '../../src/publish/target.js'

/** Publishes a commit at a target. Throws a SyncError. */
export function publish(target: Target, source: CommitSource, checkpoint: () => void): Published {
  return begin(target, source, checkpoint).finish()
}
