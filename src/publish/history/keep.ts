// Puts what was received into the repository of what is published next, and into those of its submodules:
// each is made where there is none. Nothing in them leads to it yet.
import type { CompletePack } from '../../pack/kept-pack.js'
import type { PublishedSubmodule } from '../snapshot/origin.js'
import type { RepositoryPlace } from '../target.js'
import { ensureRepository, type RepositoryOptions } from './create.js'
import { keepModules, type ModuleToKeep } from './keep-modules.js'
import { checkoutDirectory, type HistoryLayout, moduleDirectories } from './layout.js'
import { adoptPacks } from './packs.js'

/** What is put into the repositories of what is published next. */
export interface HistoryToKeep {
  packs: readonly CompletePack[]
  modules: readonly ModuleToKeep[]
  /** The submodules that are published now. */
  modulesBefore: readonly PublishedSubmodule[]
  /** Where the repository is, as the publication has it. */
  place: RepositoryPlace | undefined
}

/** Puts packs into a repository; `before` is the one of what is published now. */
export async function keepReceived(
  layout: HistoryLayout,
  before: RepositoryPlace | undefined,
  options: RepositoryOptions,
  { modules, modulesBefore, packs, place }: HistoryToKeep,
): Promise<void> {
  await ensureRepository(layout, { ...options, hasSubmodules: modules.length > 0 })
  adoptPacks(layout, packs, { isFiltered: options.filter !== undefined })
  if (!place || modules.length === 0) return
  const directories = before && moduleDirectories(checkoutDirectory(before, before), modulesBefore)
  await keepModules(layout, modules, { ...options, place, before: directories ?? new Map() })
}
