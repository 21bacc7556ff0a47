// By which keys an entry's commits must be signed, as it is written. What is wrong is said by a RangeError.
import { isFileName, namedIn } from '../base/file-name.js'
import { assertExpanded } from '../base/paths.js'
import type { Revision } from '../git/revision.js'
import type { SignaturePolicy } from '../signature/policy.js'

/** The field as the schema types it. */
export interface WrittenVerify {
  keys: string[]
  object?: SignaturePolicy['object']
  revoked?: string[]
}

const TAGS = 'refs/tags/'

/** The absolute name of a key file. */
export function parseKeyFile(name: string, folder: string): string {
  if (!isFileName(name)) throw new RangeError('must be a file name, not the key itself')
  if (name.includes('\0')) throw new RangeError('must not have a NUL character')
  assertExpanded(name)
  return namedIn(folder, name).file
}

/** Throws where what is followed has no tag that could be signed. */
export function assertSignable(object: SignaturePolicy['object'], revision: Revision): void {
  const { kind } = revision
  const isTag =
    kind === 'tag' || kind === 'semver' || (kind === 'ref' && revision.name.startsWith(TAGS))
  if (object === 'commit' || isTag) return
  throw new RangeError(
    `is "${object}", and the entry follows no tag: give it a tag or semver, or have the commits signed with "commit"`,
  )
}
