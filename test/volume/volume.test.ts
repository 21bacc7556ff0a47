import assert from 'node:assert/strict'
import fs, {
  mkdirSync,
  type PathLike,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { describe, test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { toFsPath } from '../../src/volume/byte-path.js'
import { toVolumeError } from '../../src/volume/volume-error.js'
import { volumeAt } from '../helpers/file-at.js'
import { asByteString, fsError, withGate } from '../helpers/fs-faults.js'
import { tempDir } from '../helpers/git.js'
import { publish } from '../helpers/publish.js'
import { createSite } from '../helpers/publish-site.js'

describe('a volume', () => {
  test('tells what is at a path, not following links', (t) => {
    const root = tempDir(t)
    writeFileSync(`${root}/file`, '')
    symlinkSync('file', `${root}/link`)
    assert.ok(volumeAt(root).stat(`${root}/link`)?.isSymbolicLink())
    assert.equal(volumeAt(root).stat(`${root}/none`), undefined)
    assert.equal(volumeAt(root).stat(`${root}/file/below`), undefined)
  })

  test('takes new files only where nothing is', (t) => {
    const root = tempDir(t)
    symlinkSync('target', `${root}/link`)
    const write = (at: string, bytes: Buffer) => volumeAt(root).writeNew(at, 0o666, [bytes])
    assert.throws(() => write(`${root}/link`, Buffer.from('x')), { code: 'EEXIST' })
    write(`${root}/file`, Buffer.alloc(100_000, 'x'))
    assert.equal(statSync(`${root}/file`).size, 100_000)
    assert.deepEqual(readdirSync(root).sort(), ['file', 'link'])
  })

  test('writes on after a write that took only a part', (t) => {
    const root = tempDir(t)
    const shorten = (args: unknown[]) => args.splice(3, 0, 7)
    const bytes = Buffer.from('more than seven bytes')
    withGate(
      ({ name }, args) => {
        if (name === 'writeSync' && bytes.length - Number(args[2]) > 7) shorten(args)
      },
      () => volumeAt(root).writeNew(`${root}/file`, 0o666, [bytes]),
    )
    assert.deepEqual(readFileSync(`${root}/file`), bytes)
  })

  test('makes directories, each tried once', (t) => {
    const root = tempDir(t)
    volumeAt(root).ensureDirectory(`${root}/a/b/c`)
    volumeAt(root).ensureDirectory(`${root}/a/b/c`)
    assert.ok(statSync(`${root}/a/b/c`).isDirectory())
    writeFileSync(`${root}/file`, '')
    symlinkSync('none', `${root}/dangling`)
    assert.throws(() => volumeAt(root).ensureDirectory(`${root}/file`), { code: 'ENOTDIR' })
    assert.throws(() => volumeAt(root).ensureDirectory(`${root}/file/below`), { code: 'ENOTDIR' })
    assert.throws(() => volumeAt(root).ensureDirectory(`${root}/dangling/below`), {
      code: 'ENOTDIR',
    })
  })

  test('ends where a volume says of a directory that is there that it is not', (t) => {
    const root = tempDir(t)
    let tries = 0
    withGate(
      ({ name }) => {
        if (name === 'mkdirSync' && ++tries < 9) throw fsError('ENOENT')
      },
      () => assert.throws(() => volumeAt(root).ensureDirectory(`${root}/a`), { code: 'ENOENT' }),
    )
    assert.equal(tries, 1)
  })

  test('gives up files and empty directories, and keeps full ones and mount points', (t) => {
    const root = tempDir(t)
    mkdirSync(`${root}/full/empty`, { recursive: true })
    symlinkSync('full', `${root}/link`)
    assert.equal(volumeAt(root).removeOne(`${root}/full`), false)
    assert.equal(volumeAt(root).removeOne(`${root}/none`), false)
    assert.equal(volumeAt(root).removeOne(`${root}/link`), true)
    const busy = () =>
      withGate(
        ({ name }) => {
          if (name === 'rmdirSync') throw fsError('EBUSY')
        },
        () => assert.equal(volumeAt(root).removeOne(`${root}/full/empty`), false),
      )
    busy()
    assert.equal(volumeAt(root).removeOne(`${root}/full/empty`), true)
    assert.equal(volumeAt(root).removeOne(`${root}/full`), true)
  })

  test('gives up all of a directory, and stops when it is told to', (t) => {
    const root = tempDir(t)
    mkdirSync(`${root}/d/e/f`, { recursive: true })
    for (const name of ['d/a', 'd/e/b', 'd/e/f/c', 'kept']) writeFileSync(`${root}/${name}`, '')
    symlinkSync('../kept', `${root}/d/link`)
    let left = 3
    const stop = () => {
      if (left-- === 0) throw new SyncError('aborted', 'enough')
    }
    assert.throws(() => volumeAt(root).removeAll(`${root}/d`, { checkpoint: stop }), {
      code: 'aborted',
    })
    assert.ok(volumeAt(root).stat(`${root}/d`))
    volumeAt(root).removeAll(`${root}/d`)
    volumeAt(root).removeAll(`${root}/d`)
    assert.deepEqual(readdirSync(root), ['kept'])
  })

  test('lists names of any bytes, each directory before what is in it', (t) => {
    const root = tempDir(t)
    mkdirSync(toFsPath(`${root}/\xff/\xfe`), { recursive: true })
    writeFileSync(toFsPath(`${root}/\xff/\xfe/\x80\n`), '')
    symlinkSync('.', toFsPath(`${root}/\xff/loop`))
    const all = [...volumeAt(root).list(root)]
    const found = all.map(({ path: at, isDirectory }) => [at, isDirectory])
    assert.deepEqual(
      found.filter(([at]) => at !== '\xff/loop'),
      [
        ['\xff', true],
        ['\xff/\xfe', true],
        ['\xff/\xfe/\x80\n', false],
      ],
    )
    assert.ok(found.some(([at, isDirectory]) => at === '\xff/loop' && !isDirectory))
    assert.deepEqual(
      [...volumeAt(root).list(root, '\xff/\xfe')],
      [{ path: '\xff/\xfe/\x80\n', isDirectory: false }],
    )
  })
})

describe('an error of the volume', () => {
  for (const [code, expected] of [
    ['ENOSPC', 'volume-full'],
    ['EDQUOT', 'volume-full'],
    ['EACCES', 'volume-failed'],
    ['EPERM', 'volume-failed'],
    ['EROFS', 'volume-failed'],
    ['EIO', 'volume-failed'],
    ['ENAMETOOLONG', 'unsafe-tree'],
  ] as const) {
    test(`${code} is ${expected}, and names the directory`, () => {
      const cause = fsError(code)
      const error = toVolumeError(cause, '/volume/site')
      assert.ok(error instanceof SyncError)
      assert.equal(error.code, expected)
      assert.equal(error.cause, cause)
      assert.match(error.message, /\/volume\/site/)
    })
  }

  test('elsewhere, as in STATE_DIR, names the directory that it happened in', (t) => {
    const root = tempDir(t)
    const at = (file: string) => Object.assign(fsError('EACCES'), { path: file })
    for (const [file, place] of [
      [`${root}/state/site-x/in-place`, root],
      ['/volume/.git-autosync/ö', '/'],
      ['/volume/ö/d/file', '/volume/ö'],
    ] as const) {
      const { message } = toVolumeError(at(file), '/volume/ö') as SyncError
      assert.ok(message.startsWith(`${place} cannot be written (EACCES`), message)
    }
  })

  test('that a file stands in the way names the file, however it is found out', (t) => {
    const root = tempDir(t)
    writeFileSync(`${root}/file`, '')
    for (const file of [`${root}/file`, `${root}/file/state`, `${root}/file/state/in-place`]) {
      const error = Object.assign(fsError('ENOTDIR'), { path: file })
      const { message } = toVolumeError(error, '/volume/site') as SyncError
      assert.ok(message.includes(`on the way to ${root}/file (`), message)
    }
  })

  test('that it is not passes through', () => {
    const ofNode = Object.assign(new Error('x'), { code: 'ERR_OTHER' })
    for (const error of [new SyncError('aborted', 'x'), ofNode, 'x', undefined]) {
      assert.equal(toVolumeError(error, '/'), error)
    }
  })
})

test('a directory on another volume blocks before anything is changed', (t) => {
  const site = createSite(t)
  site.publish({ 'd/a': '1', b: '1' })
  const target = site.commit({ 'd/a': '2', b: '2' })
  const mounted = t.mock.method(fs, 'lstatSync', lstatWithMount(site.at('d')))
  syncBuiltinESMExports()
  const before = readFileSync(site.at('.git-autosync/snapshot'))
  try {
    assert.throws(() => publish(site.site, target, () => undefined), {
      code: 'path-blocked',
      message: /site\/d is on another volume/,
    })
  } finally {
    mounted.mock.restore()
    syncBuiltinESMExports()
  }
  assert.equal(readFileSync(site.at('b'), 'utf8'), '1')
  assert.deepEqual(readFileSync(site.at('.git-autosync/snapshot')), before)
  site.publish(target)
})

/** Answers for one path as if a volume were mounted there. */
function lstatWithMount(mountPoint: string): typeof fs.lstatSync {
  const { lstatSync } = fs
  const answer = (file: PathLike, options?: { throwIfNoEntry: false }) => {
    const stat = lstatSync(file, options)
    if (stat && asByteString(file as string) === mountPoint) stat.dev++
    return stat
  }
  return answer as typeof fs.lstatSync
}
