// What is a pointer and what is not, as git-lfs itself decides it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { encodePointer, parsePointer, pointerTo } from '../../src/lfs/pointer.js'
import { gitEnvironment, tempDir } from '../helpers/git.js'

const OID = '4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393'
const VERSION = 'version https://git-lfs.github.com/spec/v1'
const POINTER = `${VERSION}\noid sha256:${OID}\nsize 5\n`

const TEXTS = [
  POINTER,
  POINTER.trimEnd(),
  POINTER.replaceAll('\n', '\r\n'),
  `\n  ${POINTER}\n\n`,
  `\u00a0${POINTER}`,
  `\ufeff${POINTER}`,
  POINTER.replace('\n', '\n\n'),
  POINTER.replace('size 5', 'size +5'),
  POINTER.replace('size 5', 'size -5'),
  POINTER.replace('size 5', 'size 0'),
  POINTER.replace('size 5', 'size 005'),
  POINTER.replace('size 5', 'size 0x5'),
  POINTER.replace('size 5', 'size 1_000'),
  POINTER.replace('size 5', 'size 5 '),
  POINTER.replace('size 5', 'size  5'),
  POINTER.replace('size 5', 'size 123456789012345678'),
  POINTER.replace(OID, OID.toUpperCase()),
  POINTER.replace(OID, OID.slice(1)),
  POINTER.replace(OID, `${OID}0`),
  POINTER.replace('sha256', 'md5'),
  POINTER.replace('oid ', 'oid  '),
  POINTER.replace('spec/v1', 'spec/v2'),
  POINTER.replace('spec/v1', 'spec/v1 '),
  POINTER.replace('git-lfs', 'hawser'),
  POINTER.replace('https://git-lfs.github.com/spec/v1', 'http://git-media.io/v/2'),
  `${VERSION}\nsize 5\noid sha256:${OID}\n`,
  `${VERSION}\noid sha256:${OID}\n`,
  `${POINTER}more\n`,
  `${POINTER}size 5\n`,
  `${POINTER}ext-0-foo sha256:${OID}\n`,
  POINTER.replace('oid', `ext-0-foo sha256:${OID}\noid`),
  POINTER.replace('oid', `ext-0-foo sha256:1\noid`),
  POINTER.replace('oid', `ext-x-foo sha256:${OID}\noid`),
  POINTER.replace('oid', `other sha256:${OID}\noid`),
  POINTER + ' '.repeat(1024 - POINTER.length),
  POINTER + ' '.repeat(1100),
  `${POINTER}${' '.repeat(1100)}x`,
  'version',
  'no pointer\n',
]

describe('parsePointer', () => {
  test('takes what git-lfs takes', (t) => {
    const file = path.join(tempDir(t), 'pointer')
    for (const text of TEXTS) {
      writeFileSync(file, text)
      const args = ['lfs', 'pointer', '--check', '--file', file]
      const { status } = spawnSync('git', args, { env: gitEnvironment(), cwd: path.dirname(file) })
      const isPointer = parsePointer(Buffer.from(text)) !== undefined
      assert.equal(isPointer, status === 0, JSON.stringify(text.slice(0, 200)))
    }
  })

  test('reads what stands in one', () => {
    const pointer = { oid: OID, size: 5 }
    assert.deepEqual(parsePointer(Buffer.from(POINTER)), pointer)
    assert.equal(encodePointer(pointer).toString(), POINTER)
  })

  test('takes nothing for one that has no text', () => {
    assert.equal(parsePointer(Buffer.alloc(0)), undefined)
    assert.equal(parsePointer(Buffer.alloc(2000, 0xff)), undefined)
  })
})

test('pointerTo makes what git-lfs makes of a file', (t) => {
  const file = path.join(tempDir(t), 'file')
  for (const content of ['a', 'one\ntwo\n', 'x'.repeat(100_000)]) {
    writeFileSync(file, content)
    const args = ['lfs', 'pointer', '--file', file]
    const { stdout } = spawnSync('git', args, { env: gitEnvironment(), cwd: path.dirname(file) })
    const half = content.length >> 1
    const pieces = [content.slice(0, half), content.slice(half)].map((part) => Buffer.from(part))
    assert.equal(encodePointer(pointerTo(pieces)).toString(), stdout.toString())
  }
})
