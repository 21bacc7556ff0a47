// What a hook itself says no by: before a commit is published, that refuses the commit. All else that
// a hook fails by, as a program that is not there, says nothing of a commit.
import { SyncError, type SyncErrorOptions } from '../base/errors.js'

/** A hook's own no: what its program ended by, or an answer of 4xx. */
export class HookRefusal extends SyncError {
  constructor(message: string, options: SyncErrorOptions = {}) {
    super('hook-failed', message, options)
  }
}
