import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MODE, TreeCursor } from '../../../src/git/tree.js'
import { assertSafeTree, nameFault } from '../../../src/publish/tree/safe-name.js'
import { toBytePath } from '../../../src/volume/byte-path.js'

const REFUSED = [
  '',
  '.',
  '..',
  'a/b',
  '/',
  '/etc',
  'a\0b',
  '.git',
  '.GIT',
  '.gIt',
  '.git ',
  '.git.',
  '.git. . ',
  '.git...',
  'git~1',
  'GIT~1',
  'git~1.',
  '.git\\x',
  '.git::$INDEX_ALLOCATION',
  '.git:stream',
  'git~1::$INDEX_ALLOCATION',
  '.gi\u200ct',
  '\u200d.git',
  '.git\ufeff',
  '.g\u206ai\u202et',
  '.git-autosync',
  '.GIT-AutoSync',
  '.git-auto\u200csync',
  '.git-autosync.',
  '.git-autosync ',
  '.git-autosync::$INDEX_ALLOCATION',
  'git-au~1',
  'GIT-AU~1',
  'Git-Au~12',
  'git-au~1.',
  'git-au~2::$INDEX_ALLOCATION',
  'git-\u200cau~1',
  'x'.repeat(256),
  'é'.repeat(128),
]

const ALLOWED = [
  '...',
  '.gitignore',
  '.gitmodules',
  '.gitattributes',
  '.github',
  '.git_',
  '.git~1',
  'git',
  'git~2',
  'git~10',
  'x.git',
  '..git',
  '.git-autosync-notes',
  'git-au',
  'git-au~',
  'git-au~x',
  '.git-au~1',
  'git-au~1.txt',
  '.gitа',
  '-rf',
  '--help',
  ' ',
  'a\nb',
  '"',
  "'",
  '$(x)',
  '*',
  'a\\b',
  'c:x',
  'con',
  'x'.repeat(255),
  'é'.repeat(127),
]

describe('a name', () => {
  for (const name of REFUSED) {
    test(`${JSON.stringify(name).slice(0, 40)} is refused`, () => {
      assert.ok(nameFault(toBytePath(name)))
    })
  }

  for (const name of ALLOWED) {
    test(`${JSON.stringify(name).slice(0, 40)} is allowed`, () => {
      assert.equal(nameFault(toBytePath(name)), undefined)
    })
  }

  test('need not be UTF-8', () => {
    assert.equal(nameFault('\xff\xfe'), undefined)
    assert.equal(nameFault('.git\xe2\x80'), undefined)
  })
})

describe('a tree', () => {
  const oid = '1'.repeat(40)
  const check = (...entries: [string, number][]) => {
    const body = Buffer.concat(
      entries.map(([name, mode]) =>
        Buffer.concat([Buffer.from(`${mode.toString(8)} ${name}\0`), Buffer.from(oid, 'hex')]),
      ),
    )
    assertSafeTree(new TreeCursor(body, oid.length / 2), () => 'dir')
  }

  test("in git's order is allowed", () => {
    check(['a', MODE.file], ['a.b', MODE.file], ['a.c', MODE.tree], ['ab', MODE.symlink])
    check(['a-', MODE.file], ['a', MODE.tree], ['a0', MODE.file])
    check()
  })

  test('in another order is refused', () => {
    assert.throws(() => check(['b', MODE.file], ['a', MODE.file]), { code: 'unsafe-tree' })
    assert.throws(() => check(['a', MODE.tree], ['a-', MODE.file]), { code: 'unsafe-tree' })
  })

  test('with a name twice is refused, also as a file and a directory', () => {
    assert.throws(() => check(['a', MODE.file], ['a', MODE.file]), /dir\/a.*twice/)
    assert.throws(() => check(['a', MODE.file], ['a', MODE.tree]), /twice/)
    assert.throws(
      () => check(['a', MODE.symlink], ['a-', MODE.file], ['a', MODE.tree]),
      /twice.*nothing of this commit is published/,
    )
  })
})
