// A random history of a tree: edits, renames, type changes, large and binary files, empty
// files, deep paths, names that are no UTF-8, and attributes. The same seed makes the same history.
import type { CommitFile } from './git-commit.js'

/** Returns a number from 0 up to, not including, 1. */
export type Random = () => number

type Files = Map<string, CommitFile>

const NAMES = [
  'a',
  'b.txt',
  'a.b',
  'src',
  'deep',
  '-x',
  'sp ace',
  '\xc3\xbc',
  '\xff\xfe',
  '\xe6\x97\xa5',
  'q"\n',
]

const ATTRIBUTES = [
  '* text=auto',
  '* text=auto eol=crlf',
  '* text eol=crlf',
  '* -text',
  'b.txt text eol=crlf',
  '*.b ident',
  'src/** text eol=crlf',
  '/deep/* !text',
  '* !eol',
  'a working-tree-encoding=UTF-16LE',
  'b.txt working-tree-encoding=utf-16 eol=crlf text',
  '*moved filter=lfs -text',
  '[attr]dos text eol=crlf',
  '*.txt dos',
  '* -dos',
  '"\\303\\274" binary',
]

/** Numbers from a seed. https://en.wikipedia.org/wiki/Linear_congruential_generator */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

export interface HistoryOptions {
  /** @default false */
  hasAttributes?: boolean
  /** Whether there are files of some megabytes, which take most of the time. @default true */
  hasLarge?: boolean
}

/** Yields one tree after another, each a few changes from the one before. */
export function* randomHistory(
  random: Random,
  { hasAttributes = false, hasLarge = true }: HistoryOptions = {},
): Generator<Record<string, CommitFile>, never> {
  const all = [
    ...CHANGES,
    ...(hasLarge ? [makeLarge] : []),
    ...(hasAttributes ? [setAttributes, setAttributes] : []),
  ]
  const files: Files = new Map()
  for (let count = 0; count < 30; count++) add(files, random)
  for (;;) {
    yield Object.fromEntries(files)
    for (let changes = 1 + Math.floor(random() * 6); changes > 0; changes--) {
      pick(all, random)(files, random)
    }
  }
}

const CHANGES = [
  add,
  add,
  edit,
  edit,
  edit,
  remove,
  rename,
  copy,
  flipMode,
  toDirectory,
  toFile,
  removeDirectory,
]

function add(files: Files, random: Random): void {
  const depth = Math.floor(random() ** 3 * 8)
  const parts = Array.from({ length: depth + 1 }, () => pick(NAMES, random))
  put(files, parts.join('/'), content(random))
}

function edit(files: Files, random: Random): void {
  const path = anyPath(files, random)
  const file = path === undefined ? undefined : files.get(path)
  if (path === undefined || file === undefined) return
  if (Buffer.isBuffer(file)) {
    const at = Math.floor(random() * file.length)
    const inserted = Buffer.from(`edit ${random()}`)
    files.set(path, Buffer.concat([file.subarray(0, at), inserted, file.subarray(at)]))
  } else if (typeof file === 'object' && 'symlink' in file) {
    files.set(path, { symlink: `target-${Math.floor(random() * 9)}` })
  } else files.set(path, content(random))
}

function remove(files: Files, random: Random): void {
  const path = anyPath(files, random)
  if (path !== undefined && files.size > 5) files.delete(path)
}

function rename(files: Files, random: Random): void {
  const path = anyPath(files, random)
  const file = path === undefined ? undefined : files.get(path)
  if (path === undefined || file === undefined) return
  files.delete(path)
  put(files, `${pick(NAMES, random)}/${pick(NAMES, random)}-moved`, file)
}

function copy(files: Files, random: Random): void {
  const path = anyPath(files, random)
  const file = path === undefined ? undefined : files.get(path)
  if (file !== undefined)
    put(files, `copies/${pick(NAMES, random)}${Math.floor(random() * 9)}`, file)
}

function flipMode(files: Files, random: Random): void {
  const path = anyPath(files, random)
  const file = path === undefined ? undefined : files.get(path)
  if (path === undefined || file === undefined) return
  if (typeof file === 'string' || Buffer.isBuffer(file)) {
    files.set(path, { content: file, executable: true })
  } else if ('content' in file) files.set(path, file.content)
}

/** A file becomes a directory of its name. */
function toDirectory(files: Files, random: Random): void {
  const path = anyPath(files, random)
  if (path === undefined) return
  files.delete(path)
  files.set(`${path}/${pick(NAMES, random)}`, content(random))
}

/** A directory becomes a file, or a symlink, of its name. */
function toFile(files: Files, random: Random): void {
  const path = anyPath(files, random)
  const slash = path?.lastIndexOf('/') ?? -1
  if (path !== undefined && slash > 0 && files.size > 10)
    put(files, path.slice(0, slash), content(random))
}

function removeDirectory(files: Files, random: Random): void {
  const path = anyPath(files, random)
  const slash = path?.indexOf('/') ?? -1
  if (path === undefined || slash < 0 || files.size < 20) return
  for (const other of [...files.keys()]) {
    if (other.startsWith(path.slice(0, slash + 1))) files.delete(other)
  }
}

function makeLarge(files: Files, random: Random): void {
  if (random() < 0.6) return
  const bytes = Buffer.alloc(2_000_000 + Math.floor(random() * 4_000_000))
  for (let at = 0; at < bytes.length; at += 4)
    bytes.writeUInt32LE((random() * 2 ** 32) >>> 0, Math.min(at, bytes.length - 4))
  put(files, `large/${Math.floor(random() * 2)}`, bytes)
}

/** Attributes for all, or for a directory that there is. */
function setAttributes(files: Files, random: Random): void {
  const path = anyPath(files, random) ?? ''
  const slashes = [...path.matchAll(/\//g)].map(({ index }) => index)
  const directory = random() < 0.4 ? '' : path.slice(0, (slashes.at(-1) ?? -1) + 1)
  const lines = Array.from({ length: Math.floor(random() * 4) }, () => pick(ATTRIBUTES, random))
  if (lines.length === 0) files.delete(`${directory}.gitattributes`)
  else put(files, `${directory}.gitattributes`, `${lines.join('\n')}\n`)
}

function content(random: Random): CommitFile {
  const kind = random()
  if (kind < 0.1) return ''
  if (kind < 0.25) return { symlink: `../${pick(NAMES.slice(0, 6), random)}` }
  if (kind < 0.35) return { content: `#!/bin/sh\necho ${random()}\n`, executable: true }
  if (kind < 0.6) return Buffer.from(`line ${random()}\n`.repeat(1 + Math.floor(random() * 500)))
  if (kind < 0.7) return Buffer.from(Array.from({ length: 300 }, () => Math.floor(random() * 256)))
  if (kind < 0.8) return `text ${random()}\n$Id$\nmore\n`
  return `text ${random()}\n`
}

/** Puts a file, and takes away what stands in its way. */
function put(files: Files, path: string, file: CommitFile): void {
  for (const other of [...files.keys()]) {
    if (other.startsWith(`${path}/`) || path.startsWith(`${other}/`)) files.delete(other)
  }
  files.set(path, file)
}

function anyPath(files: Files, random: Random): string | undefined {
  return files.size === 0 ? undefined : pick([...files.keys()], random)
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random() * items.length)] as T
}
