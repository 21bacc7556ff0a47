// A lease on what is published: of all instances that share a volume, the one whose name is in
// the lease file works on an entry, and raises a number in it from time to time. Another takes
// the lease over when that number stands still for long enough by its own clock, so that no two
// machines' clocks are compared.
//
// What is left of a race: nobody can make a rename depend on the content of another file. Whoever
// commits reads the lease right before, and again from time to time while it goes on; a process
// that is stopped (SIGSTOP, a hanging NFS mount) between such a look and the one call that
// follows it, and for longer than the lease lasts, makes that one call after another has taken
// over. In symlink mode, that call puts a whole commit back in sight until the new owner's next.
import { errnoOf } from '../../base/errno.js'
import { SyncError } from '../../base/errors.js'
import { NO_FILE } from '../../volume/errnos.js'
import { readIfRegular, rewrite, rewriteSync } from '../../volume/open-file.js'
import type { ProcessIdentity } from './process-identity.js'

/** A lease that is held. */
export interface Lease {
  /** The lease file. Absolute. */
  file: string
  /** The directory below which it is held while it is changed. Absolute. */
  base: string
  /** Of the process that holds it. */
  id: string
  /** The volume the file is on. */
  volume: number
  /** Where that is mounted, as a byte path; undefined where the system does not tell. */
  mountPoint?: string | undefined
}

/** What a lease file holds. */
export interface LeaseRecord extends ProcessIdentity {
  /** Raised by every sign of life. */
  beats: number
  /** Whether it is held in place of the instance whose entry it is, until that one wants it back. */
  byDeputy?: boolean
}

/** The name of the lease file. */
export const LEASE_FILE = 'lease'
/** The name of the file beside it by which an instance wants it back from its deputy. */
export const WISH_FILE = 'lease-wanted'

/** Every record has this length, so that one write replaces another whole. */
const RECORD_BYTES = 512
/** What is larger is no lease, in bytes. */
export const MAX_LEASE_BYTES = 64 * 1024
/** While something goes on, the lease is looked at this often, in milliseconds. */
const LOOK_AGAIN_MS = 1000

/** JSON in one line of a fixed length. */
export function encodeLease(record: LeaseRecord): Buffer {
  return Buffer.from(`${JSON.stringify(record).padEnd(RECORD_BYTES - 1)}\n`)
}

/** The inverse of {@link encodeLease}; undefined where the text is not, or only half of, one. */
export function decodeLease(text: string): LeaseRecord | undefined {
  try {
    const record = JSON.parse(text) as Partial<LeaseRecord> | null
    const isWhole = typeof record?.id === 'string' && typeof record.pid === 'number'
    return isWhole ? (record as LeaseRecord) : undefined
  } catch {
    // Not written whole, or damaged: then nobody can be named.
    return undefined
  }
}

/** Throws `lease-lost` where a lease is not its holder's any more. */
export function assertLease(lease: Lease | undefined): void {
  if (!lease) return
  const text = readIfRegular(lease.file, MAX_LEASE_BYTES)?.toString()
  if (decodeLease(text ?? '')?.id === lease.id) return
  throw new SyncError(
    'lease-lost',
    `Another instance has taken over (${lease.file}), or somebody has removed that file; nothing more is written, and this instance waits for its turn`,
  )
}

/** Asserts a lease from time to time, for what may last long: to be called at every step. */
export function leaseGuard(lease: Lease | undefined): () => void {
  let lookedAt = performance.now()
  return () => {
    if (performance.now() - lookedAt < LOOK_AGAIN_MS) return
    assertLease(lease)
    lookedAt = performance.now()
  }
}

/** Shows that the holder lives; returns false where the lease is not its own any more. */
export async function renewLease({ file, id }: Lease): Promise<boolean> {
  try {
    return await rewrite(file, RECORD_BYTES, (content) => nextBeat(content, id))
  } catch (error) {
    return isStillHeld(error)
  }
}

/** Like {@link renewLease}, in a thread that may be blocked. */
export function renewLeaseSync({ file, id }: Lease): boolean {
  try {
    return rewriteSync(file, RECORD_BYTES, (content) => nextBeat(content, id))
  } catch (error) {
    return isStillHeld(error)
  }
}

function nextBeat(content: Buffer, id: string): Buffer | undefined {
  const record = decodeLease(content.toString())
  // One who takes over renames another file to this name: this one is written for nobody then.
  return record?.id === id ? encodeLease({ ...record, beats: record.beats + 1 }) : undefined
}

/** Of a volume that fails the next work there tells, and nobody else could have written either. */
function isStillHeld(error: unknown): boolean {
  return !NO_FILE.includes(errnoOf(error))
}
