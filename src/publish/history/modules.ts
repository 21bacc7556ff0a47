// The repositories of submodules that are checked out, each like one of its own: settled, joined, and
// removed with its submodule, unless somebody worked in it.
import path from 'node:path'
import { joinBytePath } from '../../volume/byte-path.js'
import { ABSENT, readUnless } from '../../volume/errnos.js'
import type { Volume } from '../../volume/volume.js'
import { ALL_AS_STORED, type Snapshot } from '../snapshot/snapshot.js'
import { treeAt } from '../tree/tree-places.js'
import {
  type CheckoutLayout,
  checkoutDirectory,
  type HistoryLayout,
  MODULES,
  moduleDirectories,
} from './layout.js'
import { type Settlement, settle } from './settle.js'

/** How deep names of submodules are followed. */
const MAX_DEPTH = 64

/** A repository, a checkout of it, and what is published there. */
export interface Checkout {
  repository: HistoryLayout
  checkout: CheckoutLayout
}

/** A submodule that is checked out from a repository of its own. */
export interface ModuleCheckout extends Checkout {
  snapshot: Snapshot
}

/** The submodules that are checked out in what is published. */
export function modulesIn(
  { checkout, repository: main }: Checkout,
  all: Snapshot,
): ModuleCheckout[] {
  const { history, origin, stats, trees } = all
  if (!history || !origin?.modules) return []
  const { modules } = origin
  const directories = moduleDirectories(checkoutDirectory(main, checkout), modules)
  return modules.flatMap(({ commit, path: at, shallow, source, url }) => {
    const repository = directories.get(at)
    const place = treeAt(trees, at)
    if (repository === undefined || !shallow || !place) return []
    const { file, tree } = place
    const record = trees[tree]
    if (!record) return []
    const snapshot: Snapshot = {
      commit,
      trees: trees.slice(tree, tree + record.trees),
      stats: stats.slice(file, record.files),
      attributes: [],
      content: ALL_AS_STORED,
      origin: { selection: '', subdir: '', source, trees: origin.trees },
      history: { depth: history.depth, url, refs: {}, shallow },
    }
    const { finalRoot, root } = checkout
    return {
      repository: { ...main, repository, isBare: false },
      checkout: {
        root: joinBytePath(root, at),
        finalRoot: finalRoot === undefined ? undefined : joinBytePath(finalRoot, at),
      },
      snapshot,
    }
  })
}

/** Settles the repositories of all submodules, as {@link settle} does. */
export function settleModules(found: Checkout, all: Snapshot, now: number): Settlement {
  const settlements = modulesIn(found, all).map(({ checkout, repository, snapshot }) =>
    settle(repository, checkout, snapshot, now),
  )
  return settlements.includes('incomplete') ? 'incomplete' : 'settled'
}

/** The repositories of submodules below what git keeps of a checkout; not those that lie in others. */
export function* moduleRepositories(volume: Volume, own: string): Generator<string> {
  yield* repositoriesBelow(volume, path.join(own, MODULES), 0)
}

function* repositoriesBelow(volume: Volume, directory: string, depth: number): Generator<string> {
  if (depth > MAX_DEPTH) return
  for (const entry of readUnless(ABSENT, () => volume.entries(directory)) ?? []) {
    const below = path.join(directory, entry.name)
    if (!entry.isDirectory()) continue
    if (isRepository(volume, below)) yield below
    else yield* repositoriesBelow(volume, below, depth + 1)
  }
}

/** A part of a submodule's name may be called like what is in a repository. */
function isRepository(volume: Volume, directory: string): boolean {
  const head = volume.stat(path.join(directory, 'HEAD'))
  return !!head && !head.isDirectory() && volume.isDirectory(path.join(directory, 'objects'))
}

/** The repositories of submodules that are not checked out any more. */
export function goneModules(found: Checkout, all: Snapshot): string[] {
  const { checkout, repository: main } = found
  const wanted = new Set(modulesIn(found, all).map(({ repository }) => repository.repository))
  const gone: string[] = []
  const look = (own: string) => {
    for (const directory of moduleRepositories(main.volume, own)) {
      if (wanted.has(directory)) look(directory)
      else gone.push(directory)
    }
  }
  look(checkoutDirectory(main, checkout))
  return gone
}
