// Writes that end only when every byte is written: a volume may take a part of them at once.
import { writeSync } from 'node:fs'

/** Writes all bytes to an open file, at `position` or where its last write ended. */
export function writeAll(file: number, bytes: Uint8Array, position?: number): void {
  for (let written = 0; written < bytes.length; ) {
    written +=
      position === undefined
        ? writeSync(file, bytes, written)
        : writeSync(file, bytes, written, bytes.length - written, position + written)
  }
}
