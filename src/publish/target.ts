// What is to be published where: all that publish/ is told of an entry.
import type { Oid } from '../git/oid.js'
import type { Lease } from './lease/lease.js'

/** The way an entry is published. */
export type PublishMode = 'in-place' | 'symlink'

/** State that is not believed. */
export interface SetAside {
  path: string
  /** Why, as people read it. */
  reason: string
}

/** Where an entry is published, and how. */
export interface Target {
  /** Absolute. */
  directory: string
  mode: PublishMode
  /** Holds the state of all entries; undefined where it lives beside what is published. */
  stateRoot: string | undefined
  /** The directory that no symlink on the way may lead out of; undefined where there is none. */
  root?: string | undefined
  /** Whether what others put there is removed. @default false */
  clean?: boolean
  /**
   * Whether this service published there since it started: a file or a symlink in place of that
   * was put there by others, and is replaced. @default false
   */
  wasPublished?: boolean
  /** The commit that was in place last, as far as this is known. */
  published?: Oid | undefined
  /** What keeps other instances away; undefined where none is kept. */
  lease?: Lease | undefined
  /** Told of each piece of state that is not believed, as others could have written it. */
  onSetAside?: (found: SetAside) => void
  /** Where the volume is mounted that it was last found on, as a byte path, if that is known. */
  mountPoint?: string | undefined
}
