// git-sync itself, where its binary is given, as it follows a repository: from a signal to its link.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestScope } from '../helpers/at-end.js'
import { programEnvironment } from '../helpers/service.js'
import { GIT_SYNC_BINARY } from './fresh-process.js'

export interface GitSyncUpdates {
  /** Signals it, and waits until its link shows a commit; in milliseconds. Throws where it ends instead. */
  updateMs(head: string): Promise<number>
}

const LOOK_MS = 1

/** Starts it in `directory`, and waits until it shows `head`; undefined where there is no binary. */
export async function startGitSync(
  scope: TestScope,
  directory: string,
  { head, url }: { head: string; url: string },
): Promise<GitSyncUpdates | undefined> {
  if (!GIT_SYNC_BINARY) return undefined
  const follow = ['--period=1h', '--sync-on-signal=SIGHUP', '--depth=1']
  const where = [`--repo=${url}`, '--ref=main', `--root=${path.join(directory, 'root')}`]
  const child = spawn(GIT_SYNC_BINARY, [...where, '--link=link', ...follow], {
    cwd: directory,
    env: programEnvironment(),
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  scope.after(async () => {
    child.kill()
    await exited
  })
  const shows = async (commit: string) => {
    while (shownBy(directory) !== commit) {
      if (child.exitCode !== null) throw new Error(`git-sync ended with ${child.exitCode}`)
      await sleep(LOOK_MS)
    }
  }
  await shows(head)
  return {
    async updateMs(commit) {
      const startedAt = performance.now()
      child.kill('SIGHUP')
      await shows(commit)
      return performance.now() - startedAt
    },
  }
}

/** The commit that the link names. */
function shownBy(directory: string): string | undefined {
  try {
    return path.basename(readlinkSync(path.join(directory, 'root/link')))
  } catch {
    // It is not there yet.
    return undefined
  }
}
