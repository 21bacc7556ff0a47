// Makes the repository behind published files, or mends its configuration, by isomorphic-git: that is
// loaded only where something is to be done. Safe to be interrupted at any step, and called again.
import path from 'node:path'
import { SyncError } from '../../base/errors.js'
import { parseConfig } from '../../git/config.js'
import type { ObjectFormat } from '../../git/oid.js'
import { displayPath } from '../../volume/byte-path.js'
import { OWN_DIRECTORY } from '../../volume/own-directory.js'
import { assertLease } from '../lease/lease.js'
import type { PublishedHistory } from '../snapshot/published-history.js'
import type { HistoryLayout } from './layout.js'
import { removeObstacles } from './obstacles.js'
import { volumeFs } from './volume-fs.js'
import { writeText } from './write-whole.js'

/** A configuration that is larger was not written by git, in bytes. */
const MAX_CONFIG_BYTES = 1024 * 1024

/** What the repository is configured by. */
export interface RepositoryOptions extends Pick<PublishedHistory, 'filter' | 'sparse' | 'url'> {
  objectFormat: ObjectFormat
  /** Whether the volume keeps who may run a file. @default true */
  hasFileModes?: boolean
  /** Whether it is that of a submodule. @default false */
  isSubmodule?: boolean
  /** Whether its submodules are checked out, too. @default false */
  hasSubmodules?: boolean
}

/**
 * Makes sure that there is a repository with the configuration that these options take; what else is
 * configured there stays. Throws `path-blocked` where something is in its way.
 */
export async function ensureRepository(
  layout: HistoryLayout,
  options: RepositoryOptions,
): Promise<void> {
  const { isBare, lease, repository, volume } = layout
  assertLease(lease)
  const stat = volume.stat(repository)
  if (stat && !stat.isDirectory()) throw inTheWay(layout)
  removeObstacles(layout)
  const hasOwn = !isBare && !options.isSubmodule
  if (hasOwn && stat) excludeOwn(layout)
  const lacking = lackingIn(layout, wantedConfig(layout, options))
  const isWhole = ['objects/pack', 'refs'].every((name) =>
    volume.isDirectory(`${repository}/${name}`),
  )
  if (lacking.length === 0 && isWhole) return
  volume.ensureDirectory(repository)
  for (const name of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags', 'info']) {
    volume.ensureDirectory(`${repository}/${name}`)
  }
  const git = await import('./isomorphic-git.js')
  const gitdir = displayPath(repository)
  const repo = { fs: volumeFs(layout), dir: path.dirname(gitdir), gitdir }
  await git.init({ ...repo, bare: isBare, defaultBranch: 'main' })
  await git.addRemote({ ...repo, remote: 'origin', url: options.url, force: true })
  for (const [name, value] of wantedConfig(layout, options)) {
    await git.setConfig({ ...repo, path: name, value: quoted(value) })
  }
  if (hasOwn) excludeOwn(layout)
}

/** What this service keeps beside published files is none of the repository's untracked ones. */
function excludeOwn({ repository, volume }: HistoryLayout): void {
  const file = `${repository}/info/exclude`
  const text = volume.readFile(file, MAX_CONFIG_BYTES)?.toString('latin1') ?? ''
  const line = `/${OWN_DIRECTORY}/`
  if (text.split('\n').includes(line)) return
  const start = text === '' || text.endsWith('\n') ? text : `${text}\n`
  writeText(volume, repository, file, `${start}${line}\n`)
}

/**
 * Git compares the size and the second of a file's last change only: the inode, the device and the
 * time of its last change of status differ where it was linked or mounted elsewhere.
 */
function wantedConfig(
  { isBare, repository, volume }: HistoryLayout,
  options: RepositoryOptions,
): [name: string, value: string][] {
  const { filter, hasFileModes = true, hasSubmodules, objectFormat, sparse, url } = options
  // As git finds it out: by its configuration, under another name.
  const ignoresCase = volume.stat(`${repository}/CoNfIg`) !== undefined
  const isSha256 = objectFormat === 'sha256'
  const settings: [name: string, value: string | undefined][] = [
    ['core.repositoryformatversion', isSha256 ? '1' : '0'],
    ['extensions.objectformat', isSha256 ? 'sha256' : undefined],
    ['core.bare', String(isBare)],
    ['core.filemode', String(hasFileModes)],
    // Isomorphic-git says otherwise: then git would take symlinks for files.
    ['core.symlinks', 'true'],
    ['core.ignorecase', String(ignoresCase)],
    ['core.trustctime', 'false'],
    ['core.checkstat', 'minimal'],
    ['core.sparsecheckout', String(sparse !== undefined)],
    ['core.logallrefupdates', 'true'],
    ['gc.auto', '0'],
    ['submodule.active', hasSubmodules ? '.' : undefined],
    ['remote.origin.url', url],
    ['remote.origin.promisor', filter === undefined ? undefined : 'true'],
    ['remote.origin.partialclonefilter', filter],
  ]
  return settings.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
}

/** The wanted settings that the configuration has not, or otherwise. */
function lackingIn(
  { repository, volume }: HistoryLayout,
  wanted: [name: string, value: string][],
): [name: string, value: string][] {
  const text = volume.readFile(`${repository}/config`, MAX_CONFIG_BYTES)?.toString('latin1') ?? ''
  const { variables } = parseConfig(text)
  const values = new Map(
    variables.map(({ name, section, subsection, value = 'true' }) => [
      [section, ...(subsection === undefined ? [] : [subsection]), name].join('.'),
      value,
    ]),
  )
  return wanted.filter(([name, value]) => values.get(name) !== value)
}

/** The text of a new configuration. */
export function configText(layout: HistoryLayout, options: RepositoryOptions): string {
  let section = ''
  const lines = wantedConfig(layout, options).map(([name, value]) => {
    const dot = name.lastIndexOf('.')
    const line = `\t${name.slice(dot + 1)} = ${quoted(value)}\n`
    if (name.slice(0, dot) === section) return line
    section = name.slice(0, dot)
    const [first = '', subsection] = section.split('.')
    return `[${first}${subsection === undefined ? '' : ` "${subsection}"`}]\n${line}`
  })
  return lines.join('')
}

/** A value as a configuration has it. */
function quoted(value: string): string {
  if (/^[\w./:@+~%=-]*$/.test(value)) return value
  return `"${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`
}

function inTheWay({ repository }: HistoryLayout): SyncError {
  return new SyncError(
    'path-blocked',
    `${displayPath(repository)} is no directory, where the repository of the entry's history is to be; move it away, then the sync goes on by itself`,
  )
}
