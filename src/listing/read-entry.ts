// Turns one entry as written into an Entry. The schema has been checked before;
// what is checked here is what a schema cannot say.
import { parseInterval } from '../base/duration.js'
import { assertExpanded } from '../base/paths.js'
import { redact } from '../base/redact-patterns.js'
import { parseRemoteUrl } from '../git/remote-url.js'
import type { Revision } from '../git/revision.js'
import type { HistoryDepth } from '../publish/snapshot/published-history.js'
import type { PublishMode } from '../publish/target.js'
import type { Submodules } from '../publish/tree/selection.js'
import { toPolicy } from '../signature/policy.js'
import { findDangers, resolveDirectory } from './directory.js'
import type { Entry, ListingDefaults } from './entry.js'
import type { FaultList } from './listing-error.js'
import { type HooksContext, readHooks, type WrittenHook } from './read-hooks.js'
import { type CheckField, readRevision, type WrittenRevision } from './read-revision.js'
import { parseSparse, parseSubdir } from './read-selection.js'
import { assertSignable, parseKeyFile, type WrittenVerify } from './read-verify.js'

/** The fields of an entry as the schema types them. */
interface WrittenEntry extends WrittenRevision {
  path: string
  repo: string
  subdir: string
  sparse: string[]
  submodules: Submodules
  lfs: boolean
  history: HistoryDepth
  publish: PublishMode
  interval: string | number
  required: boolean
  suspend: boolean
  clean: boolean
  credential: string
  verify: WrittenVerify
  before: WrittenHook[]
  after: WrittenHook[]
}

/** Where an entry stands. */
export interface EntryContext {
  /** The folder of the listing. */
  folder: string
  defaults: ListingDefaults
  /** The entry's JSON pointer. */
  pointer: string
}

/** What could be read; `entry` is undefined where the entry has faults. */
export interface ReadEntry {
  directory: string | undefined
  entry: Entry | undefined
}

/** Reads one entry. `faults` holds those of the schema; what else is wrong is added to it. */
export function readEntry(fields: object, context: EntryContext, faults: FaultList): ReadEntry {
  const { folder, defaults, pointer } = context
  const {
    path,
    repo,
    interval,
    publish = defaults.publish,
    ...written
  } = soundFields(fields, pointer, faults)
  const check: CheckField = (field, value, parse) =>
    value === undefined
      ? undefined
      : checkField(`${pointer}/${field}`, () => parse(assertWellFormed(value)), faults)

  const directory = check('path', path, (text) => resolveDirectory(text, folder, defaults.root))
  const remote = check('repo', repo, (text) =>
    parseRemoteUrl(checkExpanded(checkNul(text)), folder),
  )
  const revision = readRevision(written, check)
  const subdir = check('subdir', written.subdir, parseSubdir) ?? ''
  const sparse = check('sparse', written.sparse, parseSparse)
  const intervalMs = check('interval', interval, (value) => parseInterval(String(value)))
  const { required = true, suspend = false, clean = false, lfs = false, credential } = written
  const { history = 0, submodules = 'off' } = written
  const { runHooks: mayRun = false } = defaults
  const hooksOf = (stage: HooksContext['stage']) =>
    readHooks(written[stage] ?? [], {
      stage,
      folder,
      mayRun,
      check: (below, parse) => checkField(`${pointer}/${stage}${below}`, parse, faults),
    })
  const [before, after] = [hooksOf('before'), hooksOf('after')]
  if (before.length > 0 && publish !== 'symlink') {
    const message =
      'needs publish to be symlink: in place, there is no whole new directory that a hook could look at before readers do'
    faults.add({ pointer: `${pointer}/before`, message })
  }

  if (history !== 0 && subdir !== '') {
    const message = `goes with no subdir, as git has no worktree of a part of a tree: leave subdir out, and name the part by sparse, as ["/${subdir}/"]`
    faults.add({ pointer: `${pointer}/history`, message })
  }
  const verify = readVerify(written.verify, { folder, pointer, revision }, faults)

  if (directory === undefined) return { directory, entry: undefined }
  const destination = { directory, publish, clean, remote }
  for (const { field, message } of findDangers(destination, folder, defaults)) {
    faults.add({ pointer: `${pointer}/${field}`, message })
  }
  if (path === undefined || repo === undefined || !remote) return { directory, entry: undefined }
  const entry: Entry = {
    path,
    directory,
    repo: remote.credentials ? redact(repo) : repo,
    remote,
    selection: { subdir, sparse, lfs, ...(submodules !== 'off' && { submodules }) },
    revision,
    history,
    publish,
    intervalMs: intervalMs ?? defaults.intervalMs,
    required,
    suspend,
    clean,
    credential,
    verify,
    before,
    after,
  }
  return { directory, entry }
}

function readVerify(
  written: WrittenVerify | undefined,
  { folder, pointer, revision }: Pick<EntryContext, 'folder' | 'pointer'> & { revision: Revision },
  faults: FaultList,
): Entry['verify'] {
  if (written === undefined) return undefined
  const { keys, object = 'commit', revoked = [] } = written
  checkField(`${pointer}/verify/object`, () => assertSignable(object, revision), faults)
  const filesOf = (field: string, names: readonly string[]) =>
    names.flatMap((name, index) => {
      const at = `${pointer}/verify/${field}/${index}`
      return checkField(at, () => parseKeyFile(name, folder), faults) ?? []
    })
  return toPolicy(object, filesOf('keys', keys), filesOf('revoked', revoked))
}

/** The fields the schema found nothing wrong with, so of the types it gives them. */
function soundFields(fields: object, pointer: string, faults: FaultList): Partial<WrittenEntry> {
  return Object.fromEntries(
    Object.entries(fields).filter(([field]) => !faults.has(`${pointer}/${field}`)),
  )
}

function checkField<T>(pointer: string, parse: () => T, faults: FaultList): T | undefined {
  try {
    return parse()
  } catch (error) {
    faults.add({ pointer, message: explain(error) })
    return undefined
  }
}

/** Parsers say what is wrong in a RangeError or TypeError; what else they throw is our fault. */
function explain(error: unknown): string {
  if (error instanceof URIError) return 'has characters or percent signs that encode nothing'
  if (error instanceof RangeError || error instanceof TypeError) return error.message
  throw error
}

/** A lone surrogate would become another character, the same for each of them, on disk. */
function assertWellFormed<V>(value: V): V {
  if (!/\p{Surrogate}/u.test(String(value))) return value
  throw new RangeError('holds half a character')
}

function checkNul(text: string): string {
  if (text.includes('\0')) throw new RangeError('must not have a NUL character')
  return text
}

const LOGIN = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)@/i
const PLACEHOLDER = /(?:^|:)(?:\$\{[^:]*\}|\{\{[^:]*\}\})(?:$|:)/

/** A password may look like anything, but not like a placeholder and nothing else. */
function checkExpanded(repo: string): string {
  const [, , login = ''] = LOGIN.exec(repo) ?? []
  const written = PLACEHOLDER.test(login) ? repo : repo.replace(LOGIN, '$1')
  assertExpanded(written, 'address')
  return repo
}
