// The repositories of the submodules of a commit that is published next. In a worktree of its own, each
// grows from that of the worktree in use: they share packs, where the volume can.
import path from 'node:path'
import { piecesOf } from '../../git/attributes/source-scan.js'
import { FileSource } from '../../git/byte-source.js'
import type { CompletePack } from '../../pack/kept-pack.js'
import { NO_LINK, readUnless, tolerating, UNREADABLE } from '../../volume/errnos.js'
import type { PublishedSubmodule } from '../snapshot/origin.js'
import type { RepositoryPlace } from '../target.js'
import { configText, ensureRepository, type RepositoryOptions } from './create.js'
import { checkoutDirectory, type HistoryLayout, moduleDirectories } from './layout.js'
import { adoptPacks } from './packs.js'
import { readLog, writeLog } from './reflog.js'
import { noteMadeHere } from './refs.js'
import { readShallow, writeShallow } from './shallow.js'
import { writeText } from './write-whole.js'

/** A submodule, and what came of it. */
export interface ModuleToKeep {
  module: PublishedSubmodule
  /** The published one that has what did not come; undefined where all came. */
  before: PublishedSubmodule | undefined
  packs: readonly CompletePack[]
}

/** Where the repositories of submodules go, and what they grow from. */
export interface ModulesToKeep extends Pick<RepositoryOptions, 'hasFileModes' | 'objectFormat'> {
  place: RepositoryPlace
  /** The repositories of what is published now, by the paths of submodules. */
  before: ReadonlyMap<string, string>
}

/** Makes the repositories of submodules, and puts into them what came. Nothing leads to it yet. */
export async function keepModules(
  main: HistoryLayout,
  modules: readonly ModuleToKeep[],
  { before, hasFileModes, objectFormat, place }: ModulesToKeep,
): Promise<void> {
  const { volume } = main
  const own = checkoutDirectory(place, place)
  // Git would take a worktree away of which there is nothing else yet.
  if (place.name !== undefined) writeText(volume, main.repository, path.join(own, 'locked'), '')
  const directories = moduleDirectories(
    own,
    modules.map(({ module }) => module),
  )
  for (const { before: earlier, module, packs } of modules) {
    const repository = directories.get(module.path)
    if (repository === undefined) continue
    const layout: HistoryLayout = { ...main, repository, isBare: false }
    const options = { url: module.url, objectFormat, isSubmodule: true, hasSubmodules: true }
    await ensureModule(layout, hasFileModes === undefined ? options : { ...options, hasFileModes })
    const from = earlier && before.get(earlier.path)
    if (from !== undefined && from !== repository) grow({ ...layout, repository: from }, layout)
    adoptPacks(layout, packs)
  }
}

/** What is written at once has nothing that is lacking. HEAD, which makes it a repository, is last. */
async function ensureModule(layout: HistoryLayout, options: RepositoryOptions): Promise<void> {
  const { repository, volume } = layout
  const head = path.join(repository, 'HEAD')
  if (!volume.stat(head)) {
    for (const name of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags']) {
      volume.ensureDirectory(path.join(repository, name))
    }
    noteMadeHere(layout)
    writeText(volume, repository, path.join(repository, 'config'), configText(layout, options))
    writeText(volume, repository, head, 'ref: refs/heads/main\n')
  }
  await ensureRepository(layout, options)
}

/** Takes over all that this service put into another repository. */
function grow(from: HistoryLayout, to: HistoryLayout): void {
  const { volume } = to
  const [source, target] = [from, to].map(({ repository }) => path.join(repository, 'objects/pack'))
  if (source === undefined || target === undefined) return
  const names = readUnless(UNREADABLE, () => volume.names(source)) ?? []
  writeShallow(to, [...readShallow(to), ...readShallow(from)])
  // A pack is there with its index.
  const order = ['pack', 'promisor', 'idx']
  for (const extension of order) {
    for (const name of names.filter((each) => each.endsWith(`.${extension}`))) {
      if (!name.startsWith('pack-') || volume.stat(path.join(target, name))) continue
      share(to, path.join(source, name), path.join(target, name))
    }
  }
  volume.flushDirectory(target)
  // What was published before is in them, too.
  if (volume.stat(path.join(to.repository, 'logs/HEAD'))) return
  writeLog(to, readLog(from)?.filter(({ isOwn }) => isOwn) ?? [])
}

function share({ repository, volume }: HistoryLayout, from: string, to: string): void {
  if (tolerating(NO_LINK, () => volume.link(from, to))) return
  const staged = path.join(repository, 'git-autosync.next')
  volume.removeFile(staged)
  const source = new FileSource(volume.open(from))
  try {
    volume.writeNew(staged, 0o444, piecesOf(source, 0, source.length))
  } finally {
    source.close()
  }
  volume.flush(staged)
  volume.rename(staged, to)
}
