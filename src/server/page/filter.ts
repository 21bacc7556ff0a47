// Which entries are shown. Runs in the service and in the browser.
import type { Condition } from '../../sync/state/lifecycle.js'
import type { PageEntry } from './page-report.js'

/** Which entries are shown: of one state, and with a text in what is told of them. */
export interface Filter {
  state: Condition | undefined
  text: string
}

/** Whether `filter` lets an entry through. */
export function isShown(entry: PageEntry, { state, text }: Filter): boolean {
  if (state && entry.state !== state) return false
  if (text === '') return true
  const { author, error, failingHooks, oid, path, ref, repo, signer, subject } = entry
  const failures = [error, ...failingHooks].map((each) => `${each?.code} ${each?.message}`)
  const words = [path, repo, ref, oid, subject, author, signer, ...failures]
  const told = words.join('\n').toLowerCase()
  return told.includes(text.toLowerCase())
}
