// Whether git can work in a repository and in a checkout of it, by a few small reads.
import path from 'node:path'
import type { Oid } from '../../git/oid.js'
import { readUnless, UNREADABLE } from '../../volume/errnos.js'
import { gitfileText } from './checkout-files.js'
import { type CheckoutLayout, checkoutDirectory, GIT, type HistoryLayout } from './layout.js'

/** More than any of git's small files has, in bytes. */
const MAX_BYTES = 4096

/** Whether git takes a directory for a repository, with objects in it. */
export function isUsable(layout: HistoryLayout): boolean {
  const { repository, volume } = layout
  const names = readUnless(UNREADABLE, () => volume.names(path.join(repository, 'objects/pack')))
  const hasPack = names?.some((name) => name.endsWith('.pack')) ?? false
  return hasPack && textOf(layout, path.join(repository, 'HEAD')) !== ''
}

/** Whether a linked worktree leads to its repository, and is at a commit there. */
export function isCheckedOut(
  layout: HistoryLayout,
  checkout: CheckoutLayout,
  commit: Oid,
): boolean {
  const head = path.join(checkoutDirectory(layout, checkout), 'HEAD')
  return (
    textOf(layout, path.join(checkout.root, GIT)) === gitfileText(layout, checkout)?.trim() &&
    textOf(layout, head) === commit
  )
}

/** Empty where there is none that can be read. */
function textOf({ volume }: HistoryLayout, file: string): string {
  const text = readUnless(UNREADABLE, () => volume.readFile(file, MAX_BYTES))
  return text?.toString('latin1').trim() ?? ''
}
