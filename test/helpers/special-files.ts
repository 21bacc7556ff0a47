// What stands where a file is expected, and is none that may be read whole.
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Makes a pipe that nobody writes to. */
export function createPipe(file: string): void {
  execFileSync('mkfifo', [file])
}

/** Makes a file of so many bytes, which takes no room. */
export function createSparseFile(file: string, bytes: number): void {
  writeFileSync(file, '')
  truncateSync(file, bytes)
}

/** Makes, in a directory, `pipe`, `device`, `directory`, and `sparse`, a file of 2 GiB. */
export function createSpecialFiles(directory: string): void {
  createPipe(path.join(directory, 'pipe'))
  symlinkSync('/dev/zero', path.join(directory, 'device'))
  mkdirSync(path.join(directory, 'directory'))
  createSparseFile(path.join(directory, 'sparse'), 2 ** 31)
}
