// What this thread has read or written last of large state files: the next update of an entry starts from the
// same snapshot, and reading it is most of what such an update costs. It is the thread's, as a job has
// nothing of the one before it; what is remembered says only what the file would say.
import type { Volume } from '../../volume/volume.js'

/** The most that is remembered, as bytes of files. */
const MAX_BYTES = 16 * 1024 * 1024
/** What each counts for beside its bytes: of small ones, which are quick to read, few are held. */
const EACH_BYTES = 16 * 1024

/** What is held, by the file that it was made of: what was asked for last is last. */
const recent = new Map<string, { made: object; bytes: number }>()

/** What tells a file from another. */
export interface FileIdentity {
  text: string
  bytes: number
  /** Its last bytes, as hex. */
  end: string
}

/** Identifies a file that ends with a checksum of the rest; undefined where it is not there. */
export function identify(
  volume: Volume,
  file: string,
  checksumBytes: number,
): FileIdentity | undefined {
  const found = volume.readEnd(file, checksumBytes)
  if (!found) return undefined
  const { dev, ino, mtimeMs, size: bytes } = found.stat
  const end = found.bytes.toString('hex')
  const text = [volume.realBase, dev, ino, bytes, mtimeMs, end].join('\0')
  return { text, bytes, end }
}

/** What was made of a file before; undefined where that is not known any more. */
export function recall<T extends object>({ text }: Pick<FileIdentity, 'text'>): T | undefined {
  const found = recent.get(text)
  if (!found) return undefined
  recent.delete(text)
  recent.set(text, found)
  return found.made as T
}

/** Remembers what was made of a file, of so many bytes. */
export function remember({ bytes: size, text }: Omit<FileIdentity, 'end'>, made: object): void {
  const bytes = size + EACH_BYTES
  if (bytes > MAX_BYTES) return
  recent.set(text, { made, bytes })
  let held = [...recent.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  for (const [oldest, { bytes }] of recent) {
    if (held <= MAX_BYTES) break
    recent.delete(oldest)
    held -= bytes
  }
}
