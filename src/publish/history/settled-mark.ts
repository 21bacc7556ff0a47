// What tells that a repository is settled, and that this service made it: the commit, and all that the
// listing and the remote say of its history, written last.
import { createHash } from 'node:crypto'
import path from 'node:path'
import type { Oid } from '../../git/oid.js'
import { readUnless, UNREADABLE } from '../../volume/errnos.js'
import type { PublishedHistory } from '../snapshot/published-history.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import { gitfileText } from './checkout-files.js'
import { type CheckoutLayout, checkoutDirectory, GIT, type HistoryLayout } from './layout.js'
import { readRefs } from './refs.js'
import { readShallow } from './shallow.js'
import { writeText } from './write-whole.js'

/** The file of a repository, and of each linked worktree, that has it. */
export const MARK = 'git-autosync-settled'
const MAX_BYTES = 4096

/** Whether all that is to be settled is so. */
export function isSettled(
  layout: HistoryLayout,
  checkout: CheckoutLayout,
  snapshot: Snapshot,
): boolean {
  const { history } = snapshot
  if (!history) return true
  const own = checkoutDirectory(layout, checkout)
  const isMarked = [own, layout.repository].every(
    (directory) =>
      readText(layout, path.join(directory, MARK)) ===
      markOf(layout, directory, snapshot.commit, history),
  )
  if (!isMarked || layout.volume.stat(path.join(own, 'index')) === undefined) return false
  // Somebody may have removed or moved them since.
  const link = gitfileText(layout, checkout)
  if (link !== undefined && readText(layout, path.join(checkout.root, GIT)) !== link) return false
  const { commit } = snapshot
  const isLinked = checkout.name !== undefined
  if (isLinked && readText(layout, path.join(own, 'HEAD')) !== `${commit}\n`) return false
  const head = readText(layout, path.join(layout.repository, 'HEAD'))
  if (head !== `${headOf(snapshot, history)}\n`) return false
  const refs = readRefs(layout)
  return Object.entries(history.refs).every(([name, oid]) => refs.get(name) === oid)
}

/** Notes that all is settled in `directory`. */
export function markSettled(layout: HistoryLayout, directory: string, snapshot: Snapshot): void {
  const { commit, history } = snapshot
  if (!history) return
  const file = path.join(directory, MARK)
  writeText(layout.volume, layout.repository, file, markOf(layout, directory, commit, history))
}

/** What HEAD of a repository says. */
export function headOf({ commit }: Snapshot, { branch }: PublishedHistory): string {
  return branch === undefined ? commit : `ref: ${branch}`
}

/** Where history ends is the repository's: a publication that is under way cuts it for its own commit, too. */
function markOf(
  layout: HistoryLayout,
  directory: string,
  commit: Oid,
  history: PublishedHistory,
): string {
  const ends = directory === layout.repository ? readShallow(layout) : []
  const said = JSON.stringify([sorted({ ...history, refs: sorted(history.refs) }), ends])
  return `${commit} ${createHash('sha256').update(said).digest('hex')}\n`
}

/** The same for a history as it was published and as it was read. */
function sorted(fields: object): [string, unknown][] {
  const set = Object.entries(fields).filter(([, value]) => value !== undefined)
  return set.sort(([one], [other]) => (one < other ? -1 : 1))
}

function readText({ volume }: HistoryLayout, file: string): string | undefined {
  return readUnless(UNREADABLE, () => volume.readBytes(file, MAX_BYTES))?.toString('latin1')
}
