// What is published, as remembered between runs: the commit, its tree objects, one record per
// file, and what its attributes made of them. Bytes that are damaged or of another version count
// as none.
import { constants, type Stats } from 'node:fs'
import { type CommitSummary, toSummary } from '../../git/commit-summary.js'
import { type Oid, objectFormatOf } from '../../git/oid.js'
import { toVerifiedSignature, type VerifiedSignature } from '../../signature/policy.js'
import { type AttributesFile, NO_ATTRIBUTES, type TreeAttributes } from '../tree/attribute-plan.js'
import type { TreeRecord } from '../tree/tree-places.js'
import { FileStats, STAT_FIELDS } from './file-stats.js'
import {
  decodeBodies,
  type EncodedOrigin,
  encodeBodies,
  encodeOrigin,
  placesIn,
  type TreeOrigin,
} from './origin.js'
import { type PublishedHistory, toHistory } from './published-history.js'
import { areSafeTrees } from './safe-trees.js'
import { CHECKSUM_BYTES, encodeHeader, seal, unlessDamaged, unseal } from './sealed-bytes.js'

const MAGIC = 'git-autosync snapshot 2\n'
/** Where only a part of the commit is published, which earlier versions would take for all of it. */
const PART_MAGIC = 'git-autosync snapshot 3\n'
/** Of one tree in the table, after its oid: body length, occurrences and files below, as u32. */
const TREE_FIELDS = 3

/** Empty, or one binary oid for each file in pre-order: zeros where the blob itself is published. */
export type PublishedContent = Buffer

/** No file of the tree is converted. */
export const ALL_AS_STORED: PublishedContent = Buffer.alloc(0)

/** The oid of the bytes of a converted file; undefined where its blob is published as it is. */
export function contentOf(content: PublishedContent, index: number, like: Oid): Oid | undefined {
  if (content.length === 0) return undefined
  const size = like.length / 2
  const oid = content.toString('hex', index * size, (index + 1) * size)
  return /[^0]/.test(oid) ? oid : undefined
}

/** What is remembered of a commit that was published. */
export interface Snapshot {
  commit: Oid
  /** Undefined where an earlier version wrote the snapshot. */
  summary?: CommitSummary | undefined
  /** Undefined where it was not verified. */
  signature?: VerifiedSignature | undefined
  /** Every tree occurrence, in pre-order; the first is the root. */
  trees: TreeRecord[]
  /** Of each file, in pre-order. */
  stats: FileStats
  /** The attributes files that count, if there are any. */
  attributes: readonly AttributesFile[]
  content: PublishedContent
  /** Undefined where the trees are those of the commit, and nothing was selected. */
  origin?: TreeOrigin | undefined
  /** Undefined where no history is kept. */
  history?: PublishedHistory | undefined
}

interface SnapshotHeader {
  commit: Oid
  summary?: CommitSummary | undefined
  signature?: VerifiedSignature | undefined
  history?: PublishedHistory | undefined
  /** How many. */
  trees: number
  files: number
  attributes: EncodedAttributes
  isConverted: boolean
  /** With how many trees there are. */
  origin?: EncodedOrigin & { trees: number }
}

/** Magic, JSON, the table of trees, their bodies, the stats, the content, and a checksum of all. */
export function encodeSnapshot(snapshot: Snapshot): Buffer {
  const { commit, summary, signature, trees, stats, attributes, content, history, origin } =
    snapshot
  const oidLength = commit.length / 2
  const header: SnapshotHeader = {
    commit,
    summary,
    signature,
    history,
    trees: trees.length,
    files: stats.count,
    attributes: encodeAttributes(attributes),
    isConverted: content.length > 0,
    ...(origin && { origin: { ...encodeOrigin(origin), trees: origin.trees.size } }),
  }
  const head = encodeHeader(origin ? PART_MAGIC : MAGIC, header)
  const tail = [...stats.bytes(), content, ...encodeBodies(origin?.trees ?? new Map())]
  const tableBytes = trees.length * (oidLength + TREE_FIELDS * 4)
  let size = head.length + tableBytes + CHECKSUM_BYTES
  for (const { body } of trees) size += body.length
  for (const { length } of tail) size += length
  // In place, as there may be a million trees.
  const bytes = Buffer.alloc(size)
  let row = head.copy(bytes)
  let position = row + tableBytes
  for (const { oid, body, trees: below, files } of trees) {
    row += bytes.write(oid, row, 'hex')
    for (const field of [body.length, below, files]) row = bytes.writeUInt32LE(field, row)
    position += body.copy(bytes, position)
  }
  for (const part of tail) position += part.copy(bytes, position)
  return seal(bytes)
}

/** The inverse of {@link encodeSnapshot}; undefined where the bytes are not what it wrote. */
export function decodeSnapshot(bytes: Buffer): Snapshot | undefined {
  const content = unseal(bytes, MAGIC) ?? unseal(bytes, PART_MAGIC)
  const snapshot = content && unlessDamaged(() => decode(content))
  return snapshot && areSafeTrees(snapshot.trees, snapshot.stats.count) ? snapshot : undefined
}

/** The history that a header has, as a field, if it has one. */
export function historyOf(header: { history?: unknown }): Pick<Snapshot, 'history'> {
  const history = toHistory(header.history)
  return history ? { history } : {}
}

function decode(content: Buffer): Snapshot {
  const headerEnd = content.indexOf(0x0a, MAGIC.length) + 1
  const header = JSON.parse(content.toString('latin1', MAGIC.length, headerEnd)) as SnapshotHeader
  const oidLength = objectFormatOf(header.commit) === 'sha1' ? 20 : 32
  const trees: TreeRecord[] = []
  // What occurs more than once is one record: a few trees can occur a million times.
  const known = new Map<Oid, TreeRecord>()
  let position = headerEnd
  let bodyAt = headerEnd + header.trees * (oidLength + TREE_FIELDS * 4)
  for (let index = 0; index < header.trees; index++) {
    const oid = content.toString('hex', position, position + oidLength)
    position += oidLength
    const bodyEnd = bodyAt + content.readUInt32LE(position)
    const record = known.get(oid) ?? {
      oid,
      body: content.subarray(bodyAt, bodyEnd),
      trees: content.readUInt32LE(position + 4),
      files: content.readUInt32LE(position + 8),
    }
    known.set(oid, record)
    trees.push(record)
    position += TREE_FIELDS * 4
    bodyAt = bodyEnd
  }
  const statBytes = header.files * STAT_FIELDS * Float64Array.BYTES_PER_ELEMENT
  if (bodyAt + statBytes > content.length) throw new RangeError('the records are cut')
  const stats = new Float64Array(header.files * STAT_FIELDS)
  content.copy(new Uint8Array(stats.buffer), 0, bodyAt)
  const contentAt = bodyAt + stats.byteLength
  const contentEnd = contentAt + (header.isConverted ? header.files * oidLength : 0)
  if (contentEnd > content.length) throw new RangeError('the content is cut')
  const { origin } = header
  return {
    commit: header.commit,
    summary: toSummary(header.summary),
    signature: toVerifiedSignature(header.signature),
    trees,
    stats: FileStats.of(stats),
    attributes: decodeAttributes(header.attributes),
    content: header.isConverted ? content.subarray(contentAt, contentEnd) : ALL_AS_STORED,
    ...historyOf(header),
    ...(origin && {
      origin: {
        ...origin,
        trees: decodeBodies(content, contentEnd, origin.trees, oidLength).bodies,
      },
    }),
  }
}

/**
 * Attributes files as JSON can hold them: directory, oid, and body, of which each is a text, and
 * whether they are published.
 */
export type EncodedAttributes = [directory: string, oid: Oid, body: string, isOutside?: true][]

/** Their bodies are byte strings then. */
export function encodeAttributes(attributes: readonly AttributesFile[]): EncodedAttributes {
  return attributes.map(({ directory, oid, body, isOutside }) => {
    const text = body.toString('latin1')
    return isOutside ? [directory, oid, text, true] : [directory, oid, text]
  })
}

/** The inverse of {@link encodeAttributes}. */
export function decodeAttributes(encoded: EncodedAttributes): AttributesFile[] {
  return encoded.map(([directory, oid, text, isOutside = false]) => {
    const file = { directory, oid, body: Buffer.from(text, 'latin1') }
    return isOutside ? { ...file, isOutside } : file
  })
}

/** The attributes of what was published. */
export function attributesIn(snapshot: Snapshot | undefined): TreeAttributes {
  if (!snapshot) return NO_ATTRIBUTES
  return { files: snapshot.attributes, ...placesIn(snapshot.origin) }
}

/** What a snapshot remembers of a file. */
export function statFields({ size, mtimeMs, ino, mode }: Stats): number[] {
  return [size, mtimeMs, ino, mode & (constants.S_IFMT | 0o777)]
}

/** Whether a file is as it is remembered, as far as its status tells. */
export function isAsRemembered(stat: Stats, record: Float64Array): boolean {
  return statFields(stat).every((value, at) => value === record[at])
}

/** The kind of a file and its permissions, as they are remembered; 0 where nothing is. */
export function modeIn(record: Float64Array): number {
  return record[STAT_FIELDS - 1] as number
}
