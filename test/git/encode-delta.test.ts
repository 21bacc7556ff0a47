// Deltas that are made: what applies them, ours and real git's, makes the target again.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import path from 'node:path'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { applyDelta } from '../../src/git/delta.js'
import { encodeDelta } from '../../src/git/encode-delta.js'
import { encodeEntryHeader } from '../../src/git/entry-header.js'
import { hashObject } from '../../src/git/object.js'
import fc from '../helpers/fast-check.js'
import { createRepo, tempDir } from '../helpers/git.js'
import { type Random, randomFrom } from '../helpers/random-history.js'
import { IS_WHOLE, SEED } from '../helpers/seed.js'

const ANY = Number.MAX_SAFE_INTEGER

function made(base: Buffer, target: Buffer): Buffer {
  const delta = encodeDelta(base, target, ANY)
  assert.ok(delta)
  assert.ok(applyDelta(base, delta).equals(target))
  return delta
}

/** Bytes of few kinds, in which much is there twice. */
const some = fc
  .array(fc.uint8Array({ max: 2, maxLength: 40 }), { maxLength: 20 })
  .map((parts) => Buffer.concat([...parts, ...parts.slice(3), ...parts.slice(0, 5)]))

test('a delta makes its target, whatever the two are', () => {
  const numRuns = IS_WHOLE ? 20_000 : 500
  fc.assert(
    fc.property(some, some, (base, target) => {
      made(base, target)
    }),
    { numRuns },
  )
  for (const [base, target] of [
    ['', ''],
    ['', 'something'],
    ['something', ''],
  ]) {
    made(Buffer.from(base as string), Buffer.from(target as string))
  }
})

function bytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)))
}

/** A copy in which a few runs are replaced, put in, left out or moved. */
function edited(random: Random, base: Buffer): Buffer {
  let target: Buffer = base
  for (let edit = 0; edit < 8; edit++) {
    const at = Math.floor(random() * target.length)
    const [before, after] = [target.subarray(0, at), target.subarray(at)]
    const coming = bytes(random, Math.floor(random() * 50))
    target = Buffer.concat(
      random() < 0.2 ? [after, before] : [before, coming, after.subarray(random() * 50)],
    )
  }
  return target
}

test('real git makes the same of a pack of such deltas', (t) => {
  const random = randomFrom(SEED)
  const repo = createRepo(path.join(tempDir(t), 'repo'), { bare: true })
  // Beyond 16 MiB, one copy is not enough, and blocks are larger.
  const base = Buffer.concat([bytes(random, 200_000), Buffer.alloc(17 << 20), bytes(random, 99)])
  const targets = Array.from({ length: 2 }, () => edited(random, base))
  const pieces: Buffer[] = [Buffer.from('PACK\0\0\0\x02\0\0\0\x03', 'latin1')]
  const add = (header: Buffer, body: Buffer) => pieces.push(header, deflateSync(body))
  add(encodeEntryHeader({ type: 'blob' }, base.length), base)
  for (const target of targets) {
    const delta = made(base, target)
    assert.ok(delta.length < 2000, `${delta.length} bytes`)
    const kind = { type: 'ref-delta', base: hashObject('blob', base, 'sha1') } as const
    add(encodeEntryHeader(kind, delta.length), delta)
  }
  const pack = Buffer.concat(pieces)
  const input = Buffer.concat([pack, createHash('sha1').update(pack).digest()])
  repo.gitBytes(['index-pack', '--stdin', '--strict'], { input })
  for (const target of targets) {
    const stored = repo.gitBytes(['cat-file', 'blob', hashObject('blob', target, 'sha1')])
    assert.ok(stored.equals(target))
  }
})

test('a delta that is too long is none', () => {
  const random = randomFrom(SEED)
  const [base, target] = [bytes(random, 5000), bytes(random, 5000)]
  assert.equal(encodeDelta(base, target, 2500), undefined)
  const whole = made(base, target)
  assert.equal(encodeDelta(base, target, whole.length - 1), undefined)
  assert.deepEqual(encodeDelta(base, target, whole.length), whole)
})
