// The refs of the repository behind published files, made what a history says. Which of them are this
// service's own is written down beside them: all others are somebody's, and stay. Where one of
// somebody's must give way, what it led to is kept as `refs/kept/<oid>`.
import path from 'node:path'
import { SyncError } from '../../base/errors.js'
import { isOid, type Oid } from '../../git/oid.js'
import { displayPath } from '../../volume/byte-path.js'
import { ABSENT, readUnless, UNREADABLE } from '../../volume/errnos.js'
import type { Volume } from '../../volume/volume.js'
import { isRefName } from '../snapshot/published-history.js'
import { withLock } from './git-lock.js'
import type { HistoryLayout } from './layout.js'
import { writeSharedText, writeText } from './write-whole.js'

/** A list of refs that is larger is not read, in bytes. */
const MAX_LIST_BYTES = 64 * 1024 * 1024
const MAX_REF_BYTES = 4096
/** How deep names of refs are followed. */
const MAX_DEPTH = 32

/** Where commits get a ref that would else be lost. */
export const KEPT = 'refs/kept/'

/** Refs by their full names. */
export type Refs = ReadonlyMap<string, Oid>

/** What becomes of refs. */
export interface RefChanges {
  writes: Map<string, Oid>
  deletes: Set<string>
  /** What somebody's refs led to that give way. */
  kept: Set<Oid>
}

/** Every ref that leads to an object, packed ones as well; what cannot be read is none. */
export function readRefs(layout: HistoryLayout): Map<string, Oid> {
  return refsIn(layout, UNREADABLE)
}

/** Like {@link readRefs}, but throws as the volume does where one is there that cannot be read. */
export function readAllRefs(layout: HistoryLayout): Map<string, Oid> {
  return refsIn(layout, ABSENT)
}

/** What the volume answers with one of `codes` counts as no ref. */
function refsIn({ repository, volume }: HistoryLayout, codes: readonly string[]): Map<string, Oid> {
  const refs = new Map<string, Oid>()
  const read = (name: string, maxBytes: number) =>
    readUnless(codes, () => volume.readBytes(path.join(repository, name), maxBytes))
      ?.toString('latin1')
      .trim() ?? ''
  for (const { name, oid } of linesOf(read('packed-refs', MAX_LIST_BYTES))) refs.set(name, oid)
  for (const name of looseNames(volume, repository, 'refs', codes)) {
    const text = read(name, MAX_REF_BYTES)
    if (isOid(text)) refs.set(name, text)
  }
  return refs
}

/** What is to change so that `wanted` is so, given which refs are this service's own now. */
export function planRefs(current: Refs, own: Refs, wanted: Refs): RefChanges {
  const changes: RefChanges = { writes: new Map(), deletes: new Set(), kept: new Set() }
  const isOwn = (name: string) => own.get(name) === current.get(name)
  const giveWay = (name: string) => {
    const oid = current.get(name)
    if (oid !== undefined && !isOwn(name)) changes.kept.add(oid)
  }
  for (const [name, oid] of wanted) {
    if (current.get(name) === oid) continue
    giveWay(name)
    changes.writes.set(name, oid)
  }
  for (const name of current.keys()) {
    if (wanted.has(name)) continue
    const isInTheWay = [...wanted.keys()].some(
      (other) => other.startsWith(`${name}/`) || name.startsWith(`${other}/`),
    )
    if (isInTheWay) giveWay(name)
    if (isInTheWay || (own.has(name) && isOwn(name))) changes.deletes.add(name)
  }
  return changes
}

/**
 * Makes the refs what is wanted; each by one rename, branches last. Throws `repository-locked` where git
 * changes one meanwhile.
 */
export function settleRefs(layout: HistoryLayout, wanted: Refs): void {
  const current = readRefs(layout)
  const assertUnchanged = unchangedGuard(layout, current)
  const { deletes, kept, writes } = planRefs(current, readOwn(layout), wanted)
  // What is written from here on is this service's own, also where it is interrupted.
  if (writes.size > 0) writeOwn(layout, [...readOwn(layout), ...wanted])
  for (const oid of kept) keepCommit(layout, oid)
  if (deletes.size > 0) removeRefs(layout, deletes, assertUnchanged)
  const isBranch = ([name]: [string, Oid]) => name.startsWith('refs/heads/')
  const sorted = [...writes].sort((one, other) => +isBranch(one) - +isBranch(other))
  for (const [name, oid] of sorted) {
    writeSharedText(layout, refFile(layout, name), `${oid}\n`, () => assertUnchanged(name))
  }
  writeOwn(layout, [...wanted])
}

/** Gives a ref to a commit to which none may lead soon. */
export function keepCommit(layout: HistoryLayout, oid: Oid): void {
  writeSharedText(layout, refFile(layout, `${KEPT}${oid}`), `${oid}\n`)
}

/** Whether this service made a repository, whoever works in it now. */
export function wasMadeHere({ repository, volume }: HistoryLayout): boolean {
  return readUnless(UNREADABLE, () => volume.stat(ownFile(repository))?.isFile()) ?? false
}

/** Notes of a new repository that this service made it. */
export function noteMadeHere(layout: HistoryLayout): void {
  if (!wasMadeHere(layout)) writeOwn(layout, [])
}

/** The refs that this service wrote. */
export function readOwn({ repository, volume }: HistoryLayout): Map<string, Oid> {
  const text = readText(volume, ownFile(repository), MAX_LIST_BYTES) ?? ''
  return new Map(linesOf(text).map(({ name, oid }) => [name, oid]))
}

function writeOwn({ repository, volume }: HistoryLayout, refs: [string, Oid][]): void {
  const text = refs.map(([name, oid]) => `${oid} ${name}\n`).join('')
  writeText(volume, repository, ownFile(repository), text)
}

/** Under the lock of packed refs, as git may be packing those that go. */
function removeRefs(
  layout: HistoryLayout,
  names: ReadonlySet<string>,
  assertUnchanged: (name: string) => void,
): void {
  const { repository, volume } = layout
  const packed = path.join(repository, 'packed-refs')
  withLock(layout, packed, () => {
    for (const name of names) assertUnchanged(name)
    // Else an earlier value of it would be found where this is interrupted.
    const text = packedWithout(layout, names)
    if (text !== undefined) writeText(volume, repository, packed, text)
    for (const name of names) removeLoose(layout, name, assertUnchanged)
  })
}

function removeLoose(
  layout: HistoryLayout,
  name: string,
  assertUnchanged: (name: string) => void,
): void {
  const { repository, volume } = layout
  const file = refFile(layout, name)
  if (volume.stat(file)?.isFile()) {
    withLock(layout, file, () => {
      assertUnchanged(name)
      volume.removeFile(file)
    })
  }
  // As git does, up to refs/heads and the like.
  for (let above = path.dirname(name); above.split('/').length > 2; above = path.dirname(above)) {
    if (!volume.removeIfEmpty(path.join(repository, above))) return
  }
}

/**
 * Throws where a ref leads elsewhere by now: what it leads to is to be kept, too. To be called under its
 * lock, without which git does not remove a loose ref that it has packed.
 */
function unchangedGuard(layout: HistoryLayout, current: Refs): (name: string) => void {
  const packedOf = packedReader(layout)
  return (name) => {
    const file = refFile(layout, name)
    const oid = readText(layout.volume, file, MAX_REF_BYTES)?.trim() ?? packedOf(name)
    if (oid === undefined || !isOid(oid) || oid === current.get(name)) return
    throw new SyncError(
      'repository-locked',
      `${displayPath(file)} was changed by git while it was to be; the sync starts again`,
    )
  }
}

/** What packed refs lead to, read anew once their list is another. */
function packedReader({ repository, volume }: HistoryLayout): (name: string) => Oid | undefined {
  const file = path.join(repository, 'packed-refs')
  let last = ''
  let refs = new Map<string, Oid>()
  return (name) => {
    const { ctimeMs, ino, mtimeMs, size } = volume.stat(file) ?? {}
    const stamp = [ctimeMs, ino, mtimeMs, size].join(' ')
    if (stamp !== last) {
      const lines = linesOf(readText(volume, file, MAX_LIST_BYTES) ?? '')
      refs = new Map(lines.map((line) => [line.name, line.oid]))
      last = stamp
    }
    return refs.get(name)
  }
}

/** The list of packed refs without some; undefined where it has none of them. */
function packedWithout(
  { repository, volume }: HistoryLayout,
  without: ReadonlySet<string>,
): string | undefined {
  const text = readText(volume, path.join(repository, 'packed-refs'), MAX_LIST_BYTES)
  if (text === undefined) return undefined
  let isLeftOut = false
  const lines = text.split('\n').filter((line) => {
    // What a tag leads to stands below it.
    if (!line.startsWith('^')) isLeftOut = without.has(line.slice(line.indexOf(' ') + 1))
    return !isLeftOut
  })
  const rest = lines.join('\n')
  return rest === text ? undefined : rest
}

/** Lines of an oid and a name. */
function linesOf(text: string): { name: string; oid: Oid }[] {
  return text.split('\n').flatMap((line) => {
    const space = line.indexOf(' ')
    const [oid, name] = [line.slice(0, Math.max(0, space)), line.slice(space + 1)]
    return isOid(oid) && isRefName(name) ? [{ name, oid }] : []
  })
}

function* looseNames(
  volume: Volume,
  repository: string,
  name: string,
  codes: readonly string[],
  depth = 0,
): Generator<string> {
  if (depth > MAX_DEPTH) return
  const entries = readUnless(codes, () => volume.entries(path.join(repository, name))) ?? []
  for (const entry of entries) {
    const below = `${name}/${entry.name}`
    if (entry.isDirectory()) yield* looseNames(volume, repository, below, codes, depth + 1)
    else if (isRefName(below)) yield below
  }
}

/** As a byte string; undefined where there is no such file. */
function readText(volume: Volume, file: string, maxBytes: number): string | undefined {
  return readUnless(UNREADABLE, () => volume.readFile(file, maxBytes))?.toString('latin1')
}

const refFile = ({ repository }: HistoryLayout, name: string) => path.join(repository, name)
const ownFile = (repository: string) => path.join(repository, 'git-autosync-refs')
