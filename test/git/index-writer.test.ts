import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { decodeIndex } from '../../src/git/index-file.js'
import { encodeIndex, type IndexRecord } from '../../src/git/index-writer.js'
import { MODE } from '../../src/git/tree.js'
import fc from '../helpers/fast-check.js'
import { createRepo, tempDir } from '../helpers/git.js'

const BLOB = 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'

function encode(records: IndexRecord[], more: { isSparse?: boolean } = {}): Buffer {
  const objectFormat = records[0]?.rawOid.length === 32 ? 'sha256' : 'sha1'
  const content = { objectFormat, count: records.length, records, ...more } as const
  return Buffer.concat(Array.from(encodeIndex(content), (chunk) => Buffer.from(chunk)))
}

test('what is encoded is decoded, whatever the paths and sizes', () => {
  const names = fc.string({ unit: fc.constantFrom('a', '/', '\xff', '-', '\n'), minLength: 1 })
  const record = fc.record({
    path: fc.oneof(
      names,
      fc.nat(5000).map((length) => 'x'.repeat(length + 1)),
    ),
    mode: fc.constantFrom(MODE.file, MODE.executable, MODE.symlink, MODE.gitlink),
    size: fc.option(fc.nat(2 ** 32 - 1), { nil: undefined }),
    mtimeMs: fc.nat(2 ** 40),
    isSkipped: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.array(record),
      fc.constantFrom(40, 64),
      fc.boolean(),
      (found, digits, isSparse) => {
        const oid = 'ab'.repeat(digits / 2)
        const records = found.map((each) => ({ ...each, rawOid: Buffer.from(oid, 'hex') }))
        const expected = records.map(({ isSkipped, mode, path, size = 0 }) => {
          return { path, mode, oid, size: isSkipped || mode === MODE.gitlink ? 0 : size }
        })
        assert.deepEqual(decodeIndex(encode(records, { isSparse }))?.entries, expected)
      },
    ),
  )
})

for (const objectFormat of ['sha1', 'sha256'] as const) {
  test(`real git takes an index of ${objectFormat}, with files left out`, (t) => {
    const repo = createRepo(path.join(tempDir(t), 'repo'), { objectFormat })
    const oid = repo.gitBytes(['hash-object', '-w', '--stdin'], { input: '' }).toString().trim()
    const file = { mode: MODE.file, rawOid: Buffer.from(oid, 'hex'), size: 0, mtimeMs: 0 }
    const records = Array.from({ length: 5000 }, (_, at) => {
      return { ...file, path: `d/${String(at).padStart(5, '0')}`, isSkipped: at % 2 === 0 }
    })
    writeFileSync(path.join(repo.gitDir, 'index'), encode(records, { isSparse: true }))
    const expected = records.map(({ isSkipped, path }) => `${isSkipped ? 'S' : 'H'} ${path}`)
    assert.deepEqual(repo.git('ls-files', '-t').split('\n'), expected)
  })
}

test('a size of exactly 4 GiB is not taken for a file to be looked at', () => {
  const rawOid = Buffer.from(BLOB, 'hex')
  const record = { path: 'a', mode: MODE.file, rawOid, size: 2 ** 32, mtimeMs: 0 }
  assert.equal(decodeIndex(encode([record]))?.entries[0]?.size, 2 ** 31)
})
