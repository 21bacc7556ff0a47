// Objects of Git LFS as they come: what is not what a pointer stands for is refused.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { UNLIMITED } from '../../src/git/limits.js'
import { hashObject } from '../../src/git/object.js'
import type { LfsRequest } from '../../src/lfs/lfs-session.js'
import { toBytePath } from '../../src/volume/byte-path.js'
import { Volume } from '../../src/volume/volume.js'
import { LfsObjects } from '../../src/worker/lfs-objects.js'
import { failsWith } from '../helpers/fails-with.js'
import { type TestScope, tempDir } from '../helpers/git.js'

const COMMIT = 'c'.repeat(40)

/** Objects that come as `answer` gives them. */
function setUp(t: TestScope, answer: (oid: string) => Iterable<Buffer>, limits = UNLIMITED) {
  const dir = tempDir(t)
  const volume = new Volume(toBytePath(dir))
  const requests: LfsRequest[] = []
  let files = 0
  async function* stream(oid: string): AsyncGenerator<Buffer> {
    yield* answer(oid)
  }
  const objects = new LfsObjects({
    commit: COMMIT,
    limits,
    createFile: () => volume.file(toBytePath(path.join(dir, String(files++)))),
    fetchLfs: (request) => {
      requests.push(request)
      return request.objects.map(({ oid }) => stream(oid))
    },
    checkpoint: () => undefined,
  })
  const add = (name: string, body: Buffer, size = body.length) => {
    const oid = createHash('sha256').update(body).digest('hex')
    objects.add({ path: name, blob: 'b'.repeat(40), pointer: { oid, size } }, undefined)
    return oid
  }
  return { add, dir, objects, requests }
}

describe('objects', () => {
  test('that come are known by what they are as blobs', async (t) => {
    const body = Buffer.from('content of it')
    const { add, objects, requests } = setUp(t, () => [body.subarray(0, 3), body.subarray(3)])
    const oid = add('a', body)
    add('b', body)
    await objects.fetch('config')
    const expected = [{ objects: [{ oid, path: 'a', size: body.length }], config: 'config' }]
    assert.deepEqual(requests, expected)
    for (const name of ['a', 'b']) {
      const object = objects.at(name)
      assert.equal(object?.oid, hashObject('blob', body, 'sha1'))
      assert.deepEqual(readFileSync(object?.file.path ?? ''), body)
    }
  })

  test('that are empty are not asked for', async (t) => {
    const { add, objects, requests } = setUp(t, () => assert.fail())
    add('a', Buffer.from('whatever'), 0)
    await objects.fetch(undefined)
    assert.equal(objects.at('a')?.oid, hashObject('blob', Buffer.alloc(0), 'sha1'))
    assert.deepEqual(requests, [])
  })

  test('are asked for a hundred at a time', async (t) => {
    const bodies = new Map(
      Array.from({ length: 250 }, (_, n) => {
        const body = Buffer.from(`body ${n}`)
        return [createHash('sha256').update(body).digest('hex'), body] as const
      }),
    )
    const { add, objects, requests } = setUp(t, (oid) => [bodies.get(oid) as Buffer])
    for (const [oid, body] of bodies) add(oid, body)
    await objects.fetch(undefined)
    assert.deepEqual(
      requests.map((request) => request.objects.length),
      [100, 100, 50],
    )
  })

  const body = Buffer.from('the right bytes')
  function* endless(): Generator<Buffer> {
    for (;;) yield Buffer.alloc(64)
  }
  const faults: [string, () => Iterable<Buffer>, RegExp][] = [
    ['of other bytes', () => [Buffer.from('the wrong bytes')], /other bytes for dir\/a/],
    ['that are cut', () => [body.subarray(1)], /14 of its 15 bytes/],
    ['that do not end', endless, /more than its 15 bytes/],
    ['that are empty, and should not be', () => [], /0 of its 15 bytes/],
  ]
  for (const [what, answer, message] of faults) {
    test(`${what} are refused`, async (t) => {
      const { add, objects } = setUp(t, answer)
      add('dir/a', body)
      await assert.rejects(objects.fetch(undefined), failsWith('lfs-object-corrupt', message))
      assert.equal(objects.at('dir/a'), undefined)
    })
  }

  test('that are too large together are not asked for', async (t) => {
    const { add, dir, objects, requests } = setUp(t, endless, { ...UNLIMITED, checkoutBytes: 1000 })
    add('a', body, 600)
    add('b', body, 600)
    await assert.rejects(
      objects.fetch(undefined),
      failsWith('commit-too-large', /MAX_CHECKOUT_BYTES/),
    )
    assert.deepEqual(requests, [])
    assert.deepEqual(readdirSync(dir), [])
  })
})
