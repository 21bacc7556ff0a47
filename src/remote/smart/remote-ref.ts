// One ref as a remote names it.
import type { Oid } from '../../git/oid.js'

export interface RemoteRef {
  /** Full name, for instance `refs/heads/main` or `HEAD`. */
  name: string
  /** What the ref holds: a commit, or the tag object of an annotated tag. */
  oid: Oid
  /** What an annotated tag finally points to. */
  peeled: Oid | undefined
  /** The ref a symbolic ref points to. */
  target: string | undefined
}
