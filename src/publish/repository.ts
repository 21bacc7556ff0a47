// The repository behind what is published at a target, and those of its submodules: what is kept there
// is opened, and what comes next is put in before it is published.
import type { ObjectFormat } from '../git/oid.js'
import { toVolumeError } from '../volume/volume-error.js'
import { hold, keeping, publisherOf } from './at-target.js'
import type { RepositoryOptions } from './history/create.js'
import { type HistoryToKeep, keepReceived } from './history/keep.js'
import { checkoutDirectory, type HistoryLayout, moduleDirectories } from './history/layout.js'
import { RepositoryObjects } from './history/objects.js'
import { assertOwnDirectories } from './own-directories.js'
import type { Publisher } from './publisher.js'
import type { PublishedSubmodule } from './snapshot/origin.js'
import type { HeldTarget, Target } from './target.js'

/** The objects of a repository, to be read until they are closed. */
export type OpenHistory = Pick<RepositoryObjects, 'has' | 'readIfAny' | 'close'>

/** What is kept of the history of what is published at a target. */
export function openHistory(target: Target, format: ObjectFormat): OpenHistory {
  return openObjects(target, format, (held, publisher) => publisher.history(held))
}

/** What is kept of the history of a submodule, which is one of all that are published. */
export function openModuleHistory(
  target: Target,
  format: ObjectFormat,
  modules: readonly PublishedSubmodule[],
  { path: own }: PublishedSubmodule,
): OpenHistory {
  return openObjects(target, format, (held, publisher) => {
    const place = publisher.current(held)?.repository
    const repository = place && moduleDirectories(checkoutDirectory(place, place), modules).get(own)
    return repository === undefined ? undefined : { ...publisher.history(held), repository }
  })
}

function openObjects(
  target: Target,
  format: ObjectFormat,
  layoutOf: (held: HeldTarget, publisher: Publisher) => HistoryLayout | undefined,
): OpenHistory {
  return keeping(target, (held, publisher) => {
    const layout = layoutOf(held, publisher)
    const objects = layout && new RepositoryObjects(layout, format)
    return {
      has: (oid) => objects?.has(oid) ?? false,
      readIfAny: (oid) => objects?.readIfAny(oid),
      close: () => {
        objects?.close()
        held.volume.close()
      },
    }
  })
}

/**
 * Puts packs into the repository of what is published next, and of its submodules; each is made where
 * there is none. Nothing in it leads to them yet.
 */
export async function keepHistory(
  target: Target,
  options: RepositoryOptions,
  received: HistoryToKeep,
): Promise<void> {
  const held = hold(target)
  try {
    assertOwnDirectories(held)
    const publisher = publisherOf(target)
    const before = publisher.current(held)?.repository
    await keepReceived(publisher.history(held), before, options, received)
  } catch (error) {
    throw toVolumeError(held.volume.named(error), target.directory)
  } finally {
    held.volume.close()
  }
}
