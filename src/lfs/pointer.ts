// The pointers of Git LFS: small texts in the place of large files.
// https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
import { createHash } from 'node:crypto'

/** What a pointer stands for. */
export interface LfsPointer {
  /** The SHA-256 of the file, in hex. */
  oid: string
  /** In bytes. */
  size: number
}

/** So much of a file is looked at, in bytes. */
export const POINTER_BYTES = 1024

/** By which a text is known for a pointer, and what comes in it, in this order. */
const VERSIONS = [
  'https://git-lfs.github.com/spec/v1',
  'https://hawser.github.com/spec/v1',
  'http://git-media.io/v/2',
]
const KEYS = ['version', 'oid', 'size'] as const
const EXTENSION = /^ext-\d-\w+$/
const HASH = /^sha256:([0-9a-f]{64})$/
/** White space at either end counts for nothing; a byte order mark is none. */
const ENDS = /^[^\S\ufeff]+|[^\S\ufeff]+$/g

/** Reads the content of a file; undefined where git-lfs would leave it as it is. */
export function parsePointer(content: Buffer): LfsPointer | undefined {
  const text = content.toString('utf8', 0, POINTER_BYTES).replace(ENDS, '')
  const values: string[] = []
  for (const line of text.split(/\r?\n/)) {
    if (line === '') continue
    const [key = '', value] = splitAtSpace(line)
    const expected = KEYS[values.length]
    if (value === undefined || expected === undefined) return undefined
    if (key === expected) values.push(value)
    else if (!EXTENSION.test(key) || !HASH.test(value)) return undefined
  }
  const [version = '', oid = '', size = ''] = values
  const hex = HASH.exec(oid)?.[1]
  const isSound = VERSIONS.includes(version) && hex !== undefined && /^\+?\d{1,18}$/.test(size)
  return isSound ? { oid: hex, size: Number(size) } : undefined
}

/** The pointer as git-lfs writes it. */
export function encodePointer({ oid, size }: LfsPointer): Buffer {
  return Buffer.from(`version ${VERSIONS[0]}\noid sha256:${oid}\nsize ${size}\n`)
}

/** The pointer to what `pieces` make up. */
export function pointerTo(pieces: Iterable<Uint8Array>): LfsPointer {
  const hash = createHash('sha256')
  let size = 0
  for (const piece of pieces) {
    hash.update(piece)
    size += piece.length
  }
  return { oid: hash.digest('hex'), size }
}

function splitAtSpace(line: string): [string, string | undefined] {
  const at = line.indexOf(' ')
  return at < 0 ? [line, undefined] : [line.slice(0, at), line.slice(at + 1)]
}
