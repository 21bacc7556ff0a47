// How much memory a pack takes, however large it is.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { atEnd } from '../helpers/at-end.js'

const MIB = 1024 * 1024
const READER = fileURLToPath(new URL('../helpers/read-random-pack.js', import.meta.url))

/** A folder in memory where there is one, since files of this size take long elsewhere. */
function volatileDirectory(): string {
  try {
    accessSync('/dev/shm', constants.W_OK)
    return '/dev/shm'
  } catch {
    return os.tmpdir()
  }
}

async function readPack(sizes: readonly number[], directory: string) {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    READER,
    directory,
    ...sizes.map(String),
  ])
  return JSON.parse(stdout) as { objects: number; grownBytes: number }
}

test('a pack of 200 MB, with blobs of 60 MB, takes little memory', async (t) => {
  const directory = mkdtempSync(path.join(volatileDirectory(), 'git-autosync-test-'))
  atEnd(t, () => rmSync(directory, { recursive: true, force: true }))
  const large = [60 * MIB, 60 * MIB, 60 * MIB]
  const small = Array.from({ length: 12 }, () => 2 * MIB)
  const sizes = [...small.slice(0, 6), ...large, ...small.slice(6)]
  const { objects, grownBytes } = await readPack(sizes, directory)
  assert.equal(objects, sizes.length)
  assert.ok(grownBytes < 80 * MIB, `${Math.round(grownBytes / MIB)} MiB more`)
})
