// Programs that build and start images, run to their end; a failure shows all they said.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { isInstalled } from '../example/installed.js'

const MEBIBYTE = 2 ** 20

/** Runs a program and returns its trimmed output. */
export function output(program: string, args: readonly string[]): string {
  const options = { encoding: 'utf8', maxBuffer: 64 * MEBIBYTE } as const
  const { error, status, stdout, stderr } = spawnSync(program, args, options)
  if (error) throw error
  assert.equal(status, 0, `${program} ${args.join(' ')}\n${stdout}${stderr}`)
  return stdout.trim()
}

/** Whether this process may build an image, and start it in namespaces of its own. */
export function canBuildImages(): boolean {
  if (!isInstalled('buildah') || !isInstalled('unshare')) return false
  const probe = ['--mount', '--pid', '--fork', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']
  return spawnSync('unshare', probe).status === 0
}
