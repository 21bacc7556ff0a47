// What a repository was like as its packs were looked at last: while that is so, there is nothing to join.
import path from 'node:path'
import { readUnless, UNREADABLE } from '../../volume/errnos.js'
import type { HistoryDepth } from '../snapshot/published-history.js'
import type { HistoryLayout } from './layout.js'
import { writeText } from './write-whole.js'

const STAMP = 'git-autosync-joined'
const JOINED = ' joined'

/** The packs and the worktrees of a repository, and which packs were joined ones. */
export interface JoinStamp {
  text: string
  /** Without an extension: in these, deltas were looked for. */
  joined: ReadonlySet<string>
}

/** What there is now; of packs, those in `joined` are joined ones. */
export function stampOf(
  { repository, volume }: HistoryLayout,
  depth: HistoryDepth,
  joined: ReadonlySet<string>,
): JoinStamp {
  const names = (directory: string) =>
    readUnless(UNREADABLE, () => volume.names(path.join(repository, directory))) ?? []
  const packs = names('objects/pack')
    .filter((name) => name.endsWith('.idx'))
    .map((name) => (joined.has(name.slice(0, -'.idx'.length)) ? `${name}${JOINED}` : name))
  const lines = [`${depth}`, ...names('worktrees'), ...packs].sort()
  return { text: lines.map((line) => `${line}\n`).join(''), joined }
}

/** What there was at the last look. */
export function readStamp({ repository, volume }: HistoryLayout): JoinStamp {
  const bytes = volume.readFile(path.join(repository, STAMP), 1024 * 1024)
  const text = bytes?.toString('latin1') ?? ''
  const joined = text.split('\n').flatMap((line) => {
    const [, name] = /^(pack-[0-9a-f]+)\.idx joined$/.exec(line) ?? []
    return name === undefined ? [] : [name]
  })
  return { text, joined: new Set(joined) }
}

export function writeStamp(layout: HistoryLayout, { text }: JoinStamp): void {
  const { repository, volume } = layout
  writeText(volume, repository, path.join(repository, STAMP), text)
}
