import assert from 'node:assert/strict'
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { describe, test } from 'node:test'
import { hashObject, type LargeBlob, type StoredObject } from '../../../src/git/object.js'
import { MODE } from '../../../src/git/tree.js'
import {
  copyFile as copyIn,
  createLarge,
  createSymlink,
  permissionsOf,
} from '../../../src/publish/stage/create-file.js'
import type { TreeFile } from '../../../src/publish/tree/tree-places.js'
import { openRegular } from '../../../src/volume/open-file.js'
import { fileAt, volumeAt } from '../../helpers/file-at.js'
import { fsError, recordCalls, withGate } from '../../helpers/fs-faults.js'
import { tempDir } from '../../helpers/git.js'

const LARGE = Buffer.alloc(3 * 1024 * 1024 + 17, 'large ')
const OID = hashObject('blob', LARGE, 'sha1')

function createFile({ mode, path }: ReturnType<typeof fileOf>, blob: StoredObject, at: string) {
  const volume = volumeAt('/')
  if (mode === MODE.symlink) createSymlink(volume, path, blob, at)
  else if ('body' in blob) volume.writeNew(at, permissionsOf(mode), [blob.body])
  else createLarge(volume, mode, blob, at)
}
const copyFile = (from: string, to: string, permissions: number) =>
  copyIn(volumeAt('/'), openRegular(from), to, permissions)
const fileOf = (mode: TreeFile['mode']) => ({ path: 'd/f', mode })
const blobOf = (text: string): StoredObject => ({ type: 'blob', body: Buffer.from(text) })

function largeBlob(file: string, isTemporary: boolean): LargeBlob {
  writeFileSync(file, LARGE)
  return { type: 'blob', oid: OID, file: fileAt(file), size: LARGE.length, isTemporary }
}

function withUmask(umask: number, work: () => void): void {
  const before = process.umask(umask)
  try {
    work()
  } finally {
    process.umask(before)
  }
}

describe('a file that is created', () => {
  for (const [mode, permissions] of [
    [MODE.file, 0o640],
    [MODE.executable, 0o750],
  ] as const) {
    const kind = mode === MODE.file ? 'a file' : 'an executable file'

    test(`as ${kind} has the permissions that the umask leaves`, (t) => {
      const root = tempDir(t)
      withUmask(0o027, () => {
        createFile(fileOf(mode), blobOf('content'), `${root}/small`)
        createFile(fileOf(mode), largeBlob(`${root}/from`, false), `${root}/large`)
        createFile(fileOf(mode), largeBlob(`${root}/incoming`, true), `${root}/received`)
        copyFile(`${root}/from`, `${root}/copy`, permissions | 0o007)
      })
      for (const name of ['small', 'large', 'received', 'copy']) {
        assert.equal(statSync(`${root}/${name}`).mode & 0o777, permissions, name)
        const content = name === 'small' ? Buffer.from('content') : LARGE
        assert.ok(readFileSync(`${root}/${name}`).equals(content))
      }
    })
  }

  test('as a symlink has the target, of any bytes', (t) => {
    const root = tempDir(t)
    const targets = [Buffer.from('nowhere'), Buffer.from([0xff, 0x80]), Buffer.from('/')]
    for (const [index, body] of targets.entries()) {
      createFile(fileOf(MODE.symlink), { type: 'blob', body }, `${root}/${index}`)
      assert.deepEqual(readlinkSync(`${root}/${index}`, { encoding: 'buffer' }), body)
    }
  })

  test('as a symlink that no file system can hold is refused, and named', (t) => {
    const root = tempDir(t)
    const blobs = [blobOf(''), blobOf('a\0b'), largeBlob(`${root}/from`, true)]
    for (const blob of blobs) {
      assert.throws(() => createFile(fileOf(MODE.symlink), blob, `${root}/link`), {
        code: 'unsafe-tree',
        message: /d\/f/,
      })
    }
    assert.deepEqual(readdirSync(root), ['from'])
  })

  test('is never created over another', (t) => {
    const root = tempDir(t)
    writeFileSync(`${root}/there`, 'there')
    const large = [largeBlob(`${root}/a`, false), largeBlob(`${root}/b`, true)]
    for (const blob of [blobOf('content'), ...large]) {
      for (const mode of [MODE.file, MODE.executable, MODE.symlink] as const) {
        if (mode === MODE.symlink && !('body' in blob)) continue
        assert.throws(() => createFile(fileOf(mode), blob, `${root}/there`), { code: 'EEXIST' })
      }
    }
    assert.equal(readFileSync(`${root}/there`, 'utf8'), 'there')
  })

  test('of a large blob that was received is the very file; of a published one never', (t) => {
    const root = tempDir(t)
    const received = largeBlob(`${root}/received`, true)
    createFile(fileOf(MODE.file), received, `${root}/1`)
    assert.equal(lstatSync(`${root}/1`).ino, lstatSync(`${root}/received`).ino)
    createFile(fileOf(MODE.executable), received, `${root}/2`)
    assert.notEqual(lstatSync(`${root}/2`).ino, lstatSync(`${root}/received`).ino)
    createFile(fileOf(MODE.file), largeBlob(`${root}/published`, false), `${root}/3`)
    assert.notEqual(lstatSync(`${root}/3`).ino, lstatSync(`${root}/published`).ino)
  })

  for (const code of ['EPERM', 'EXDEV', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES']) {
    test(`of a large blob is a copy where a link fails with ${code}`, (t) => {
      const root = tempDir(t)
      const blob = largeBlob(`${root}/received`, true)
      withGate(
        ({ name }) => {
          if (name === 'linkSync') throw fsError(code)
        },
        () => createFile(fileOf(MODE.file), blob, `${root}/copy`),
      )
      assert.notEqual(lstatSync(`${root}/copy`).ino, lstatSync(`${root}/received`).ino)
      assert.ok(readFileSync(`${root}/copy`).equals(LARGE))
    })
  }

  test('says so where a link or a copy fails otherwise', (t) => {
    const root = tempDir(t)
    for (const [call, isTemporary] of [
      ['linkSync', true],
      ['writeSync', false],
    ] as const) {
      const blob = largeBlob(`${root}/from`, isTemporary)
      const full = () =>
        withGate(
          ({ name }) => {
            if (name === call) throw fsError('ENOSPC')
          },
          () => createFile(fileOf(MODE.file), blob, `${root}/${call}`),
        )
      assert.throws(full, { code: 'ENOSPC' })
    }
  })

  test('of a large published blob is not what it was if it changes meanwhile', (t) => {
    const root = tempDir(t)
    const blob = largeBlob(`${root}/from`, false)
    createFile(fileOf(MODE.file), blob, `${root}/right`)
    const edited = () =>
      withGate(
        ({ name }) => {
          if (name === 'writeSync') writeFileSync(`${root}/from`, Buffer.alloc(LARGE.length, '!'))
        },
        () => createFile(fileOf(MODE.file), blob, `${root}/edited`),
      )
    assert.throws(edited, { code: 'base-missing' })
  })

  test('is copied in steps, on after a write that took only a part, and closed', (t) => {
    const root = tempDir(t)
    writeFileSync(`${root}/from`, LARGE)
    const before = openDescriptors()
    const calls = recordCalls(() =>
      withGate(
        ({ name }, args) => {
          const [, bytes, offset] = args as [number, Buffer, number]
          if (name === 'writeSync' && bytes.length - offset > 1000) args.push(1000)
        },
        () => copyFile(`${root}/from`, `${root}/to`, 0o666),
      ),
    )
    assert.ok(calls.filter(({ name }) => name === 'writeSync').length > 4)
    assert.ok(readFileSync(`${root}/to`).equals(LARGE))
    assert.throws(() => copyFile(`${root}/from`, `${root}/to`, 0o666), { code: 'EEXIST' })
    assert.throws(() => copyFile(`${root}/none`, `${root}/to`, 0o666), { code: 'ENOENT' })
    assert.equal(openDescriptors(), before)
  })
})

/** The next file descriptor: the same again where none was left open. */
function openDescriptors(): number {
  const file = openSync('/dev/null', 'r')
  closeSync(file)
  return file
}
