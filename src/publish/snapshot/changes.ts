// A snapshot as what differs from an earlier one, so that writing it costs what changed and
// not what the tree weighs: the trees that are new, and the records that are not carried over.
import { type CommitSummary, toSummary } from '../../git/commit-summary.js'
import type { Oid } from '../../git/oid.js'
import { objectFormatOf } from '../../git/oid.js'
import { toVerifiedSignature, type VerifiedSignature } from '../../signature/policy.js'
import { diffTrees } from '../tree/tree-diff.js'
import type { TreeRecord } from '../tree/tree-places.js'
import { carryContent, contentBeyond } from './carry.js'
import { type FileStats, STAT_FIELDS } from './file-stats.js'
import { bodiesIn, decodeBodies, type EncodedOrigin, encodeBodies, encodeOrigin } from './origin.js'
import type { PublishedHistory } from './published-history.js'
import { CHECKSUM_BYTES, encodeHeader, seal, unlessDamaged, unseal } from './sealed-bytes.js'
import {
  decodeAttributes,
  type EncodedAttributes,
  encodeAttributes,
  historyOf,
  type Snapshot,
} from './snapshot.js'

const MAGIC = 'git-autosync snapshot changes 2\n'

/** A snapshot that others are written against. */
export interface SnapshotBase extends Snapshot {
  /** Of its bytes. */
  checksum: string
}

interface ChangesHeader {
  base: string
  commit: Oid
  summary?: CommitSummary | undefined
  signature?: VerifiedSignature | undefined
  history?: PublishedHistory | undefined
  tree: Oid
  /** How many trees are new, and how many records differ. */
  trees: number
  records: number
  /** Absent where they are those of the base. */
  attributes?: EncodedAttributes
  origin?: EncodedOrigin
  /** The places of files, and what their content is there now. */
  content: [index: number, oid: Oid | null][]
}

/** Magic, a line of JSON, oid and length of each new tree, their bodies, records, checksum. */
export function encodeChanges(snapshot: Snapshot, base: SnapshotBase): Buffer {
  const { commit, summary, trees, stats } = snapshot
  const root = trees[0]?.oid as Oid
  const before = bodiesIn(base)
  const bodies = new Map<Oid, Buffer>()
  for (const [oid, body] of bodiesIn(snapshot)) if (!before.has(oid)) bodies.set(oid, body)
  const bodyOf = (oid: Oid) => (bodies.get(oid) ?? before.get(oid)) as Buffer
  const { kept } = diffTrees(base.trees, root, bodyOf)
  const places = stats.placesBeyond(base.stats, kept)
  const carried = carryContent(base.content, kept, stats.count, {
    like: commit,
    changed: new Map(),
  })
  const content = contentBeyond(carried, snapshot.content, commit)
  const attributes = encodeAttributes(snapshot.attributes)
  const isSame = JSON.stringify(attributes) === JSON.stringify(encodeAttributes(base.attributes))
  const header: ChangesHeader = {
    base: base.checksum,
    commit,
    summary,
    signature: snapshot.signature,
    history: snapshot.history,
    tree: root,
    trees: bodies.size,
    records: places.length,
    ...(isSame ? {} : { attributes }),
    content: [...content].map(([index, oid]) => [index, oid ?? null]),
    ...(snapshot.origin && { origin: encodeOrigin(snapshot.origin) }),
  }
  return seal(
    Buffer.concat([
      encodeHeader(MAGIC, header),
      ...encodeBodies(bodies),
      recordsAt(places, stats),
      Buffer.alloc(CHECKSUM_BYTES),
    ]),
  )
}

/** Whether bytes of {@link encodeChanges} are of another base; undefined where they are damaged. */
export function isForBase(bytes: Buffer, { checksum }: SnapshotBase): boolean | undefined {
  const content = unseal(bytes, MAGIC)
  return content && unlessDamaged(() => readHeader(content).header.base === checksum)
}

/**
 * The inverse of {@link encodeChanges}, for bytes that {@link isForBase} found right; undefined
 * where they are not what it wrote, or would lead out of what is published.
 */
export function decodeChanges(bytes: Buffer, base: SnapshotBase): Snapshot | undefined {
  return unlessDamaged(() => decode(bytes, base))
}

function decode(bytes: Buffer, base: SnapshotBase): Snapshot {
  const { header, end } = readHeader(bytes)
  const oidLength = objectFormatOf(header.commit) === 'sha1' ? 20 : 32
  const added = decodeBodies(bytes, end, header.trees, oidLength)
  const bodies = bodiesIn(base)
  for (const [oid, body] of added.bodies) bodies.set(oid, body)
  const { trees, kept } = diffTrees(base.trees, header.tree, (oid) => bodies.get(oid) as Buffer)
  const count = trees[0]?.files ?? 0
  const stats = base.stats.carry(kept, count)
  const recordBytes = header.records * (STAT_FIELDS + 1) * Float64Array.BYTES_PER_ELEMENT
  if (added.end + recordBytes > bytes.length) throw new RangeError('the records are cut')
  const records = new Float64Array(header.records * (STAT_FIELDS + 1))
  bytes.copy(new Uint8Array(records.buffer), 0, added.end)
  for (let at = 0; at < records.length; at += STAT_FIELDS + 1) {
    const record = records.subarray(at + 1, at + 1 + STAT_FIELDS)
    stats.set(records[at] as number, record)
  }
  const changed = new Map(header.content.map(([index, oid]) => [index, oid ?? undefined]))
  const content = carryContent(base.content, kept, count, { like: header.commit, changed })
  const attributes = header.attributes ? decodeAttributes(header.attributes) : base.attributes
  const { origin } = header
  return {
    commit: header.commit,
    summary: toSummary(header.summary),
    signature: toVerifiedSignature(header.signature),
    ...historyOf(header),
    trees,
    stats,
    attributes,
    content,
    ...(origin && { origin: { ...origin, trees: without(bodies, trees) } }),
  }
}

/** The bodies that are not published; those of earlier commits as well. */
function without(bodies: Map<Oid, Buffer>, trees: readonly TreeRecord[]): Map<Oid, Buffer> {
  const rest = new Map(bodies)
  for (const { oid } of trees) rest.delete(oid)
  return rest
}

/** Of each place, itself and the fields of its record. */
function recordsAt(places: readonly number[], stats: FileStats): Buffer {
  const records = new Float64Array(places.length * (STAT_FIELDS + 1))
  for (const [at, place] of places.entries()) {
    records[at * (STAT_FIELDS + 1)] = place
    records.set(stats.at(place), at * (STAT_FIELDS + 1) + 1)
  }
  return Buffer.from(records.buffer)
}

function readHeader(bytes: Buffer): { header: ChangesHeader; end: number } {
  const end = bytes.indexOf(0x0a, MAGIC.length) + 1
  return { header: JSON.parse(bytes.toString('latin1', MAGIC.length, end)) as ChangesHeader, end }
}
