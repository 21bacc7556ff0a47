// What passes between the main thread and the worker that reads repositories.
import type { ErrorCode } from '../../base/errors.js'
import type { Oid } from '../../git/oid.js'
import type { FetchRequest } from '../remote-session.js'
import type { LocalRepository } from './repository.js'

export type WorkerTask = { repository: LocalRepository } & (
  | { kind: 'fetch'; request: FetchRequest }
  | { kind: 'peel'; oids: Oid[] }
)

/** A `chunk` is answered with any message once it is consumed. */
export type WorkerMessage =
  | { kind: 'chunk'; chunk: Uint8Array }
  | { kind: 'peeled'; peeled: Map<Oid, Oid | null | undefined> }
  | { kind: 'failed'; code: ErrorCode; message: string }
  | { kind: 'done' }
