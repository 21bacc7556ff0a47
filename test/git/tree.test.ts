import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { oidBytes } from '../../src/git/oid.js'
import { decodeNames, decodeTree, MODE } from '../../src/git/tree.js'
import { failsWith } from '../helpers/fails-with.js'
import fc from '../helpers/fast-check.js'
import { createRepo, tempDir } from '../helpers/git.js'
import { catFile } from '../helpers/packs.js'

const OID = 'ab'.repeat(20)

function entry(mode: string, name: string | Buffer, oid = OID): Buffer {
  return Buffer.concat([
    Buffer.from(`${mode} `),
    Buffer.from(name),
    Buffer.alloc(1),
    Buffer.from(oid, 'hex'),
  ])
}

for (const objectFormat of ['sha1', 'sha256'] as const) {
  test(`decodes what git writes (${objectFormat})`, (t) => {
    const repo = createRepo(path.join(tempDir(t), 'repo'), { objectFormat })
    repo.commit('first', {
      'a file': 'a',
      'with space and é': 'b',
      'folder/deep/file': 'c',
      'run.sh': { content: 'd', executable: true },
      link: { symlink: 'a file' },
    })
    const gitlink = '1'.repeat(oidBytes(objectFormat) * 2)
    repo.git('update-index', '--add', '--cacheinfo', `160000,${gitlink},module`)
    const tree = repo.git('write-tree')
    const listed = repo.gitBytes(['ls-tree', '-z', tree]).toString('latin1').split('\0')
    const expected = listed.filter(Boolean).map((line) => {
      const [, mode, oid, name] = /^(\d+) \w+ (\w+)\t(.*)$/s.exec(line) ?? []
      return { mode: Number.parseInt(mode ?? '', 8), name, oid }
    })
    assert.equal(expected.length, 6)
    const { body } = catFile(repo, [tree]).get(tree)!
    assert.deepEqual(decodeTree(body, oidBytes(objectFormat)), expected)
  })
}

test('the empty tree has no entries', () => {
  assert.deepEqual(decodeTree(Buffer.alloc(0), 20), [])
})

test('reads the modes of old gits as git does', () => {
  const modes = {
    '100644': MODE.file,
    '100664': MODE.file,
    '100600': MODE.file,
    '100666': MODE.file,
    '100755': MODE.executable,
    '100775': MODE.executable,
    '100700': MODE.executable,
    // Only the owner's bit counts.
    '100655': MODE.file,
    '120000': MODE.symlink,
    '120777': MODE.symlink,
    '160000': MODE.gitlink,
    '40000': MODE.tree,
    '040000': MODE.tree,
    '40755': MODE.tree,
  }
  for (const [written, mode] of Object.entries(modes)) {
    assert.deepEqual(decodeTree(entry(written, 'name'), 20), [{ mode, name: 'name', oid: OID }])
  }
})

test('a mode that is none is refused', () => {
  for (const mode of ['0', '644', '10644', '20000', '60000', '140000', '000000', '200000']) {
    assert.throws(() => decodeTree(entry(mode, 'x'), 20), failsWith('unsafe-tree', /unknown mode/))
  }
  for (const mode of ['100648', 'x00644', '0100644', '-40000', '+40000', '0x8000']) {
    assert.throws(() => decodeTree(entry(mode, 'x'), 20), failsWith('unsafe-tree', /unknown mode/))
  }
})

test('tells what a tree names as git does, whatever the mode', (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  const modes = ['0', '644', '0644', '0100644', '100664', '40000', '00040000', '60000', '120777']
  const body = Buffer.concat(
    [...modes, '160000', '140000', '1100644'].map((mode, at) => entry(mode, `${100 + at}`)),
  )
  const args = ['hash-object', '-t', 'tree', '-w', '--literally', '--stdin']
  const tree = repo.gitBytes(args, { input: body }).toString().trim()
  const listed = repo.git('ls-tree', tree).split('\n')
  assert.deepEqual(
    decodeNames(body, 20).map(({ kind, name, oid }) => `${kind} ${oid}\t${name}`),
    listed.map((line) => line.slice(line.indexOf(' ') + 1)),
  )
})

test('names are kept byte for byte', () => {
  const name = Buffer.from([0xff, 0xfe, 0x20, 0x0a, 0xe9, 0x01, 0x5c])
  const [first, second] = decodeTree(
    Buffer.concat([entry('100644', name), entry('100644', 'é')]),
    20,
  )
  assert.ok(Buffer.from(first?.name ?? '', 'latin1').equals(name))
  assert.equal(Buffer.from(second?.name ?? '', 'latin1').toString(), 'é')
})

test('a malformed body is refused', () => {
  const sound = entry('100644', 'name')
  const bodies = [
    Buffer.from('100644'),
    Buffer.from('100644 name'),
    Buffer.from('100644\0name and more bytes than an oid'),
    entry('', 'name'),
    Buffer.from('\0'),
    Buffer.from(' '),
    Buffer.concat([sound, Buffer.from('x')]),
    Buffer.concat([sound, sound.subarray(0, -1)]),
  ]
  for (const body of bodies) {
    assert.throws(() => decodeTree(body, 20), failsWith('pack-corrupt', /malformed/))
  }
  for (let length = 1; length < sound.length; length++) {
    assert.throws(() => decodeTree(sound.subarray(0, length), 20), failsWith('pack-corrupt'))
  }
  assert.throws(() => decodeTree(sound, 32), failsWith('pack-corrupt'))
})

test('random bytes make entries or a SyncError', () => {
  const refused = [failsWith('pack-corrupt'), failsWith('unsafe-tree')] as const
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 90 }), (bytes) => {
      const body = Buffer.concat([entry('100644', 'a'), Buffer.from('40000 '), bytes])
      try {
        assert.ok(decodeTree(body, 20).length > 1)
      } catch (error) {
        refused[error instanceof Error && 'code' in error && error.code === 'unsafe-tree' ? 1 : 0](
          error,
        )
      }
    }),
  )
})
