import assert from 'node:assert/strict'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { holding, Volume } from '../../src/volume/volume.js'
import { fsError, withGate } from '../helpers/fs-faults.js'
import { tempDir } from '../helpers/git.js'
import { NEEDS_LINUX } from '../helpers/needs.js'

describe('directories that are held', () => {
  for (const isHolding of [true, false]) {
    const options = isHolding ? NEEDS_LINUX : {}
    test(`are reached by no symlink, ${isHolding ? 'held' : 'looked at'}`, options, (t) => {
      const root = tempDir(t)
      mkdirSync(`${root}/a/b`, { recursive: true })
      symlinkSync('a', `${root}/link`)
      writeFileSync(`${root}/file`, '')
      const held = isHolding ? new Volume(root) : new Volume(root, null)
      held.writeNew(`${root}/a/b/c`, 0o666, [Buffer.from('c')])
      assert.equal(readFileSync(`${root}/a/b/c`, 'utf8'), 'c')
      for (const none of ['link/b', 'none/b', 'file/b']) {
        assert.equal(held.entryIfAny(`${root}/${none}`), undefined)
      }
      assert.equal(held.directory('/elsewhere'), '/elsewhere')
      held.close()
    })
  }

  test('stay what they are when others swap them', NEEDS_LINUX, (t) => {
    const root = tempDir(t)
    mkdirSync(`${root}/base/a`, { recursive: true })
    mkdirSync(`${root}/victim`)
    writeFileSync(`${root}/victim/keep`, 'precious')
    holding(`${root}/base`, (held) => {
      held.directory(`${root}/base/a`)
      renameSync(`${root}/base/a`, `${root}/base/was`)
      symlinkSync('../victim', `${root}/base/a`)
      assert.equal(held.removeOne(`${root}/base/a/keep`), false)
      held.writeNew(`${root}/base/a/new`, 0o666, [])
      held.forget(`${root}/base/a`)
      assert.equal(held.entryIfAny(`${root}/base/a/keep`), undefined)
    })
    assert.deepEqual(readdirSync(`${root}/victim`), ['keep'])
    assert.deepEqual(readdirSync(`${root}/base/was`), ['new'])
  })

  test('are few at a time, however many and deep they are', NEEDS_LINUX, (t) => {
    const root = tempDir(t)
    const deep = `${root}/${Array(300).fill('d').join('/')}`
    mkdirSync(deep, { recursive: true })
    for (let n = 0; n < 200; n++) mkdirSync(`${root}/n${n}`)
    const before = readdirSync('/proc/self/fd').length
    holding(root, (held) => {
      for (let n = 0; n < 200; n++) held.directory(`${root}/n${n}`)
      held.writeNew(`${deep}/file`, 0o666, [])
      held.directory(`${root}/n1`)
      assert.ok(readdirSync('/proc/self/fd').length - before < 64)
    })
    assert.equal(readdirSync('/proc/self/fd').length, before)
    assert.deepEqual(readdirSync(deep), ['file'])
    holding(path.dirname(root), (held) => held.removeAll(root))
    assert.equal(readdirSync('/proc/self/fd').length, before)
  })

  test('are called by their names in an error', (t) => {
    const root = tempDir(t)
    mkdirSync(`${root}/a`)
    const fail = () => holding(root, (held) => held.writeNew(`${root}/a/b/c`, 0o666, []))
    assert.throws(fail, { code: 'ENOENT', path: `${root}/a/b` })
    assert.throws(fail, (error: Error) => !error.message.includes('/proc/'))
  })
})

describe('a directory that is removed', () => {
  test('is not left by way of a symlink that takes the place of one in it', NEEDS_LINUX, (t) => {
    const root = tempDir(t)
    mkdirSync(`${root}/gone/big`, { recursive: true })
    mkdirSync(`${root}/victim`)
    for (const name of ['a', 'b', 'c']) {
      writeFileSync(`${root}/gone/big/${name}`, '')
      writeFileSync(`${root}/victim/${name}`, 'precious')
    }
    let isSwapped = false
    withGate(
      ({ name }) => {
        if (name !== 'unlinkSync' || isSwapped) return
        isSwapped = true
        renameSync(`${root}/gone/big`, `${root}/was`)
        symlinkSync('../victim', `${root}/gone/big`)
      },
      () =>
        assert.throws(() => holding(path.dirname(root), (held) => held.removeAll(`${root}/gone`)), {
          code: 'ENOTEMPTY',
        }),
    )
    assert.deepEqual(readdirSync(`${root}/victim`), ['a', 'b', 'c'])
    holding(path.dirname(root), (held) => held.removeAll(`${root}/gone`))
    assert.deepEqual(readdirSync(`${root}/victim`), ['a', 'b', 'c'])
  })

  test('says where it could not be', (t) => {
    const root = tempDir(t)
    mkdirSync(`${root}/gone/big`, { recursive: true })
    withGate(
      ({ name }) => {
        if (name === 'rmdirSync') throw Object.assign(fsError('EIO'), { path: '/proc/7/fd/9/big' })
      },
      () =>
        assert.throws(() => holding(path.dirname(root), (held) => held.removeAll(`${root}/gone`)), {
          path: `${root}/gone/big`,
        }),
    )
  })
})
