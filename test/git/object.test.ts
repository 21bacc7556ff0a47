import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { hashObject, targetOfTag, treeOfCommit } from '../../src/git/object.js'
import { isOid, objectFormatOf, oidBytes } from '../../src/git/oid.js'
import { failsWith } from '../helpers/fails-with.js'
import { createRepo, tempDir } from '../helpers/git.js'
import { catFile, listObjects } from '../helpers/packs.js'

for (const format of ['sha1', 'sha256'] as const) {
  test(`gives objects the oids that git gives them (${format})`, (t) => {
    const repo = createRepo(path.join(tempDir(t), 'repo'), { objectFormat: format })
    const commit = repo.commit('first', { 'a/b': Buffer.from([0, 255, 10]), empty: '', c: 'é\n' })
    repo.git('tag', '-a', '-m', 'words', 'v1')
    repo.git('tag', '-a', '-m', 'of a tag', 'v2', 'v1')
    const tag = repo.oid('v1')
    const objects = catFile(repo, [tag, ...listObjects(repo, 'HEAD')])
    assert.equal(new Set([...objects.values()].map(({ type }) => type)).size, 4)
    for (const [oid, { type, body }] of objects) {
      assert.equal(hashObject(type, body, format), oid)
      assert.ok(isOid(oid))
      assert.equal(objectFormatOf(oid), format)
      assert.equal(oidBytes(format) * 2, oid.length)
    }
    assert.equal(treeOfCommit(objects.get(commit)!.body), repo.oid('HEAD^{tree}'))
    assert.equal(targetOfTag(objects.get(tag)!.body), commit)
    assert.equal(targetOfTag(catFile(repo, [repo.oid('v2')]).get(repo.oid('v2'))!.body), tag)
  })
}

test('a commit and a tag must start with what they point to', () => {
  const oid = '1'.repeat(40)
  const bodies = [
    '',
    'tree',
    'tree ',
    `tree ${oid.slice(1)}\n`,
    `tree ${oid}x\n`,
    `tree ${oid.toUpperCase().replace('1', 'A')}\n`,
    `tree  ${oid}\n`,
    `parent ${oid}\n`,
    `\ntree ${oid}\n`,
    `object ${oid}\r\n`,
  ]
  for (const text of bodies) {
    assert.throws(() => treeOfCommit(Buffer.from(text)), failsWith('pack-corrupt', /its tree/))
    assert.throws(() => targetOfTag(Buffer.from(text)), failsWith('pack-corrupt', /its object/))
  }
  assert.equal(treeOfCommit(Buffer.from(`tree ${oid}`)), oid)
  assert.equal(targetOfTag(Buffer.from(`object ${oid}\ntype commit\n`)), oid)
})

test('an oid is of full length, in lower case, and nothing else', () => {
  for (const text of ['', '1'.repeat(39), '1'.repeat(41), '1'.repeat(63), 'A'.repeat(40)]) {
    assert.ok(!isOid(text))
  }
  for (const text of ['g'.repeat(40), `${'1'.repeat(40)}\n`, ` ${'1'.repeat(39)}`]) {
    assert.ok(!isOid(text))
  }
})
