// A repository with objects of every kind, and packs of it as real git makes them.
import { randomBytes } from 'node:crypto'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ObjectFormat, Oid } from '../../src/git/oid.js'
import { createRepo, type TestRepo, type TestScope, tempDir } from './git.js'
import { packObjects } from './packs.js'
import { makeScratchDirectory } from './scratch.js'

/** Made once in a process, and copied. */
const made = new Map<ObjectFormat, string>()

/** Commits that git stores as deltas of each other, trees and blobs of all kinds, and a tag. */
export function variedRepo(t: TestScope, objectFormat: ObjectFormat = 'sha1'): TestRepo {
  const repo = createRepo(path.join(tempDir(t), 'repo'), { objectFormat })
  const source = made.get(objectFormat) ?? makeVariedRepo(objectFormat)
  made.set(objectFormat, source)
  cpSync(source, repo.dir, { recursive: true, verbatimSymlinks: true })
  return repo
}

function makeVariedRepo(objectFormat: ObjectFormat): string {
  const directory = makeScratchDirectory()
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const repo = createRepo(directory, { objectFormat })
  const lines = Array.from({ length: 400 }, (_, index) => `line ${index} ${'x'.repeat(index % 37)}`)
  for (let round = 0; round < 6; round++) {
    lines[round * 50] = `changed in round ${round}`
    repo.commit(`round ${round}`, {
      'text.txt': lines.join('\n'),
      'folder/copy.txt': lines.slice(round).join('\n'),
      empty: '',
      'binary.bin': randomBytes(3000),
      'run.sh': { content: `#!/bin/sh\necho ${round}\n`, executable: true },
      link: { symlink: 'text.txt' },
    })
  }
  repo.git('tag', '-a', '-m', 'annotated', 'v1')
  return directory
}

/** A pack of all that the refs lead to. */
export function packAll(repo: TestRepo, ...args: string[]): Buffer {
  return packObjects(repo, '', '--all', '--revs', ...args)
}

/** An object that a pack stores as a delta. */
export interface StoredDelta {
  oid: Oid
  /** How many deltas it takes to build it. */
  depth: number
  base: Oid
}

/** The deltas that real git finds in a pack. */
export function deltasOf(repo: TestRepo, pack: Buffer): StoredDelta[] {
  const file = path.join(repo.gitDir, 'looked-at.pack')
  writeFileSync(file, pack)
  repo.git('index-pack', file)
  const lines = repo.git('verify-pack', '-v', file).split('\n')
  return lines.flatMap((line) => {
    const [oid, type, , , , depth, base] = line.split(/ +/)
    return oid && type && base ? [{ oid, depth: Number(depth), base }] : []
  })
}
