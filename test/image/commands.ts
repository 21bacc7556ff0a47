// Programs that build and start images, run to their end; a failure shows all they said.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'

const MEBIBYTE = 2 ** 20

/** Runs a program and returns its trimmed output. */
export function output(program: string, args: readonly string[]): string {
  const options = { encoding: 'utf8', maxBuffer: 64 * MEBIBYTE } as const
  const { error, status, stdout, stderr } = spawnSync(program, args, options)
  if (error) throw error
  assert.equal(status, 0, `${program} ${args.join(' ')}\n${stdout}${stderr}`)
  return stdout.trim()
}
