import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { type Journal, readJournal, writeJournal } from '../../../src/publish/stage/journal.js'
import { volumeAt } from '../../helpers/file-at.js'
import { tempDir } from '../../helpers/git.js'

const WHOLE: Journal = {
  renames: [
    { path: '', removeFirst: [''] },
    { path: 'a/b', removeFirst: ['a/b/c', 'a/b'] },
  ],
  deletes: ['\xff/..a/.git-autosync'],
  keeps: ['d'],
}

describe('a journal', () => {
  test('is read as it was written', (t) => {
    const file = path.join(tempDir(t), 'journal')
    writeJournal(volumeAt('/'), file, WHOLE)
    assert.deepEqual(readJournal(volumeAt('/'), file), WHOLE)
  })

  const outside = [
    '..',
    '../a',
    'a/../../b',
    '/a',
    'a//b',
    'a/',
    './a',
    'a/.',
    'a\0',
    '.git-autosync',
  ]
  for (const at of [...outside, '.git-autosync/journal', 1, null]) {
    test(`that names ${JSON.stringify(at)} counts as damaged`, (t) => {
      const file = path.join(tempDir(t), 'journal')
      for (const named of [
        { ...WHOLE, renames: [{ path: at, removeFirst: [] }] },
        { ...WHOLE, renames: [{ path: 'a', removeFirst: [at] }] },
        { ...WHOLE, deletes: ['a', at] },
        { ...WHOLE, keeps: [at] },
      ]) {
        writeFileSync(file, JSON.stringify(named))
        assert.equal(readJournal(volumeAt('/'), file), undefined)
      }
    })
  }

  for (const text of ['', '{', 'null', '[]', '{"renames":[],"deletes":[]}', '{"renames":[null]}']) {
    test(`that says ${JSON.stringify(text)} counts as damaged`, (t) => {
      const file = path.join(tempDir(t), 'journal')
      writeFileSync(file, text)
      assert.equal(readJournal(volumeAt('/'), file), undefined)
    })
  }
})
