// How a lease is acquired, waited for, taken over and released. A lease is created with its
// content in one step, wherever the volume has hard links, and taken over by one rename; who was
// last with that has it, which all find out by a second look.
import path from 'node:path'
import { errnoOf } from '../../base/errno.js'
import { displayPath, joinBytePath, toBytePath } from '../../volume/byte-path.js'
import { NO_LINK, READ_ONLY, tolerating, UNWRITABLE } from '../../volume/errnos.js'
import { mountPointOf } from '../../volume/mount-points.js'
import { OWN_DIRECTORY } from '../../volume/own-directory.js'
import type { Volume } from '../../volume/volume.js'
import {
  decodeLease,
  encodeLease,
  LEASE_FILE,
  type Lease,
  MAX_LEASE_BYTES,
  WISH_FILE,
} from './lease.js'
import {
  describeProcess,
  isGone,
  isOfOtherShard,
  type ProcessIdentity,
} from './process-identity.js'

/** What becomes of an attempt to acquire a lease. */
export type LeaseAnswer =
  | { state: 'held'; lease: Lease }
  /** It was taken over; held once it is found so a little later, as others may have done the same. */
  | { state: 'taken'; holder: string }
  /** Another has it, maybe of another shard, until what was `seen` stands still for long. */
  | { state: 'waiting'; holder: string; seen: string; isOfOtherShard: boolean }
  /** Nothing can be written there, by this instance. */
  | { state: 'unwritable' }

/** Where the lease is, as a byte path, and where it could be of an instance that publishes in the other way. */
export type LeaseFiles = [file: string, other: string | undefined]

/** Who claims a lease, and what is known of it. */
export interface Claim {
  volume: Volume
  /** The directory below which all of that lies. Absolute. */
  base: string
  self: ProcessIdentity
  /** What was seen for so long that its holder counts as dead. */
  expired: string | undefined
  /** The lease that is held already, maybe in another file. */
  lease: Lease | undefined
  /** Whether it is claimed in place of the instance whose entry it is. @default false */
  byDeputy?: boolean | undefined
}

/** Claims the lease in a file, as far as possible now, unless somebody holds the one in the other. */
export function claimLease([file, other]: LeaseFiles, claim: Claim): LeaseAnswer {
  const answer = claimFile(file, claim)
  if (answer.state !== 'held') return answer
  // A target that changes its mode has two places: all claim their own first, then look there.
  const holder = other === undefined ? undefined : holderOf(other, claim)
  if (holder) releaseLease(claim.volume, answer.lease)
  else if (claim.lease && toBytePath(claim.lease.file) !== file) {
    releaseLease(claim.volume, claim.lease)
  }
  return holder ?? answer
}

/** Gives a lease back, if it still is the holder's. */
export function releaseLease(volume: Volume, { file, id }: Lease): void {
  const at = toBytePath(file)
  if (decodeLease(readLease(volume, at) ?? '')?.id === id) volume.removeFile(at)
  const directory = path.dirname(at)
  volume.removeFile(wishBeside(at))
  const isRemoved = volume.removeIfEmpty(directory)
  // Above its own directory is what is published; above the one beside a link, more of its own.
  const isBeside = path.basename(directory) !== OWN_DIRECTORY
  if (isRemoved && isBeside) volume.removeIfEmpty(path.dirname(directory))
}

function claimFile(file: string, claim: Claim): LeaseAnswer {
  const { volume } = claim
  const found = readLease(volume, file)
  if (found !== undefined && decodeLease(found)?.id === claim.self.id) return held(file, claim)
  const holder = holderOf(file, claim)
  if (holder) {
    if (!isWritable(volume, path.dirname(file))) return { state: 'unwritable' }
    if (!claim.byDeputy && decodeLease(found ?? '')?.byDeputy) wantBack(volume, file)
    return holder
  }
  let answer: LeaseAnswer | undefined
  const isDone = tolerating(UNWRITABLE, () => {
    // What is there and cannot be read is no lease, and would stand in the way of one.
    if (found === undefined && volume.stat(file)?.isFile() === false) volume.removeFile(file)
    answer = found === undefined ? createLease(file, claim) : takeOver(file, found, claim)
  })
  return isDone && answer ? answer : { state: 'unwritable' }
}

/** Who has a lease; undefined where nobody has, or one who is known to be dead. */
function holderOf(file: string, { self, expired, volume }: Claim): LeaseAnswer | undefined {
  const text = readLease(volume, file)
  if (text === undefined) return undefined
  const seen = signOfLife(text)
  if (seen === expired) return undefined
  const record = decodeLease(text)
  if (record && (record.id === self.id || isGone(record, self))) return undefined
  return waitingFor(text, self)
}

function waitingFor(text: string, self: ProcessIdentity): LeaseAnswer {
  const record = decodeLease(text)
  return {
    state: 'waiting',
    holder: describeHolder(text),
    seen: signOfLife(text),
    isOfOtherShard: record !== undefined && isOfOtherShard(record, self),
  }
}

/** What is no lease shows no life, however often it changes: all of it is the same. */
export function signOfLife(text: string): string {
  return decodeLease(text) ? text : ''
}

/** As people read it. */
export function describeHolder(text: string): string {
  const record = decodeLease(text)
  return record ? describeProcess(record) : 'an instance that cannot be named'
}

function createLease(file: string, claim: Claim): LeaseAnswer {
  const { volume } = claim
  const staged = stage(file, claim)
  try {
    volume.link(staged, file)
  } catch (error) {
    // Another was faster, and may have cleared up.
    if (['EEXIST', 'ENOENT'].includes(errnoOf(error))) return lostRace(file, claim)
    if (!NO_LINK.includes(errnoOf(error))) throw error
    // Empty for a moment, which others take for a lease of one they cannot name.
    const write = () => volume.writeNew(file, 0o666, [contentOf(claim)])
    if (!tolerating(['EEXIST'], write)) return lostRace(file, claim)
  } finally {
    volume.removeFile(staged)
  }
  return held(file, claim)
}

/** Replaces what was found, if it still is there. */
function takeOver(file: string, found: string, claim: Claim): LeaseAnswer {
  const { volume } = claim
  const staged = stage(file, claim)
  const isStillThere = readLease(volume, file) === found
  if (isStillThere && tolerating(['ENOENT'], () => volume.rename(staged, file))) {
    return { state: 'taken', holder: describeHolder(found) }
  }
  volume.removeFile(staged)
  return lostRace(file, claim)
}

function stage(file: string, claim: Claim): string {
  claim.volume.ensureDirectory(path.dirname(file))
  const staged = `${file}.${claim.self.id}`
  claim.volume.writeFile(staged, contentOf(claim))
  return staged
}

function contentOf({ byDeputy, self }: Claim): Buffer {
  return encodeLease({ ...self, beats: 0, ...(byDeputy && { byDeputy }) })
}

/** What others left who were killed; one who is just at it tries again. */
function removeStaged(volume: Volume, directory: string, byDeputy: boolean): void {
  for (const name of volume.names(directory)) {
    // A deputy has to see that it is wanted back.
    const isDone = name === WISH_FILE && !byDeputy
    if (isDone || name.startsWith(`${LEASE_FILE}.`)) {
      volume.removeFile(joinBytePath(directory, name))
    }
  }
}

function wantBack(volume: Volume, file: string): void {
  tolerating([...UNWRITABLE, 'EEXIST', 'ENOENT'], () =>
    volume.writeNew(wishBeside(file), 0o666, []),
  )
}

/** Where the file is by which a lease is wanted back, as a byte path. */
export function wishBeside(file: string): string {
  return joinBytePath(path.dirname(file), WISH_FILE)
}

function lostRace(file: string, { self, volume }: Claim): LeaseAnswer {
  return waitingFor(readLease(volume, file) ?? '', self)
}

function held(at: string, claim: Claim): LeaseAnswer {
  const { base, byDeputy = false, self, volume } = claim
  tolerating(READ_ONLY, () => removeStaged(volume, path.dirname(at), byDeputy))
  const stat = volume.stat(at)
  // Somebody has removed it meanwhile.
  if (!stat) return lostRace(at, claim)
  const file = displayPath(at)
  const mountPoint = mountPointOf(file)
  return { state: 'held', lease: { file, base, id: self.id, volume: stat.dev, mountPoint } }
}

/** The text of a lease file, whatever it is; undefined where there is none. */
export function readLease(volume: Volume, file: string): string | undefined {
  return volume.readFile(file, MAX_LEASE_BYTES)?.toString()
}

function isWritable(volume: Volume, directory: string): boolean {
  return tolerating(UNWRITABLE, () => volume.assertWritable(directory))
}
