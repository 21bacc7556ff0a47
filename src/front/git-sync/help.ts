// What --help and --man say, from the table of flags.
import { redact } from '../../base/redact-patterns.js'
import type { FlagType, GitSyncFlag } from './flag.js'
import { FLAGS, type GitSyncValues } from './flags.js'
import type { Options } from './options.js'

/** The flags that are no secret, one after another. */
export function usageText(): string {
  const rows = shown().map((flag) => ({
    term: `--${flag.name} ${valueName(flag)}`.trimEnd(),
    flag,
  }))
  const width = Math.max(...rows.map(({ term }) => term.length))
  const lines = rows.map(
    ({ flag, term }) => `    ${term.padEnd(width)}  ${flag.description}${defaultOf(flag)}`,
  )
  return ['Usage:', ...lines, ''].join('\n')
}

/** All about each flag. */
export function manualText(): string {
  const options = shown().flatMap((flag) => [
    `    --${flag.name} ${valueName(flag)}${flag.variables.map((name) => `, $${name}`).join('')}`,
    `            ${flag.description}${defaultOf(flag)}`,
    '',
  ])
  return [
    'GIT-SYNC',
    '',
    'NAME',
    '    git-sync - sync a remote git repository',
    '',
    'SYNOPSIS',
    '    git-sync --repo=<repo> --root=<path> [OPTIONS]...',
    '',
    'DESCRIPTION',
    '    Fetches a remote repository to a worktree below --root, and has the symlink --link lead there.',
    '    What is new is published by swapping that symlink. The last part of its target is the commit.',
    '    This is git-autosync with the command line of git-sync: no git binary is needed.',
    '',
    'OPTIONS',
    '    A flag wins over a variable, and of several variables the last that is named here.',
    '',
    ...options,
  ].join('\n')
}

/** What there is to be known of flags in a log: those that may hold a secret say only that they are set. */
export function shownFlags(options: Options): string[] {
  return Object.entries(FLAGS).flatMap(([key, flag]) => {
    const value = options[key as keyof GitSyncValues]
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0))
      return []
    const isTime = flag.type === 'duration' || flag.type === 'seconds'
    const text = isTime ? `${Number(value) / 1000}s` : redact(String(value))
    return [`--${flag.name}=${flag.isHidden || SECRET.includes(key) ? 'REDACTED' : text}`]
  })
}

const SECRET: readonly string[] = ['password', 'credential', 'gitConfig', 'gitConfigAdd']

function shown(): GitSyncFlag[] {
  return Object.values(FLAGS).filter(({ isHidden }) => !isHidden)
}

function valueName({ type }: GitSyncFlag): string {
  return VALUE_NAMES[type] ?? `<${type}>`
}

/** Where that is not the type's own name. */
const VALUE_NAMES: Partial<Record<FlagType, string>> = {
  bool: '',
  list: '<string>',
  paths: '<string>',
  seconds: '<duration>',
}

function defaultOf(flag: GitSyncFlag): string {
  const text = defaultText(flag)
  return text && ` (default ${text})`
}

/** What a flag is where nothing sets it; empty where that is nothing. */
export function defaultText({ default: value, type }: GitSyncFlag): string {
  const isTime = type === 'duration' || type === 'seconds'
  return value ? String(isTime ? `${Number(value) / 1000}s` : value) : ''
}
