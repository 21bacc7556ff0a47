// Puts published files right that something else changed: their blobs come in a pack of
// just those, or are found in place; the trees are known. The files are staged and renamed
// into place as in any other publication, and nothing else is touched.
import { SyncError } from '../base/errors.js'
import type { StoredObject } from '../git/object.js'
import { type Oid, objectFormatOf } from '../git/oid.js'
import { PackReader } from '../pack/pack-reader.js'
import { begin, openIncoming, openPublished } from '../publish/publication.js'
import { LARGE_BYTES, type PublishedTree } from '../publish/snapshot/published-tree.js'
import { toVolumeError } from '../volume/volume-error.js'
import type { Unpacked, UnpackOptions } from './receive.js'

/**
 * Receives the blobs that are missing, if any are, and repairs the commit `have`: all of it, or
 * nothing. Throws `base-missing` where that commit is not in place, or more of it is missing.
 */
export async function repair(
  chunks: AsyncIterable<Buffer>,
  { checkpoint, have, limits, memoryBytes, site }: UnpackOptions,
): Promise<Unpacked> {
  const base = openPublished(site)
  if (!base || base.record.snapshot.commit !== have) throw changed(have)
  const incoming = openIncoming(site)
  const reader = new PackReader({
    objectFormat: objectFormatOf(have),
    memoryBytes,
    cacheBytes: memoryBytes,
    largeBytes: LARGE_BYTES,
    limits,
    checkpoint,
    createFile: () => incoming.create(),
    findBase: () => undefined,
  })
  try {
    for await (const chunk of chunks) await reader.write(chunk)
    if (reader.bytes > 0) await reader.finish()
    const verifiedAt = performance.now()
    const target = {
      commit: have,
      tree: base.record.snapshot.trees[0]?.oid as Oid,
      readTree: (oid: Oid) => base.readTree(oid) as Buffer,
      readBlob: (oid: Oid) => readBlob(oid, reader, base),
      limits,
    }
    const published = begin(site, target, checkpoint, base).finish()
    const publishMs = performance.now() - verifiedAt
    return { ...published, commit: have, bytes: reader.bytes, unpackMs: 0, publishMs }
  } catch (error) {
    throw toVolumeError(error, site.directory)
  } finally {
    incoming.removeAfter(reader)
  }
}

function readBlob(oid: Oid, reader: PackReader, base: PublishedTree): StoredObject {
  const object = reader.has(oid) ? reader.read(oid) : base.findBlob(oid)
  if (object?.type === 'blob') return object
  throw changed(oid)
}

function changed(oid: Oid | undefined): SyncError {
  return new SyncError(
    'base-missing',
    `The files of ${oid} were changed meanwhile; everything is fetched anew`,
  )
}
