import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { hashObject } from '../../../src/git/object.js'
import { isContent } from '../../../src/publish/drift/file-content.js'
import { toFsPath } from '../../../src/volume/byte-path.js'
import { volumeAt } from '../../helpers/file-at.js'
import { withGate } from '../../helpers/fs-faults.js'
import { tempDir } from '../../helpers/git.js'

const MEGABYTE = 1024 * 1024

function isContentOf(file: string, content: Buffer | string, format: 'sha1' | 'sha256' = 'sha1') {
  const blob = Buffer.from(content)
  const expected = { oid: hashObject('blob', blob, format), size: blob.length }
  return isContent(volumeAt('/'), file, lstatSync(toFsPath(file)), expected)
}

describe('the content of a file', () => {
  for (const format of ['sha1', 'sha256'] as const) {
    test(`is that of a blob or not, by its ${format}`, (t) => {
      const root = tempDir(t)
      for (const size of [0, 1, MEGABYTE - 1, MEGABYTE, MEGABYTE + 1, 3 * MEGABYTE + 17]) {
        const content = Buffer.alloc(size, 'some content')
        writeFileSync(`${root}/file`, content)
        assert.ok(isContentOf(`${root}/file`, content, format), `${size} bytes`)
        assert.ok(!isContentOf(`${root}/file`, Buffer.concat([content, Buffer.from('!')]), format))
        if (size === 0) continue
        const last = Buffer.from(content)
        last[size - 1]! ^= 1
        assert.ok(!isContentOf(`${root}/file`, last, format))
      }
    })
  }

  test('of a symlink is its target, not what it leads to', (t) => {
    const root = tempDir(t)
    writeFileSync(`${root}/file`, 'content')
    symlinkSync('file', `${root}/link`)
    assert.ok(isContentOf(`${root}/link`, 'file'))
    assert.ok(!isContentOf(`${root}/link`, 'content'))
    const bytes = Buffer.from([0xff, 0xfe, 0x80])
    symlinkSync(bytes, `${root}/bytes`)
    assert.deepEqual(volumeAt('/').readLink(`${root}/bytes`), bytes)
    assert.ok(isContentOf(`${root}/bytes`, bytes))
  })

  test('of another size is none that needs a look, though it has no end', (t) => {
    const root = tempDir(t)
    writeFileSync(`${root}/file`, 'content')
    truncateSync(`${root}/file`, 2 ** 40)
    assert.ok(!isContentOf(`${root}/file`, 'content'))
  })

  test('of a directory is no blob', (t) => {
    const root = tempDir(t)
    mkdirSync(`${root}/directory`)
    assert.ok(!isContentOf(`${root}/directory`, ''))
  })

  test('is found by a name that is no UTF-8', (t) => {
    const root = tempDir(t)
    writeFileSync(toFsPath(`${root}/\xff`), 'content')
    assert.ok(isContentOf(`${root}/\xff`, 'content'))
  })

  test('that shrinks while it is read is not that of the blob', (t) => {
    const root = tempDir(t)
    const content = Buffer.alloc(3 * MEGABYTE, 'x')
    writeFileSync(`${root}/file`, content)
    let reads = 0
    withGate(
      ({ name }) => {
        if (name === 'readSync' && ++reads === 2) truncateSync(`${root}/file`, 10)
      },
      () => assert.ok(!isContentOf(`${root}/file`, content)),
    )
    assert.ok(reads > 1)
  })
})
