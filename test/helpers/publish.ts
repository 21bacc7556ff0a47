// Publishes a commit whose objects are all there.
import * as publication from '../../src/publish/publication.js'
import type { CommitSource, Publication, Published } from '../../src/publish/publisher.js'
import type { Target } from '../../src/publish/target.js'

/** Starts to publish a commit at a target. Throws a SyncError. */
export function begin(target: Target, source: CommitSource, checkpoint: () => void): Publication {
  return publication.begin(publication.openTarget(target, source, checkpoint), source, checkpoint)
}

/** Publishes a commit at a target. Throws a SyncError. */
export function publish(target: Target, source: CommitSource, checkpoint: () => void): Published {
  return begin(target, source, checkpoint).finish()
}
