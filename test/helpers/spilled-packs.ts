// Reads packs as those are read that exceed memory: from files, in pieces of any sizes.

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import type { Pack, PackReader } from '../../src/pack/pack-reader.js'
import { atEnd } from './at-end.js'
import { fileAt } from './file-at.js'
import { type TestScope, tempDir } from './git.js'
import { packReader, type ReaderOptions } from './packs.js'

export interface SpillOptions extends ReaderOptions {
  /** The sizes of the chunks, over and over. @default all at once */
  chunkSizes?: readonly number[]
}

export type SpillRead = <T>(
  bytes: Buffer,
  options: SpillOptions,
  use: (pack: Pack) => T,
) => Promise<T>

/** A reader of `memoryBytes` 1 and `largeBytes` 1000, which is closed with the test. */
export function createSpillReader(t: TestScope, options: ReaderOptions = {}): PackReader {
  const reader = packReader({ ...spillOptions(t), ...options })
  atEnd(t, () => reader.close())
  return reader
}

/**
 * A function that reads packs as {@link createSpillReader} does, and asserts that each file was
 * closed in the end, whether or not the pack was sound.
 */
export function createSpillRead(t: TestScope): SpillRead {
  const defaults = spillOptions(t)
  return async (bytes, { chunkSizes = [bytes.length], ...options }, use) => {
    const before = openFiles()
    const reader = packReader({ ...defaults, ...options })
    try {
      for (const chunk of split(bytes, chunkSizes)) await reader.write(chunk)
      return use(await reader.finish())
    } finally {
      reader.close()
      assert.deepEqual(openFiles(), before)
    }
  }
}

function spillOptions(t: TestScope): ReaderOptions {
  const directory = tempDir(t)
  let files = 0
  return {
    cacheBytes: 10_000,
    memoryBytes: 1,
    largeBytes: 1000,
    createFile: () => fileAt(path.join(directory, String(files++))),
  }
}

/** `bytes` in chunks of these sizes, over and over. */
export function split(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  for (let start = 0, index = 0; start < bytes.length; index++) {
    const end = start + Math.max(1, sizes[index % sizes.length] ?? 1)
    chunks.push(bytes.subarray(start, end))
    start = end
  }
  return chunks
}

/** The descriptors of this process that are open. */
export function openFiles(): string[] {
  // The one that lists the folder is closed by the time the list is used.
  return readdirSync('/proc/self/fd').sort()
}
