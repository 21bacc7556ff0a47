// Objects of Git LFS as they come: what is not what a pointer stands for is refused.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { UNLIMITED } from '../../src/git/limits.js'
import { hashObject } from '../../src/git/object.js'
import { parseRemoteUrl } from '../../src/git/remote-url.js'
import { encodeTree, MODE } from '../../src/git/tree.js'
import { toBytePath } from '../../src/volume/byte-path.js'
import { Volume } from '../../src/volume/volume.js'
import { LfsObjects, type LfsWant } from '../../src/worker/lfs-objects.js'
import { Repositories } from '../../src/worker/repositories.js'
import { failsWith } from '../helpers/fails-with.js'
import { type TestScope, tempDir } from '../helpers/git.js'

const COMMIT = 'c'.repeat(40)
const SOURCE = 'd'.repeat(40)
const CONFIG = { mode: MODE.file, name: '.lfsconfig', oid: 'e'.repeat(40) }
const MODULE = {
  path: 'sub/m',
  url: 'https://other/m',
  commit: COMMIT,
  source: 'f'.repeat(40),
  tree: 'f'.repeat(40),
}

/** Objects that come as `answer` gives them. */
function setUp(t: TestScope, answer: (oid: string) => Iterable<Buffer>, limits = UNLIMITED) {
  const dir = tempDir(t)
  const volume = new Volume(toBytePath(dir))
  const requests: LfsWant[] = []
  let files = 0
  async function* stream(oid: string): AsyncGenerator<Buffer> {
    yield* answer(oid)
  }
  const objects = new LfsObjects({
    commit: COMMIT,
    limits,
    createFile: () => volume.file(toBytePath(path.join(dir, String(files++)))),
    repositories: new Repositories(SOURCE, parseRemoteUrl('https://host/top', '/'), [MODULE]),
    subdir: 'sub',
    readTree: (oid) => (oid === SOURCE ? encodeTree([CONFIG]) : encodeTree([])),
    readBlob: async (oid, submodule) => {
      assert.deepEqual([oid, submodule], [CONFIG.oid, undefined])
      return { type: 'blob', body: Buffer.from('config') }
    },
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
    await objects.fetch()
    const wanted = [{ oid, path: 'a', size: body.length }]
    const expected = [{ objects: wanted, config: 'config', submodule: undefined }]
    assert.deepEqual(requests, expected)
    for (const name of ['a', 'b']) {
      const object = objects.at(name)
      assert.equal(object?.oid, hashObject('blob', body, 'sha1'))
      assert.deepEqual(readFileSync(object?.file.path ?? ''), body)
    }
  })

  test('of a submodule are asked for there, each repository by itself', async (t) => {
    const body = Buffer.from('content of it')
    const { add, objects, requests } = setUp(t, () => [body])
    const oid = add('a', body)
    add('m/a', body)
    await objects.fetch()
    const size = body.length
    const remote = parseRemoteUrl(MODULE.url, '/')
    assert.deepEqual(requests, [
      { objects: [{ oid, path: 'a', size }], config: 'config', submodule: undefined },
      {
        objects: [{ oid, path: 'm/a', size }],
        config: undefined,
        submodule: { remote, path: MODULE.path },
      },
    ])
    assert.ok(objects.at('a') && objects.at('m/a'))
  })

  test('of a submodule that are wrong are told with its path', async (t) => {
    const { add, objects } = setUp(t, () => [Buffer.from('other')])
    add('m/a', Buffer.from('these'))
    const words = /^The submodule "sub\/m": The Git LFS server sent other bytes for m\/a/
    await assert.rejects(objects.fetch(), failsWith('lfs-object-corrupt', words))
  })

  test('that are empty are not asked for', async (t) => {
    const { add, objects, requests } = setUp(t, () => assert.fail())
    add('a', Buffer.from('whatever'), 0)
    await objects.fetch()
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
    await objects.fetch()
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
      await assert.rejects(objects.fetch(), failsWith('lfs-object-corrupt', message))
      assert.equal(objects.at('dir/a'), undefined)
    })
  }

  test('that are too large together are not asked for', async (t) => {
    const { add, dir, objects, requests } = setUp(t, endless, { ...UNLIMITED, checkoutBytes: 1000 })
    add('a', body, 600)
    add('b', body, 600)
    await assert.rejects(objects.fetch(), failsWith('commit-too-large', /MAX_CHECKOUT_BYTES/))
    assert.deepEqual(requests, [])
    assert.deepEqual(readdirSync(dir), [])
  })
})
