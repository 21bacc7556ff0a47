import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { hashObject } from '../../../src/git/object.js'
import type { Oid } from '../../../src/git/oid.js'
import { LARGE_BYTES, type PublishedTree } from '../../../src/publish/drift/published-tree.js'
import { openPublished } from '../../../src/publish/publication.js'
import { fsError, recordCalls, withGate } from '../../helpers/fs-faults.js'
import type { CommitFiles } from '../../helpers/git-commit.js'
import { createSite, type SiteOptions, type TestSite } from '../../helpers/publish-site.js'

const FILES: CommitFiles = {
  a: 'content a',
  'd/e/b': 'content b',
  run: { content: '#!', executable: true },
  link: { symlink: 'the target' },
  empty: '',
}

/** What makes the file d/e/b another, or none. */
const DRIFTS: Record<string, (test: TestSite) => void> = {
  'a file was edited': ({ at }) => writeFileSync(at('d/e/b'), 'edited'),
  'a file was edited to the same size': ({ at }) => writeFileSync(at('d/e/b'), 'CONTENT B'),
  'a file is missing': ({ at }) => rmSync(at('d/e/b')),
  'a directory is missing': ({ at }) => rmSync(at('d'), { recursive: true }),
  'a directory stands in place of a file': ({ at }) => {
    rmSync(at('d/e/b'))
    mkdirSync(at('d/e/b'))
  },
  'a symlink stands in place of a file': ({ at, outside }) => {
    renameSync(at('d/e/b'), path.join(outside, 'b'))
    symlinkSync(path.join(outside, 'b'), at('d/e/b'))
  },
  'the file lies behind a symlink': ({ at, outside }) => {
    renameSync(at('d/e'), path.join(outside, 'e'))
    symlinkSync(path.join(outside, 'e'), at('d/e'))
  },
}

function contentOf(file: CommitFiles[string] | undefined): string | Buffer {
  if (typeof file === 'string' || Buffer.isBuffer(file)) return file
  assert.ok(file && 'symlink' in file)
  return file.symlink
}

const oidOf = (content: string | Buffer) => hashObject('blob', Buffer.from(content), 'sha1')

function open(test: TestSite): PublishedTree {
  const published = openPublished(test.site)
  assert.ok(published)
  return published
}

function textOf(published: PublishedTree, oid: Oid): string | undefined {
  const blob = published.findBlob(oid)
  assert.ok(!blob || 'body' in blob)
  return blob?.body.toString()
}

for (const options of [
  { mode: 'in-place' },
  { mode: 'symlink' },
  { mode: 'symlink', stateDirectory: true },
] satisfies SiteOptions[]) {
  describe(`what is published, ${JSON.stringify(options)}`, () => {
    const publishFiles = (t: { after(cleanUp: () => unknown): void }, files = FILES) => {
      const test = createSite(t, options)
      const target = test.commit(files)
      test.publish(target)
      return { test, target }
    }

    for (const [name, content] of [
      ['a file', 'content a'],
      ['a file below directories', 'content b'],
      ['an executable file', '#!'],
      ['a symlink', 'the target'],
      ['an empty file', ''],
    ] as const) {
      test(`gives ${name}`, (t) => {
        const { test } = publishFiles(t)
        assert.equal(textOf(open(test), oidOf(content)), content)
      })
    }

    for (const [name, drift] of Object.entries(DRIFTS)) {
      test(`gives nothing where ${name}`, (t) => {
        const { test } = publishFiles(t)
        const published = open(test)
        drift(test)
        assert.equal(published.findBlob(oidOf('content b')), undefined)
        assert.equal(open(test).findBlob(oidOf('content b')), undefined)
        assert.equal(textOf(published, oidOf('content a')), 'content a')
      })
    }

    test('gives a file whose mode or time is another, as its content is proven', (t) => {
      const { test } = publishFiles(t)
      chmodSync(test.at('a'), 0o755)
      writeFileSync(test.at('d/e/b'), 'content b')
      assert.equal(textOf(open(test), oidOf('content a')), 'content a')
      assert.equal(textOf(open(test), oidOf('content b')), 'content b')
    })

    test('gives a large file by its path, once it is proven', (t) => {
      const content = Buffer.alloc(LARGE_BYTES, 'large')
      const { test } = publishFiles(t, { 'd/large': content, less: content.subarray(1) })
      const oid = oidOf(content)
      const blob = open(test).findBlob(oid)
      assert.ok(blob && 'file' in blob)
      assert.deepEqual([blob.oid, blob.size, blob.isTemporary], [oid, content.length, false])
      assert.deepEqual(readFileSync(blob.file.path), content)
      const less = open(test).findBlob(oidOf(content.subarray(1)))
      assert.ok(less && 'body' in less && less.body.equals(content.subarray(1)))
      writeFileSync(test.at('d/large'), Buffer.alloc(LARGE_BYTES, 'other'))
      assert.equal(open(test).findBlob(oid), undefined)
    })
  })
}

describe('what is published', () => {
  test('gives every tree of its commit', (t) => {
    const test = createSite(t)
    const target = test.commit(FILES)
    test.publish(target)
    const published = open(test)
    const listed = test.repo.git('ls-tree', '-rtd', '--format=%(objectname)', target.commit)
    const trees = [target.tree, ...listed.split('\n')]
    assert.equal(trees.length, 3)
    for (const oid of trees) assert.deepEqual(published.readTree(oid), target.readTree(oid))
    assert.equal(published.readTree('1'.repeat(40)), undefined)
    assert.equal(published.findBlob('1'.repeat(40)), undefined)
    assert.equal(published.findBlob(target.tree), undefined)
  })

  test('is nothing where nothing is published, or not what is known', (t) => {
    const test = createSite(t)
    assert.equal(openPublished(test.site), undefined)
    test.publish(FILES)
    assert.equal(openPublished({ ...test.site, mode: 'symlink' }), undefined)
    rmSync(test.at('.git-autosync'), { recursive: true })
    assert.equal(openPublished(test.site), undefined)
  })

  test('is not read where the oid is that of a submodule', (t) => {
    const test = createSite(t)
    const gitlink = oidOf('content')
    test.publish({ sub: { gitlink }, a: '1' })
    assert.equal(open(test).findBlob(gitlink), undefined)
    rmSync(test.at('sub'), { recursive: true })
    writeFileSync(test.at('sub'), 'content')
    assert.equal(textOf(open(test), gitlink), 'content')
  })

  test('is proven by the very bytes that are given', (t) => {
    const test = createSite(t)
    test.publish(FILES)
    const published = open(test)
    let reads = 0
    withGate(
      ({ name, paths }) => {
        if (!/^(open|readFile)/.test(name) || paths[0] !== test.at('a')) return
        if (++reads > 1) writeFileSync(test.at('a'), 'edited a!')
      },
      () => assert.equal(textOf(published, oidOf('content a')), 'content a'),
    )
  })

  for (const code of ['EACCES', 'ENOENT', 'EIO', 'ELOOP']) {
    test(`is nothing where any call for it fails with ${code}`, (t) => {
      const test = createSite(t)
      const files: CommitFiles = { ...FILES, 'd/large': Buffer.alloc(LARGE_BYTES, 'large') }
      test.publish(files)
      for (const name of ['d/e/b', 'link', 'd/large']) {
        const oid = oidOf(contentOf(files[name]))
        const calls = recordCalls(() => assert.ok(open(test).findBlob(oid)))
        const own = calls.filter(({ paths }) => paths.includes(test.at(name))).length
        for (let at = 0; at < own; at++) {
          const published = open(test)
          let count = 0
          withGate(
            ({ paths }) => {
              if (paths.includes(test.at(name)) && count++ === at) throw fsError(code)
            },
            () => assert.equal(published.findBlob(oid), undefined, `${name}, call ${at}`),
          )
          assert.ok(count > at)
        }
      }
    })
  }

  test('in a sha256 repository is proven by sha256', (t) => {
    const test = createSite(t, { objectFormat: 'sha256' })
    test.publish(FILES)
    const oid = hashObject('blob', Buffer.from('content b'), 'sha256')
    assert.equal(textOf(open(test), oid), 'content b')
    appendFileSync(test.at('d/e/b'), '!')
    assert.equal(open(test).findBlob(oid), undefined)
  })

  test('with an expected tree finds what that replaces without a look at all its trees', (t) => {
    const test = createSite(t)
    const files: CommitFiles = { ...FILES, 'far/away/f': 'f', 'far/g': 'g' }
    test.publish(files)
    const { a: _, ...rest } = files
    const next = test.commit({ ...rest, 'd/e/b': 'new b', run: '#!' })
    const published = open(test)
    const { trees } = published.record.snapshot
    const decoded = new Set<Buffer>()
    const watched = trees.map((tree) => ({
      ...tree,
      get body() {
        decoded.add(tree.body)
        return tree.body
      },
    }))
    published.record.snapshot.trees = watched
    published.expect(next.tree, next.readTree)
    assert.equal(textOf(published, oidOf('content a')), 'content a')
    assert.equal(textOf(published, oidOf('content b')), 'content b')
    assert.equal(textOf(published, oidOf('#!')), '#!')
    const all = new Set(trees.map(({ body }) => body))
    assert.ok(decoded.size > 0 && decoded.size < all.size, `${decoded.size} of ${all.size} trees`)
    assert.equal(textOf(published, oidOf('f')), 'f')
    assert.equal(decoded.size, all.size)
  })

  test('makes no call but for the file that it is asked for', (t) => {
    const test = createSite(t)
    test.publish({
      ...FILES,
      ...Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`${n}`, `${n}`])),
    })
    const published = open(test)
    const calls = recordCalls(() =>
      assert.equal(textOf(published, oidOf('content a')), 'content a'),
    )
    const touched = new Set(calls.flatMap(({ paths }) => paths))
    assert.deepEqual([...touched], [test.at('a')])
  })
})
