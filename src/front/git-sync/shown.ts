// What readers of the link see, looked at in each period as git-sync looks at it: whether it is there
// and a checkout of its commit. What its files hold is another matter.
import { readdirSync, readlinkSync, statSync } from 'node:fs'
import path from 'node:path'
import { ABSENT, readUnless, UNREADABLE } from '../../volume/errnos.js'
import { readIfRegular } from '../../volume/open-file.js'
import type { Options } from './options.js'

/** What is shown to readers. */
export interface ShownContent {
  /** Names what is published, where that is this program's own. */
  name(): string | undefined
  /** The commit of that. */
  commit(): string | undefined
  /** Whether anything is to be seen, from wherever it is. */
  hasContent(): boolean
  /** Whether it is what a publication leaves behind. */
  isSound(): boolean
  /** Whether nothing came beside it that is not needed, since this was asked last. */
  isTidy(): boolean
}

/** More than any of git's small files has, in bytes. */
const MAX_BYTES = 4096

/** The worktree that a link leads to. */
export function shownBy({
  link,
  root,
  staleWorktreeTimeout,
}: Pick<Options, 'link' | 'root' | 'staleWorktreeTimeout'>): ShownContent {
  const worktrees = path.join(root, '.worktrees')
  const repository = path.join(root, '.git')
  let seen = ''
  const shown: ShownContent = {
    name() {
      const target = readUnless(UNREADABLE, () => readlinkSync(link))
      const resolved = path.resolve(path.dirname(link), target ?? '')
      return path.dirname(resolved) === worktrees ? path.basename(resolved) : undefined
    },
    // Another selection of a commit has more in its name.
    commit: () => shown.name()?.split('-')[0],
    hasContent: () => namesIn(`${link}/`).length > 0,
    isSound() {
      const name = shown.name()
      if (name === undefined || !shown.hasContent()) return false
      const own = path.join(repository, 'worktrees', name)
      const leads = `gitdir: ${path.relative(path.join(worktrees, name), own)}`
      return (
        textOf(path.join(worktrees, name, '.git')) === leads &&
        textOf(path.join(own, 'HEAD')) === shown.commit() &&
        textOf(path.join(repository, 'HEAD')) !== '' &&
        namesIn(path.join(repository, 'objects/pack')).some((file) => file.endsWith('.pack'))
      )
    },
    isTidy() {
      const name = shown.name()
      const oldest = Date.now() - staleWorktreeTimeout
      const isOld = (other: string) =>
        (readUnless(UNREADABLE, () => statSync(path.join(worktrees, other)))?.mtimeMs ?? 0) < oldest
      const last = seen
      seen = namesIn(worktrees)
        .filter((other) => other !== name && (staleWorktreeTimeout === 0 || isOld(other)))
        .join('/')
      return seen === '' || seen === last
    },
  }
  return shown
}

/** A directory that is published in place. */
export function shownInPlace({ link }: Pick<Options, 'link'>): ShownContent {
  const repository = path.join(link, '.git')
  const head = path.join(repository, 'HEAD')
  const hasContent = () => namesIn(link).some((name) => !name.startsWith('.git'))
  return {
    name: () => (hasContent() ? link : undefined),
    commit() {
      const [, ref] = /^ref: (refs\/.+)$/.exec(textOf(head)) ?? []
      return (ref === undefined ? textOf(head) : textOf(path.join(repository, ref))) || undefined
    },
    hasContent,
    isSound: () => namesIn(link).length > 0 && textOf(head) !== '',
    isTidy: () => true,
  }
}

function namesIn(directory: string): string[] {
  return readUnless([...ABSENT, ...UNREADABLE], () => readdirSync(directory)) ?? []
}

/** Empty where there is none that can be read. */
function textOf(file: string): string {
  return (
    readUnless(UNREADABLE, () => readIfRegular(file, MAX_BYTES))
      ?.toString()
      .trim() ?? ''
  )
}
