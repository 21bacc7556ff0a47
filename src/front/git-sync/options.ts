// What the flags of git-sync mean together: deprecated ones become those that took their place, and
// what contradicts itself is refused, in its words.

import os from 'node:os'
import path from 'node:path'
import { isWithin } from '../../base/paths.js'
import { OWN_DIRECTORY } from '../../volume/own-directory.js'
import { type ReadFlags, UsageError } from './command-line.js'
import type { FlagValue } from './flag.js'
import { FLAGS, type GitSyncValues } from './flags.js'
import { assertRules, passwordOf } from './rules.js'

/** The flags, resolved. Paths are absolute. */
export interface Options extends Omit<GitSyncValues, 'syncOnSignal'> {
  /** Undefined: no signal wakes it. */
  syncOnSignal: NodeJS.Signals | undefined
  /** With that of $GITSYNC_PASSWORD. */
  password: string
}

/** There is one entry. */
export const MAX_CONCURRENT_SYNCS = 1

const SECOND = 1000

/** Resolves flags. Throws a {@link UsageError}. */
export function resolveOptions(
  { isSet, values }: ReadFlags,
  cwd: string,
  warn: (message: string) => void,
): Options {
  const options = { ...values, ...withoutDeprecated(values, warn) }
  assertRules(options)
  const root = path.resolve(cwd, options.root)
  return {
    ...options,
    root,
    link: linkAt(root, options.link || path.basename(options.repo)),
    errorFile: options.errorFile && path.resolve(root, options.errorFile),
    touchFile: options.touchFile && path.resolve(root, options.touchFile),
    initPeriod: options.initPeriod || options.period,
    initMaxFailures: isSet.has('initMaxFailures') ? options.initMaxFailures : options.maxFailures,
    password: passwordOf(options),
    syncOnSignal: signalNamed(options.syncOnSignal),
  }
}

/** What deprecated flags say, by the flags that took their place: they win, unless they are empty or 0. */
function withoutDeprecated(
  values: GitSyncValues,
  warn: (message: string) => void,
): Partial<GitSyncValues> {
  const { branch, changePermissions, git, rev, v } = values
  if (branch && rev && rev !== 'HEAD')
    throw invalid("can't set --ref from deprecated --branch and --rev: leave one of them out")
  const renamed = [
    [branch ? 'branch' : 'rev', 'ref'],
    ['dest', 'link'],
    ['wait', 'period'],
    ['timeout', 'syncTimeout'],
    ['maxSyncFailures', 'maxFailures'],
    ['syncHookCommand', 'exechookCommand'],
  ] as const
  const told: Partial<Record<keyof GitSyncValues, FlagValue>> = {}
  for (const [from, to] of renamed) {
    const value = values[from]
    if (!value) continue
    warn(`setting --${FLAGS[to].name} from deprecated --${FLAGS[from].name}`)
    const isInSeconds = FLAGS[to].type === 'duration' || FLAGS[to].type === 'seconds'
    told[to] = isInSeconds ? Math.trunc(Number(value) * SECOND) : value
  }
  if (v >= 0) told.verbose = v
  if (git !== FLAGS.git.default) warn(`--git is ignored, as is ${git}: no git binary is used`)
  if (changePermissions !== 0) {
    warn('--change-permissions is taken for --group-write')
    told.groupWrite = true
  }
  return told as Partial<GitSyncValues>
}

function signalNamed(text: string): NodeJS.Signals | undefined {
  if (text === '') return undefined
  const { signals } = os.constants
  for (const [name, number] of Object.entries(signals)) {
    if (![name, name.slice(3), String(number)].includes(text)) continue
    if (name !== 'SIGKILL' && name !== 'SIGSTOP') return name as NodeJS.Signals
    throw invalid(`--sync-on-signal must be a signal that a program can hear, not ${name}`)
  }
  throw invalid(`--sync-on-signal must be a valid signal name or number: ${JSON.stringify(text)}`)
}

/** Where the link is, which cannot take the place of what git-sync itself has in the root. */
function linkAt(root: string, link: string): string {
  const resolved = path.resolve(root, link)
  const own = ['.git', '.worktrees', OWN_DIRECTORY].map((name) => path.join(root, name))
  if (isWithin(resolved, root) || own.some((directory) => isWithin(directory, resolved))) {
    throw invalid(
      `--link must be a path of its own, not ${JSON.stringify(link)}: it is or holds --root, or is in .git, .worktrees or ${OWN_DIRECTORY} there`,
    )
  }
  return resolved
}

function invalid(what: string): UsageError {
  return new UsageError(`invalid flag: ${what}`, 1)
}
