// What was published, removed again, whoever changed it meanwhile.
import { applyJournal } from '../stage/journal.js'
import type { DirectoryLayout } from '../target.js'
import { filesOf } from '../tree/file-runs.js'
import { forget, recheck, recover } from './record.js'

/** Removes the files that were published, and the directories that this empties. */
export function removePublished(layout: DirectoryLayout, checkpoint: () => void): void {
  const record = recover(layout)
  recheck(layout)
  const deletes = record ? Array.from(filesOf(record.snapshot), (file) => file.path) : []
  applyJournal(
    { renames: [], deletes, keeps: [] },
    { ...layout, staging: layout.stagingDirectory, checkpoint },
  )
  forget(layout)
}
