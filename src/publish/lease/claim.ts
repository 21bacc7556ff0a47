// How a lease is acquired, waited for, taken over and released. A lease is created with its
// content in one step, wherever the volume has hard links, and taken over by one rename; who was
// last with that has it, which all find out by a second look.
import path from 'node:path'
import { errnoOf } from '../../base/errno.js'
import { OWN_DIRECTORY } from '../../base/own-directory.js'
import { toBytePath } from '../../volume/byte-path.js'
import { NO_LINK, tolerating, UNWRITABLE } from '../../volume/errnos.js'
import {
  assertAccess,
  exists,
  link,
  namesIn,
  removeFile,
  rename,
  statusBehind,
  statusOf,
} from '../../volume/files.js'
import { assertStillMounted, mountPointOf } from '../../volume/mount-points.js'
import { ensureDirectory, removeIfEmpty, writeNewFile } from '../../volume/volume.js'
import { toVolumeError } from '../../volume/volume-error.js'
import { assertOwnDirectories } from '../own-directories.js'
import { asideOf, ownDirectory, type Site, worktreePlace } from '../target.js'
import { decodeLease, encodeLease, LEASE_FILE, type Lease, readLeaseText } from './lease.js'
import { describeProcess, isGone, type ProcessIdentity } from './process-identity.js'

/** What becomes of an attempt to acquire a lease. */
export type LeaseAnswer =
  | { state: 'held'; lease: Lease }
  /** It was taken over; held once it is found so a little later, as others may have done the same. */
  | { state: 'taken'; holder: string }
  /** Another has it, until what was `seen` stands still for long. */
  | { state: 'waiting'; holder: string; seen: string }
  /** Nothing can be written there, by this instance. */
  | { state: 'unwritable' }

export interface LeaseClaim {
  site: Site
  self: ProcessIdentity
  /** What was seen for so long that its holder counts as dead. */
  expired: string | undefined
}

/** Acquires the lease of a site, as far as possible now. Throws a SyncError. */
export function acquireLease(claim: LeaseClaim): LeaseAnswer {
  const { site } = claim
  try {
    // Whoever holds a lease in another place has it until there is one here.
    assertStillMounted(site)
    assertOwnDirectories({ ...site, lease: undefined })
    const [file, other] = leaseFilesOf(site)
    const answer = claimFile(file, claim)
    if (answer.state !== 'held') return answer
    // A site that changes its mode has two places: all claim their own first, then look there.
    const holder = other === undefined ? undefined : holderOf(other, claim)
    if (holder) releaseLease(answer.lease)
    else if (site.lease && site.lease.file !== file) releaseLease(site.lease)
    return holder ?? answer
  } catch (error) {
    throw toVolumeError(error, site.directory)
  }
}

/** Gives a lease back, if it still is the holder's. */
export function releaseLease({ file, id }: Lease): void {
  if (decodeLease(readLeaseText(file) ?? '')?.id === id) removeFile(file)
  const directory = path.dirname(file)
  const isRemoved = removeIfEmpty(toBytePath(directory))
  // Above its own directory is what is published; above the one beside a link, more of its own.
  const isBeside = path.basename(directory) !== OWN_DIRECTORY
  if (isRemoved && isBeside) removeIfEmpty(toBytePath(path.dirname(directory)))
}

/** Where the lease is, and where it could be of an instance that publishes in the other mode. */
function leaseFilesOf(site: Site): [file: string, other: string | undefined] {
  const inside = path.join(ownDirectory(site.directory), LEASE_FILE)
  const worktree = worktreePlace(site)
  const beside = path.join(worktree.worktrees, LEASE_FILE)
  const existing = statusOf(site.directory)
  // What a symlink leads to is not to be written; what made way for one is to return.
  const isAbsent = existing === undefined && !exists(asideOf(worktree))
  if (site.mode === 'in-place' && (isAbsent || existing?.isDirectory())) return [inside, beside]
  return [beside, existing?.isDirectory() ? inside : undefined]
}

function claimFile(file: string, claim: LeaseClaim): LeaseAnswer {
  const found = readLeaseText(file)
  if (found !== undefined && decodeLease(found)?.id === claim.self.id) return held(file, claim)
  const holder = holderOf(file, claim)
  if (holder) return isWritable(path.dirname(file)) ? holder : { state: 'unwritable' }
  let answer: LeaseAnswer | undefined
  const isDone = tolerating(UNWRITABLE, () => {
    answer = found === undefined ? createLease(file, claim) : takeOver(file, found, claim)
  })
  return isDone && answer ? answer : { state: 'unwritable' }
}

/** Who has a lease; undefined where nobody has, or one who is known to be dead. */
function holderOf(file: string, { self, expired }: LeaseClaim): LeaseAnswer | undefined {
  const seen = readLeaseText(file)
  if (seen === undefined || seen === expired) return undefined
  const record = decodeLease(seen)
  if (record && (record.id === self.id || isGone(record, self))) return undefined
  return { state: 'waiting', holder: describeHolder(seen), seen }
}

function describeHolder(text: string): string {
  const record = decodeLease(text)
  return record ? describeProcess(record) : 'an instance that cannot be named'
}

function createLease(file: string, claim: LeaseClaim): LeaseAnswer {
  const staged = stage(file, claim)
  try {
    link(staged, file)
  } catch (error) {
    // Another was faster, and may have cleared up.
    if (['EEXIST', 'ENOENT'].includes(errnoOf(error))) return lostRace(file)
    if (!NO_LINK.includes(errnoOf(error))) throw error
    // Empty for a moment, which others take for a lease of one they cannot name.
    const write = () => writeNewFile(toBytePath(file), 0o666, contentOf(claim))
    if (!tolerating(['EEXIST'], write)) return lostRace(file)
  } finally {
    removeFile(staged)
  }
  return held(file, claim)
}

/** Replaces what was found, if it still is there. */
function takeOver(file: string, found: string, claim: LeaseClaim): LeaseAnswer {
  const staged = stage(file, claim)
  const isStillThere = readLeaseText(file) === found
  if (isStillThere && tolerating(['ENOENT'], () => rename(staged, file))) {
    return { state: 'taken', holder: describeHolder(found) }
  }
  removeFile(staged)
  return lostRace(file)
}

function stage(file: string, claim: LeaseClaim): string {
  ensureDirectory(path.dirname(file))
  const staged = `${file}.${claim.self.id}`
  removeFile(staged)
  writeNewFile(toBytePath(staged), 0o666, contentOf(claim))
  return staged
}

function contentOf({ self }: LeaseClaim): Buffer {
  return encodeLease({ ...self, beats: 0 })
}

/** What others left who were killed; one who is just at it tries again. */
function removeStaged(directory: string): void {
  for (const name of namesIn(directory)) {
    if (name.startsWith(`${LEASE_FILE}.`)) removeFile(path.join(directory, name))
  }
}

function lostRace(file: string): LeaseAnswer {
  const seen = readLeaseText(file) ?? ''
  return { state: 'waiting', holder: describeHolder(seen), seen }
}

function held(file: string, { self }: LeaseClaim): LeaseAnswer {
  removeStaged(path.dirname(file))
  const volume = statusBehind(file).dev
  return { state: 'held', lease: { file, id: self.id, volume, mountPoint: mountPointOf(file) } }
}

function isWritable(directory: string): boolean {
  return tolerating(UNWRITABLE, () => assertAccess(directory))
}
