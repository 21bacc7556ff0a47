import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { describe, test } from 'node:test'
import { FileSource } from '../../src/git/byte-source.js'
import { openRegular, readIfRegular, readRegular, rewrite } from '../../src/volume/open-file.js'
import { volumeAt } from '../helpers/file-at.js'
import { tempDir } from '../helpers/git.js'

/** What can stand where a file is expected. */
const NO_FILES: Record<string, (at: string) => void> = {
  nothing: () => undefined,
  'a directory': (at) => mkdirSync(`${at}/full`, { recursive: true }),
  'a FIFO': (at) => execFileSync('mkfifo', [at]),
  'a symlink to a file': (at) => {
    writeFileSync(`${at}.target`, 'precious')
    symlinkSync(`${at}.target`, at)
  },
  'a symlink to nothing': (at) => symlinkSync(`${at}.target`, at),
  'a symlink to an endless device': (at) => symlinkSync('/dev/zero', at),
  'what is too large': (at) => {
    writeFileSync(at, '')
    truncateSync(at, 2 ** 40)
  },
}

describe('a file is expected where others may write', () => {
  for (const [what, put] of Object.entries(NO_FILES)) {
    test(`${what} is read as none, and is not written through`, async (t) => {
      const at = `${tempDir(t)}/at`
      const volume = volumeAt('/')
      put(at)
      assert.equal(volume.readFile(at, 1024), undefined)
      assert.equal(readIfRegular(at, 1024), undefined)
      const isRewritten = rewrite(at, 8, () => Buffer.from('rewrites'))
      if (what === 'what is too large') await isRewritten
      else await isRewritten.catch(() => undefined).then((answer) => assert.ok(!answer))
      if (what !== 'what is too large') assert.throws(() => new FileSource(openRegular(at)))
      volume.replaceFile(at, 'ours')
      put(`${at}.next`)
      volume.replaceFile(at, 'ours')
      assert.equal(volume.readFile(at, 1024)?.toString(), 'ours')
      put(`${at}.other`)
      volume.writeFile(`${at}.other`, 'ours')
      assert.equal(volume.readFile(`${at}.other`, 1024)?.toString(), 'ours')
      for (const target of [`${at}.target`, `${at}.next.target`, `${at}.other.target`]) {
        if (existsSync(target)) assert.equal(readFileSync(target, 'utf8'), 'precious')
      }
    })
  }

  test('no more is read than may be, and no more than there was', (t) => {
    const at = `${tempDir(t)}/at`
    writeFileSync(at, '12345678')
    assert.equal(readRegular(at, 8).toString(), '12345678')
    assert.throws(() => readRegular(at, 7), { code: 'EFBIG' })
  })
})
