// What real git finds in the repository behind published files.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import type { Oid } from '../../src/git/oid.js'
import { gitEnvironment } from './git-command.js'
import { until } from './service.js'

/** All that a command of git says; throws where it fails. */
export function saidBy(directory: string, ...args: string[]): string {
  // Nothing that a look writes must be what makes it right.
  const env = { ...gitEnvironment(), GIT_OPTIONAL_LOCKS: '0' }
  const { status, stderr, stdout } = spawnSync('git', args, {
    cwd: directory,
    env,
    encoding: 'utf8',
  })
  assert.equal(status, 0, `git ${args.join(' ')}: ${stderr}`)
  return `${stdout}${stderr}`.trim()
}

/**
 * Asserts that a directory is a sound and clean checkout of a commit, with these commits behind it.
 * What came and was not published may dangle.
 */
export function assertRepository(
  directory: string,
  commit: Oid,
  commits: readonly Oid[],
  { mayDangle = false } = {},
): void {
  assert.equal(saidBy(directory, 'rev-parse', 'HEAD'), commit)
  assert.equal(saidBy(directory, 'status', '--porcelain'), '')
  const dangling = mayDangle ? ['--no-dangling'] : []
  assert.equal(saidBy(directory, 'fsck', '--full', ...dangling), '')
  assert.deepEqual(saidBy(directory, 'rev-list', 'HEAD').split('\n').sort(), [...commits].sort())
}

/** {@link assertRepository}, {@link untilHolds}. */
export async function untilRepository(
  directory: string,
  commit: Oid,
  commits: readonly Oid[],
  where: string,
  options: { mayDangle?: boolean } = {},
): Promise<void> {
  await untilHolds(() => assertRepository(directory, commit, commits, options), where)
}

/** Waits until nothing is asserted in vain: git's fsck fails that opened a pack which goes as packs are joined. */
export async function untilHolds(check: () => void, where: string): Promise<void> {
  let fault: unknown
  const holds = () => {
    try {
      check()
      return true
    } catch (error) {
      fault = error
      return false
    }
  }
  await until(holds, async () => `${where}: ${fault}`)
}
