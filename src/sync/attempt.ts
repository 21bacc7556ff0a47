// One attempt to bring an entry to a commit: what it works with.
import type { PackToPublish } from '../worker/pool.js'
import type { SyncContext } from './context.js'
import type { Remote } from './remote.js'
import type { ResolvedRevision } from './resolve-revision.js'
import type { EntryState } from './state/entry-state.js'
import type { SyncProgress } from './sync-progress.js'

export interface Attempt {
  state: EntryState
  wanted: ResolvedRevision
  progress: SyncProgress
  session: Remote['session']
  context: SyncContext
  signal: AbortSignal
  /** Of what was only announced: resolves when the remote names it. */
  confirm?: (how: { mayWait: boolean; signal: AbortSignal }) => Promise<void>
  /** Of that: whether what fails is a failure, as the remote named it, or does where it was not asked. */
  mayFail?: () => boolean
  /** Asked before a commit is published. */
  allow?: PackToPublish['allow']
}
