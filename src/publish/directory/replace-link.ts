// From a symlink, or from what others put in place of what was published, to a directory: it is
// built whole beside that, then takes its place.
import { removeBelow, rename, unlink } from '../../volume/files.js'
import { asideOf, directoryLayout, linkLayout } from '../layout.js'
import { assertLease } from '../lease/lease.js'
import type { CommitSource, Publication } from '../publisher.js'
import type { Target } from '../target.js'
import { puttingBack } from './making-way.js'
import { forget } from './record.js'
import { DirectoryUpdate } from './update.js'

/** Starts to publish a commit to a directory that replaces a symlink or a file in the end. */
export function replaceLink(
  target: Target,
  source: CommitSource,
  checkpoint: () => void,
): Publication {
  const root = asideOf(linkLayout(target))
  const layout = directoryLayout(target, root)
  forget(layout)
  removeBelow(layout.base, root)
  const update = new DirectoryUpdate(layout, source, checkpoint)
  return {
    offer: (oid, object) => update.offer(oid, object),
    abandon: () => update.abandon(),
    finish() {
      const published = update.finish()
      assertLease(target.lease)
      return puttingBack(target, () => {
        unlink(target.directory)
        rename(root, target.directory)
        return published
      })
    },
  }
}
