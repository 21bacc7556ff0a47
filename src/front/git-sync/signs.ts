// The two files by which git-sync shows what goes on: one with the current error, one that is touched.
import {
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'

/** The file that says what is wrong, while something is; without a name, nothing is said. */
export class ErrorFile {
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  /** Nobody sees it half written. */
  write(text: string): void {
    if (this.#file === '') return
    const folder = path.dirname(this.#file)
    mkdirSync(folder, { recursive: true })
    const staged = path.join(folder, `tmp-err-${process.pid}`)
    writeFileSync(staged, text, { mode: 0o644 })
    renameSync(staged, this.#file)
  }

  delete(): void {
    if (this.#file !== '') rmSync(this.#file, { force: true })
  }
}

/** Makes a file beside a link and removes it, as programs wait for what version 3 removed there. */
export function showRemoval(link: string): void {
  const file = path.join(path.dirname(link), '.git-sync-updated')
  writeFileSync(file, '')
  rmSync(file, { force: true })
}

/** Sets the time of a file to now; makes it, and the directories above, where it is missing. */
export function touch(file: string): void {
  mkdirSync(path.dirname(file), { recursive: true })
  closeSync(openSync(file, 'a'))
  const now = new Date()
  utimesSync(file, now, now)
}
