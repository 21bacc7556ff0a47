// A repository like that of a source tree: text files of 1 to 8 KB, half of them in
// folders of 500 and half in folders of 20; every fourth is an edited copy of the one
// before it. The same number of files gives the same commit.
import path from 'node:path'
import { git } from '../helpers/git-command.js'
import { type ImportedFile, importChange, importRepo } from './import-files.js'

export interface SourceRepo {
  /** The folder's name on the server. */
  readonly name: string
  readonly files: number
  /** The oid of `main`. */
  readonly head: string
  /** Commits a change of one line of one file, and returns the new head. @default 0, in {@link PART} */
  changeOneFile(index?: number): string
}

const POOL_BYTES = 4 * 1024 * 1024
/** A directory of 500 files, or of half of them where there are fewer. */
export const PART = 'data/part-0'
const FOLDER_SIZES = { large: 500, usual: 20 } as const

/** Makes a repository of `files` files in the folder `repos`. */
export async function createSourceRepo(repos: string, files: number): Promise<SourceRepo> {
  const name = `source-${files}`
  const directory = path.join(repos, name)
  const pool = createTextPool(createRandom(files))
  let head = await importRepo(directory, sourceFiles(files, pool))
  git(directory, 'config', 'uploadpack.allowFilter', 'true')
  let changes = 0
  return {
    name,
    files,
    get head() {
      return head
    },
    changeOneFile(index = 0) {
      const content = contentOf(index, files, pool).toString()
      const changed = content.replace('\n', `\nchange ${++changes} of this file\n`)
      head = importChange(directory, pathOf(index, files), Buffer.from(changed))
      return head
    },
  }
}

function* sourceFiles(files: number, pool: Buffer): Generator<ImportedFile> {
  for (let index = 0; index < files; index++) {
    const content = contentOf(index, files, pool)
    yield { path: pathOf(index, files), bytes: content.length, content: [content] }
  }
}

function pathOf(index: number, files: number): string {
  const isInLarge = index < files / 2
  const folder = Math.floor(index / (isInLarge ? FOLDER_SIZES.large : FOLDER_SIZES.usual))
  const parent = isInLarge ? 'data' : `src/area-${folder % 16}`
  return `${parent}/part-${folder}/file-${index}.txt`
}

function contentOf(index: number, files: number, pool: Buffer): Buffer {
  if (index % 4 === 3) {
    const original = contentOf(index - 1, files, pool).toString()
    return Buffer.from(original.replace('\n', `\ncopied to ${pathOf(index, files)}\n`))
  }
  const random = createRandom(index + 1)
  const bytes = 1000 + Math.floor(random() * 7000)
  const start = Math.floor(random() * (POOL_BYTES - bytes))
  const title = Buffer.from(`${pathOf(index, files)}\n`)
  return Buffer.concat([title, pool.subarray(start, start + bytes)])
}

/** Lines of words, which compress about as well as source code does. */
function createTextPool(random: () => number): Buffer {
  const pick = (count: number) => Math.floor(random() * count)
  const letters = 'etaoinshrdlucmfwyp'
  const words = Array.from({ length: 800 }, () =>
    Array.from({ length: 2 + pick(8) }, () => letters[pick(letters.length)]).join(''),
  )
  const lines: string[] = []
  for (let bytes = 0; bytes < POOL_BYTES; ) {
    const line = Array.from({ length: 1 + pick(10) }, () => words[pick(words.length)])
    lines.push('  '.repeat(pick(4)) + line.join(' '))
    bytes += (lines.at(-1)?.length ?? 0) + 1
  }
  return Buffer.from(lines.join('\n')).subarray(0, POOL_BYTES)
}

/** Numbers from 0 up to, not including, 1; the same for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
