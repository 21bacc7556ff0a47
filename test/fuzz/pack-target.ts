// What a damaged pack may lead to: exactly the objects that real git finds in it, or a
// SyncError of a known code. Nothing else is thrown, and memory stays bounded.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { type ErrorCode, SyncError } from '../../src/base/errors.js'
import type { GitObject } from '../../src/git/object.js'
import { fileAt } from '../helpers/file-at.js'
import { createRepo, type TestRepo, type TestScope, tempDir } from '../helpers/git.js'
import { gitEnvironment } from '../helpers/git-command.js'
import {
  catFile,
  listObjects,
  packObjects,
  packReader,
  type ReaderOptions,
} from '../helpers/packs.js'
import { split } from '../helpers/spilled-packs.js'
import { mutatePack, packMutations } from './pack-mutation.js'

const LIMITS = { packBytes: 2 ** 24, checkoutBytes: 2 ** 24, files: 10_000 }
const CODES: readonly ErrorCode[] = ['pack-corrupt', 'base-missing', 'commit-too-large']
/** The headers of an index of version 2, and of its table by first byte. */
const IDX_OIDS_AT = 8 + 256 * 4

type Known = ReadonlyMap<string, GitObject>

const readings = fc.record({
  chunkSizes: fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 3 }),
  memoryBytes: fc.constantFrom(1, 1 << 20),
  largeBytes: fc.constantFrom(100, 1 << 20),
  cacheBytes: fc.constantFrom(0, 1 << 20),
})

/** The property, over packs that real git made: with deltas by offset and by name, thin, whole. */
export function packProperty(t: TestScope) {
  const repo = createHistory(path.join(tempDir(t), 'repo'))
  const known = catFile(repo, listObjects(repo, '--all'))
  const packs = [
    packObjects(repo, 'main\n', '--revs', '--delta-base-offset'),
    packObjects(repo, 'main\n', '--revs'),
    packObjects(repo, 'main\n^main~1\n', '--revs', '--thin'),
    packObjects(repo, 'v1\n', '--revs', '--window=0'),
  ]
  const directory = path.join(tempDir(t), 'files')
  return fc.asyncProperty(
    fc.nat(packs.length - 1),
    packMutations,
    readings,
    async (index, mutations, { chunkSizes, ...reading }) => {
      const pack = mutatePack(packs[index] as Buffer, mutations)
      mkdirSync(directory)
      try {
        const chunks = split(pack, chunkSizes)
        const found = await readPack(chunks, optionsOf(directory, known, reading))
        // What git would spend gigabytes on is refused here before.
        const expected = found === 'too-large' ? undefined : indexPack(repo, directory, pack)
        if (expected !== undefined) assert.deepEqual(found, expected)
      } finally {
        rmSync(directory, { recursive: true })
      }
    },
  )
}

/** A few files, edited often, so that packs are full of deltas. */
function createHistory(directory: string): TestRepo {
  const repo = createRepo(directory)
  for (let version = 0; version < 6; version++) {
    const lines = Array.from(
      { length: 60 },
      (_, n) => `${n === version * 7 ? version : ''} line ${n}`,
    )
    const files = { text: lines.join('\n'), 'd/other': lines.reverse().join('\n') }
    repo.commit(`version ${version}`, { ...files, [`d/e/${version}`]: `${version}` })
  }
  repo.git('tag', '-a', '-m', 'annotated', 'v1')
  return repo
}

function optionsOf(
  directory: string,
  known: Known,
  reading: Pick<ReaderOptions, 'memoryBytes' | 'largeBytes' | 'cacheBytes'>,
): ReaderOptions {
  let files = 0
  return {
    ...reading,
    findBase: (oid) => known.get(oid),
    createFile: () => fileAt(path.join(directory, String(files++))),
    limits: LIMITS,
  }
}

/** The oids of all objects, sorted. */
async function readPack(
  chunks: readonly Buffer[],
  options: ReaderOptions,
): Promise<string[] | 'refused' | 'too-large'> {
  const found: string[] = []
  const reader = packReader({ ...options, onObject: (oid) => found.push(oid) })
  try {
    for (const chunk of chunks) await reader.write(chunk)
    const pack = await reader.finish()
    for (const oid of found) pack.read(oid)
    return found.sort()
  } catch (error) {
    if (!(error instanceof SyncError) || !CODES.includes(error.code)) throw error
    return error.code === 'commit-too-large' ? 'too-large' : 'refused'
  } finally {
    reader.close()
  }
}

/**
 * What {@link readPack} is to return, by real git: the objects of the pack without its bases;
 * undefined where git gives up on a sound pack, as one object is there twice.
 */
function indexPack(
  { dir }: TestRepo,
  directory: string,
  pack: Buffer,
): string[] | 'refused' | undefined {
  const target = path.join(directory, 'by-git.pack')
  const args = ['index-pack', '--stdin', '--fix-thin', '--threads=1', target]
  const git = spawnSync('git', args, { cwd: dir, env: gitEnvironment(), input: pack })
  if (git.stderr.includes('duplicate base')) return undefined
  if (git.status !== 0) return 'refused'
  const index = readFileSync(target.replace(/\.pack$/, '.idx'))
  const count = index.readUInt32BE(IDX_OIDS_AT - 4)
  const offsetsAt = IDX_OIDS_AT + count * 24
  const oids = Array.from({ length: count }, (_, n) => ({
    oid: index.toString('hex', IDX_OIDS_AT + n * 20, IDX_OIDS_AT + (n + 1) * 20),
    offset: index.readUInt32BE(offsetsAt + n * 4),
  }))
  // The bases that made the pack whole follow where its checksum was.
  const own = oids.filter(({ offset }) => offset < pack.length - 20)
  return [...new Set(own.map(({ oid }) => oid))].sort()
}
