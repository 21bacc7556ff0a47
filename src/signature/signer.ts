// Who signed, as people read it. Whoever has a key chooses its name: it is text of a bounded length,
// on one line.
import { cutName } from '../base/cut-text.js'

/** Who signed, as a key file says it. */
export interface Signer {
  /** A principal, the user id of a key, or a comment; may be empty. */
  name: string
  /** The key, by its fingerprint. */
  key: string
}

/** Who signed, or why nobody did who counts: a predicate of the commit or the tag. */
export type Verdict = { signer: Signer } | { fault: string }

/** A signer on one line. */
export function describeSigner({ key, name }: Signer): string {
  const shown = cutName(name.replace(/[\s\p{Cc}]+/gu, ' ').trim())
  return shown === '' ? key : `${shown} (${key})`
}
