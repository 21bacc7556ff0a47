// What is in a directory before it becomes equal to a tree: nothing is half done there any more.
import { type ForeignClone, openForeignClone } from '../drift/foreign-clone.js'
import type { PublishedRecord } from '../snapshot/store.js'
import type { DirectoryLayout } from '../target.js'
import { recover } from './record.js'

/** A directory, and what is in it. */
export interface DirectoryContent {
  layout: DirectoryLayout
  /** What was published there; undefined where nothing was. */
  record: PublishedRecord | undefined
  /** What another program left there, where there is no record of a publication. */
  clone: ForeignClone | undefined
}

/** Completes what was interrupted in a directory, unless that was done: then `record` came of it. */
export function openContent(layout: DirectoryLayout, record = recover(layout)): DirectoryContent {
  return { layout, record, clone: record ? undefined : openForeignClone(layout) }
}
