// Indexes that real git wrote, in each version, and damaged ones.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { decodeIndex } from '../../src/git/index-file.js'
import { createRepo, tempDir } from '../helpers/git.js'

const FILES = {
  a: '1',
  'a-longer-name': '2',
  'd/e/f': { content: '3', executable: true },
  'd/e/g': '4',
  l: { symlink: 'a' },
  [`long/${'x'.repeat(200)}`]: '5',
  [`long/${'x'.repeat(199)}y`]: '6',
} as const

describe('an index', () => {
  for (const objectFormat of ['sha1', 'sha256'] as const) {
    for (const version of [2, 3, 4]) {
      test(`of version ${version}, ${objectFormat}, is what git lists`, (t) => {
        const repo = createRepo(path.join(tempDir(t), 'repo'), { objectFormat })
        repo.commit('first', FILES)
        repo.git('update-index', '--index-version', String(version))
        // An extended flag, which version 3 is for.
        if (version >= 3) repo.git('update-index', '--skip-worktree', 'd/e/g')
        const bytes = readFileSync(path.join(repo.dir, '.git/index'))
        assert.equal(bytes.readUInt32BE(4), version)
        const listed = repo.git('ls-files', '--stage').trim().split('\n')
        const found = decodeIndex(bytes)?.entries.map(
          ({ mode, oid, path: file }) => `${mode.toString(8)} ${oid} 0\t${file}`,
        )
        assert.deepEqual(found, listed)
      })
    }
  }

  test('that is damaged, cut short or something else tells nothing', (t) => {
    const repo = createRepo(path.join(tempDir(t), 'repo'))
    repo.commit('first', FILES)
    const bytes = readFileSync(path.join(repo.dir, '.git/index'))
    for (const at of [0, 5, 11, 40, bytes.length - 1]) {
      const damaged = Buffer.from(bytes)
      damaged[at]! ^= 1
      assert.equal(decodeIndex(damaged), undefined)
    }
    for (const end of [0, 10, 40, bytes.length - 1]) {
      assert.equal(decodeIndex(bytes.subarray(0, end)), undefined)
    }
  })
})
