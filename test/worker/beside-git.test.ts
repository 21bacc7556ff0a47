// A user's git packs, joins, prunes and packs refs while a commit is published with its history, between any two steps
// of that, or from before it until after it: nothing of anybody is lost, and what follows is right.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { closeGate } from '../helpers/fs-faults.js'
import { type TestScope, tempDir } from '../helpers/git.js'
import { gitEnvironment } from '../helpers/git-command.js'
import { points } from '../helpers/sweep.js'
import {
  createUserSite,
  createUserSource,
  type UserSite,
  type UserSource,
} from '../helpers/user-git.js'

/** All that users run to clear up, each of which takes away what it finds of no use. */
const GC = ['gc', '--quiet', '--prune=now']
const COMMANDS = [
  GC,
  ['repack', '-adq'],
  ['prune', '--expire=now'],
  ['pack-refs', '--all'],
  ['worktree', 'prune', '--expire=now'],
]

/** Runs git before call `at` of the file system; returns whether the work came that far. */
async function besideGit(repository: string, at: number, work: () => unknown): Promise<boolean> {
  let count = 0
  const open = closeGate(() => {
    if (count++ !== at) return
    for (const args of COMMANDS) {
      // What finds a lock of this service fails, as it is to.
      spawnSync('git', ['--git-dir', repository, ...args], { env: gitEnvironment() })
    }
  })
  try {
    await work()
  } finally {
    open()
  }
  return count > at
}

async function clearUpAt(
  { check, repository, sync }: UserSite,
  [, , wanted, next]: UserSource['commits'],
  at: number,
): Promise<boolean> {
  let isReached = false
  try {
    isReached = await besideGit(repository, at, () => sync(wanted))
    check(wanted)
    await sync(next)
    check(next)
    assert.ok(!existsSync(path.join(repository, 'index.lock')))
  } catch (error) {
    throw new Error(`git before call ${at}`, { cause: error })
  }
  return isReached
}

for (const mode of ['in-place', 'symlink'] as const) {
  test(`git clears up between any two steps of a sync, ${mode}`, async (t) => {
    let reached = 0
    const source = createUserSource(t)
    for (const at of points(t.name, { stride: 3, among: 75 })) {
      if (!(await clearUpAt(await createUserSite(t, mode, source), source.commits, at))) break
      reached++
    }
    t.diagnostic(`${reached} steps`)
    assert.ok(reached > 3)
  })
}

/** A git whose commands wait before and after one of the commands that they run, until they are let go on. */
class HeldGit {
  readonly #directory: string
  #process: ChildProcess | undefined

  constructor(t: TestScope, at: number) {
    this.#directory = tempDir(t)
    execFileSync('mkfifo', [this.#goOn])
    const real = execFileSync('which', ['git'], { encoding: 'utf8' }).trim()
    // Git runs its own commands by the `git` there.
    mkdirSync(this.#commands)
    writeFileSync(
      path.join(this.#commands, 'git'),
      `#!/bin/sh
hold() {
  echo >> '${this.#directory}/count'
  [ "$(wc -l < '${this.#directory}/count')" -eq ${at + 1} ] || return
  echo "held at $1" >&2
  read -r line < '${this.#goOn}'
}
hold "the start of $1"
'${real}' "$@"
code=$?
hold "the end of $1"
exit $code
`,
    )
    chmodSync(path.join(this.#commands, 'git'), 0o755)
  }

  /** Returns where it is held; undefined where it is over before. */
  async start(repository: string, args: readonly string[]): Promise<string | undefined> {
    const env = { ...gitEnvironment(), GIT_EXEC_PATH: this.#commands }
    const git = spawn('git', ['--git-dir', repository, ...args], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#process = git
    const ended = once(git, 'close')
    const held = new Promise<string>((resolve) => {
      let said = ''
      git.stderr.on('data', (bytes) => {
        said += bytes
        const [, where] = /held at (.*)\n/.exec(said) ?? []
        if (where !== undefined) resolve(where)
      })
    })
    return Promise.race([held, ended.then(() => undefined)])
  }

  /** Lets it go on to its end. */
  async end(): Promise<void> {
    const ended = once(this.#process as ChildProcess, 'close')
    await writeFile(this.#goOn, '\n')
    await ended
  }

  get #goOn(): string {
    return path.join(this.#directory, 'go-on')
  }

  get #commands(): string {
    return path.join(this.#directory, 'commands')
  }
}

/** What goes on meanwhile. */
interface Span {
  args: readonly string[]
  /** Whether the branch is forced back to where it was. */
  isBack?: boolean
  /** Whether what is published next was published before, and went. */
  wasThere?: boolean
}

async function spanAt(
  { check, repository, sync }: UserSite,
  [, old, wanted, next]: UserSource['commits'],
  { args, isBack, wasThere }: Span,
  git: HeldGit,
): Promise<boolean> {
  if (wasThere) {
    await sync(wanted)
    await sync(old)
  }
  const where = await git.start(repository, args)
  if (where === undefined) return false
  try {
    await sync(wanted)
    check(wanted)
    if (isBack) {
      await sync(old)
      check(old)
    }
    await git.end()
    check(isBack ? old : wanted)
    await sync(next)
    check(next)
  } catch (error) {
    throw new Error(`git ${args.join(' ')} held at ${where}`, { cause: error })
  }
  return true
}

const SPANS: Readonly<Record<string, Span>> = {
  'git gc': { args: GC },
  'git gc, while the branch goes and comes back,': { args: GC, isBack: true },
  'git gc of what comes back and is in no log': {
    args: ['-c', 'gc.reflogExpire=now', '-c', 'gc.reflogExpireUnreachable=now', ...GC],
    wasThere: true,
  },
  'git repack': { args: ['repack', '-adq'], isBack: true },
}

for (const mode of ['in-place', 'symlink'] as const) {
  for (const [name, span] of Object.entries(SPANS)) {
    test(`${name} goes on from before a sync until after it, ${mode}`, async (t) => {
      let held = 0
      const source = createUserSource(t)
      for (const at of points(t.name, { among: 9 })) {
        const site = await createUserSite(t, mode, source)
        if (!(await spanAt(site, source.commits, span, new HeldGit(t, at)))) break
        held++
      }
      t.diagnostic(`held at ${held} points`)
      assert.ok(held > 0)
    })
  }
}
