// Several links may have their worktrees in one root. What one of them shows, or is about to, is not
// for another to remove.
import path from 'node:path'
import { ABSENT, readUnless, UNREADABLE } from '../../volume/errnos.js'
import { LEASE_FILE } from '../lease/lease.js'
import { isWorktreeName, type LinkLayout, linkedWorktree } from '../target.js'

/** The file in the workshop of a link that says where it is, as seen from the root. */
export const LINK_FILE = 'link'

const MAX_LINK_BYTES = 4096 * 4

/** Says where a link is; nothing is to be said where its worktrees are nobody else's. */
export function nameLink({ link, volume, workshop, worktrees }: LinkLayout): void {
  if (worktrees === workshop) return
  const file = path.join(workshop, LINK_FILE)
  const text = `${path.relative(path.dirname(worktrees), link)}\n`
  if (volume.readFile(file, MAX_LINK_BYTES)?.toString('latin1') === text) return
  volume.ensureDirectory(workshop)
  volume.writeFile(file, Buffer.from(text, 'latin1'))
}

/** The worktrees that other links of the root are at work on, or show. */
export function worktreesOfOthers(links: LinkLayout): Set<string> {
  const { volume, workshop, worktrees } = links
  const found = new Set<string>()
  if (worktrees === workshop) return found
  const all = path.dirname(workshop)
  for (const name of namesIn(links, all)) {
    const other = path.join(all, name)
    if (other === workshop) continue
    const isAtWork = volume.stat(path.join(other, LEASE_FILE)) !== undefined
    const shown = isAtWork ? undefined : shownBy(links, other)
    for (const state of namesIn(links, other)) {
      const [worktree = '', kind] = state.split('.')
      if (kind !== 'state' || !isWorktreeName(worktree)) continue
      if (isAtWork || worktree === shown) found.add(worktree)
    }
  }
  return found
}

function namesIn({ volume }: LinkLayout, directory: string): string[] {
  return readUnless(ABSENT, () => volume.names(directory)) ?? []
}

/** The worktree that the link of another workshop leads to. */
function shownBy({ volume, worktrees }: LinkLayout, workshop: string): string | undefined {
  const text = volume.readFile(path.join(workshop, LINK_FILE), MAX_LINK_BYTES)?.toString('latin1')
  if (!text) return undefined
  const link = path.resolve(path.dirname(worktrees), text.trimEnd())
  return readUnless(UNREADABLE, () => linkedWorktree({ link, volume, worktrees }))
}
