// What commands of git under way lead to, beside refs: nothing else may do so, as with the changes that
// a rebase has put aside, or with the commit that a bisect started at and is to go back to. What they are
// still to do is not among it: that came from refs, and git lets it go, too.
import path from 'node:path'
import { isOid, type Oid } from '../../git/oid.js'
import { ABSENT, readUnless } from '../../volume/errnos.js'
import type { Volume } from '../../volume/volume.js'

const MAX_BYTES = 4096
/** Of a rebase, its start, its end, and what was changed before; and the same of others. */
const OTHERS = [
  ...['autostash', 'onto', 'orig-head', 'stopped-sha'].flatMap((name) => [
    `rebase-merge/${name}`,
    `rebase-apply/${name}`,
  ]),
  ...['amend', 'squash-onto'].map((name) => `rebase-merge/${name}`),
  ...['abort-safety', 'original-commit'].map((name) => `rebase-apply/${name}`),
  ...['abort-safety', 'head'].map((name) => `sequencer/${name}`),
  'AUTO_MERGE',
  'BISECT_EXPECTED_REV',
  'BISECT_START',
  'MERGE_AUTOSTASH',
  'NOTES_MERGE_PARTIAL',
]

/** What was fetched last, and what git merged by itself: nobody's work. */
export const NO_WORK: readonly string[] = ['FETCH_HEAD', 'AUTO_MERGE']

/**
 * The objects that commands under way in a checkout lead to, which git keeps in `directory`: all but its
 * HEAD, and those of the files `except`. Throws as the volume does where one is there that cannot be read.
 */
export function headsUnderWay(
  volume: Volume,
  directory: string,
  except: readonly string[] = [],
): Oid[] {
  const names = readUnless(ABSENT, () => volume.names(directory)) ?? []
  const heads = names.filter((name) => /^[A-Z_]+_HEAD$/.test(name))
  const wanted = [...heads, ...OTHERS].filter((name) => !except.includes(name))
  return wanted.flatMap((name) => {
    const read = () => volume.readBytes(path.join(directory, name), MAX_BYTES)
    const lines = (readUnless(ABSENT, read)?.toString('latin1') ?? '').split('\n')
    return lines.map((line) => line.split(/\s/, 1)[0] ?? '').filter(isOid)
  })
}
