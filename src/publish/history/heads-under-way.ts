// What commands of git under way lead to, beside refs: nothing else may do so, as with the changes that
// a rebase has put aside.
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
  'MERGE_AUTOSTASH',
  'sequencer/head',
]

/** What was fetched last: nobody's work. */
export const FETCH_HEAD = 'FETCH_HEAD'

/**
 * The objects that commands under way in a checkout lead to, which git keeps in `directory`: all but its
 * HEAD, and those of the file `except`. Throws as the volume does where one is there that cannot be read.
 */
export function headsUnderWay(volume: Volume, directory: string, except?: string): Oid[] {
  const names = readUnless(ABSENT, () => volume.names(directory)) ?? []
  const heads = names.filter((name) => /^[A-Z_]+_HEAD$/.test(name) && name !== except)
  return [...heads, ...OTHERS].flatMap((name) => {
    const read = () => volume.readBytes(path.join(directory, name), MAX_BYTES)
    const lines = (readUnless(ABSENT, read)?.toString('latin1') ?? '').split('\n')
    return lines.map((line) => line.split(/\s/, 1)[0] ?? '').filter(isOid)
  })
}
