// Takes a repository away that is not wanted any more. Only one that this service made, and only where
// nothing is in it that came from nowhere else: then it is left to whoever worked in it.
import path from 'node:path'
import type { Oid } from '../../git/oid.js'
import { displayPath } from '../../volume/byte-path.js'
import { ABSENT, readUnless, tolerating, UNREADABLE } from '../../volume/errnos.js'
import { type DirectoryLayout, isWorktreeName, type LinkLayout, REPOSITORY } from '../target.js'
import { KEPT_MODULES } from './kept-modules.js'
import { type HistoryLayout, linkedHistory } from './layout.js'
import { moduleRepositories } from './modules.js'
import { isPublished, ownHead } from './own-work.js'
import { loggedByOthers } from './reflog.js'
import { readAllRefs, readOwn, wasMadeHere } from './refs.js'
import { MARK } from './settled-mark.js'

/** What shows that somebody is at work in a repository. */
const WORK = [
  'MERGE_HEAD',
  'CHERRY_PICK_HEAD',
  'REVERT_HEAD',
  'BISECT_LOG',
  'MERGE_AUTOSTASH',
  'NOTES_MERGE_PARTIAL',
  'rebase-merge',
  'rebase-apply',
  'sequencer',
  'refs/stash',
  KEPT_MODULES,
]

/** What is in a repository that this service did not put there; undefined where nothing is. */
export function workIn(layout: HistoryLayout): string | undefined {
  const found = readUnless(UNREADABLE, () => ({ work: findWork(layout) }))
  return found ? found.work : 'not all that is in it can be read'
}

/** Like {@link workIn}; one that this service did not make is somebody's. */
export function workInModule(module: HistoryLayout): string | undefined {
  return wasMadeHere(module) ? workIn(module) : 'nobody knows who made it'
}

function findWork(layout: HistoryLayout): string | undefined {
  const { repository, volume } = layout
  const worktrees = path.join(repository, 'worktrees')
  const names = readUnless(ABSENT, () => volume.names(worktrees)) ?? []
  const worktree = names.find((name) => !isWorktreeName(name))
  if (worktree !== undefined) return `it has the worktree ${displayPath(worktree)}`
  for (const own of [repository, ...names.map((name) => path.join(worktrees, name))]) {
    const work = WORK.find((name) => volume.stat(path.join(own, name)))
    if (work !== undefined) {
      return `it has ${displayPath(path.relative(repository, path.join(own, work)))}`
    }
    for (const module of moduleRepositories(volume, own)) {
      const work = workInModule({ ...layout, repository: module, isBare: false })
      if (work !== undefined) return `${displayPath(path.relative(repository, module))}: ${work}`
    }
  }
  const heads = [...names.map((name) => ownHead(layout, path.join(worktrees, name), isOf(name)))]
  if (!layout.isBare) heads.push(ownHead(layout, repository, isPublished(layout)))
  const head = heads.find((oid) => oid !== undefined)
  if (head !== undefined) return `it has the commit ${head}, to which no branch leads`
  const own = readOwn(layout)
  for (const [name, oid] of readAllRefs(layout)) {
    if (own.get(name) !== oid) return `it has ${displayPath(name)}, which came from no remote`
  }
  const hooks = readUnless(ABSENT, () => volume.names(path.join(repository, 'hooks'))) ?? []
  const hook = hooks.find((name) => !name.endsWith('.sample'))
  if (hook !== undefined) return `it has the hook ${displayPath(hook)}`
  const known = new Set(own.values())
  const isKnown = isPublished(layout)
  for (const oid of loggedByOthers(layout, path.join(repository, 'logs'))) {
    if (!known.has(oid) && !isKnown(oid))
      return `it has the commit ${oid}, to which only a log leads`
  }
  return undefined
}

const isOf = (worktree: string) => (oid: Oid) => worktree.startsWith(oid)

/**
 * Removes a repository that this service made, by way of `by`, an absent path on its volume. Returns
 * why it stays, which is said once: it is nobody's of this service from then on.
 */
export function retireRepository(layout: HistoryLayout, by: string): string | undefined {
  const { repository, volume } = layout
  if (!volume.stat(path.join(repository, MARK))) return undefined
  const work = workIn(layout)
  if (work !== undefined) {
    volume.removeFile(path.join(repository, MARK))
    return work
  }
  volume.ensureDirectory(path.dirname(by))
  const isGone = tolerating(['ENOENT', 'EBUSY', 'EXDEV', 'EACCES', 'EPERM'], () =>
    volume.rename(repository, by),
  )
  if (isGone) volume.removeAll(by)
  return isGone ? undefined : 'it cannot be moved'
}

/**
 * Removes what belongs to a link that is no more, by `remove`. A repository that somebody worked in
 * stays.
 */
export function removeWorktrees(links: LinkLayout, remove: (path: string) => void): void {
  const { volume, workshop, worktrees } = links
  if (worktrees !== workshop) remove(worktrees)
  const layout = linkedHistory(links)
  const work = volume.stat(layout.repository) ? workIn(layout) : undefined
  if (work === undefined) {
    remove(workshop)
    return
  }
  const others = volume.names(workshop).filter((name) => name !== REPOSITORY)
  for (const name of others) remove(path.join(workshop, name))
  if (others.length === 0) return
  tellKept(links, layout.repository, work)
}

/** Says that a repository stays, and why. */
export function tellKept(
  { onSetAside }: Pick<DirectoryLayout, 'onSetAside'>,
  repository: string,
  why: string,
): void {
  const reason = `${why}: it stays`
  onSetAside?.({ kind: 'repository', path: displayPath(repository), reason })
}
