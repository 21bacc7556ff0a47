// What was published when, as git's log of HEAD: `git diff HEAD@{1}` shows what the last publication
// changed. It also holds what was published before, until packs are joined: nothing dangles.
import path from 'node:path'
import type { Oid } from '../../git/oid.js'
import { ABSENT, readUnless, UNREADABLE } from '../../volume/errnos.js'
import type { HistoryLayout } from './layout.js'
import { writeText } from './write-whole.js'

const MAX_BYTES = 16 * 1024 * 1024
/** How deep names of refs are followed. */
const MAX_DEPTH = 32
/** Who writes it. */
const IDENTITY = 'git-autosync <git-autosync@localhost>'

/** A line of the log. */
export interface LogLine {
  old: Oid
  oid: Oid
  /** Whether this service wrote it. */
  isOwn: boolean
  /** What follows the oids. */
  rest: string
}

/** The log of HEAD; undefined where there is one that cannot be read. */
export function readLog(layout: HistoryLayout): LogLine[] | undefined {
  const { volume } = layout
  const file = logFile(layout)
  const text = readUnless(UNREADABLE, () => volume.readFile(file, MAX_BYTES))?.toString('latin1')
  if (text === undefined) return volume.stat(file) ? undefined : []
  return linesOfLog(text)
}

/** The lines of any log of git's. */
function linesOfLog(text: string): LogLine[] {
  return text.split('\n').flatMap((line) => {
    const [, old, oid, rest] = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (.*)$/.exec(line) ?? []
    if (old === undefined || oid === undefined || rest === undefined) return []
    return [{ old, oid, rest, isOwn: rest.startsWith(IDENTITY) }]
  })
}

/**
 * What the logs of refs below a directory lead to that somebody else wrote. Throws as the volume does
 * where one is there that cannot be read.
 */
export function* loggedByOthers(
  layout: HistoryLayout,
  directory: string,
  depth = 0,
): Generator<Oid> {
  const { volume } = layout
  if (depth > MAX_DEPTH) return
  for (const entry of readUnless(ABSENT, () => volume.entries(directory)) ?? []) {
    const below = path.join(directory, entry.name)
    if (entry.isDirectory()) yield* loggedByOthers(layout, below, depth + 1)
    else {
      const text = readUnless(ABSENT, () => volume.readBytes(below, MAX_BYTES))
      for (const { isOwn, oid } of linesOfLog(text?.toString('latin1') ?? '')) {
        if (!isOwn) yield oid
      }
    }
  }
}

/** Writes the log of HEAD. */
export function writeLog(layout: HistoryLayout, lines: readonly LogLine[]): void {
  const text = lines.map(({ old, oid, rest }) => `${old} ${oid} ${rest}\n`).join('')
  writeText(layout.volume, layout.repository, logFile(layout), text)
}

/** Notes that a commit was published, unless that is what the log says last; `now` in milliseconds. */
export function logPublished(layout: HistoryLayout, oid: Oid, now: number): void {
  const lines = readLog(layout)
  const last = lines?.at(-1)
  if (!lines || last?.oid === oid) return
  const rest = `${IDENTITY} ${Math.floor(now / 1000)} +0000\tpublished`
  const old = last?.oid ?? '0'.repeat(oid.length)
  writeLog(layout, [...lines, { old, oid, rest, isOwn: true }])
}

/**
 * Forgets what was published before, of which not all is there any more; lines of others stay, and
 * what leads to a commit that `remains` though nothing of use leads to it.
 */
export function expireLog(
  layout: HistoryLayout,
  live: ReadonlySet<Oid>,
  remains: (commit: Oid) => boolean,
): void {
  const lines = readLog(layout)
  if (!lines) return
  const newest = lines.findLast(({ isOwn }) => isOwn)
  const kept = lines.filter(
    (line) => line === newest || !line.isOwn || (!live.has(line.oid) && remains(line.oid)),
  )
  writeLog(
    layout,
    kept.map((line) => (live.has(line.old) ? line : { ...line, old: '0'.repeat(line.old.length) })),
  )
}

const logFile = ({ repository }: HistoryLayout) => path.join(repository, 'logs/HEAD')
