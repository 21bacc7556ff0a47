// A tree that nobody may change: names like those of a published directory and of its state, so
// that whatever goes through a symlink finds something to spoil. Some of it is the attacker's own,
// as not every file may be linked to.
import { chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** By path: kind and mode, owner, time, size and content. */
type Sightings = ReadonlyMap<string, string>

const STATE = ['snapshot', 'snapshot.changes', 'journal', 'lease', 'boot', 'current.next', '0', '1']
const DIGITS = [0, 1, 2, 3, 4, 5]

/** Makes them in the new directory `root`. */
export function createCanaries(root: string, owner: number): void {
  const directories = [root, ...DIGITS.flatMap((one) => below(root, `d${one}`))]
  for (const own of [root, path.join(root, 'site')]) {
    directories.push(...below(own, '.git-autosync'), path.join(own, '.git-autosync/staging'))
  }
  for (const [at, directory] of directories.entries()) {
    mkdirSync(directory, { recursive: true })
    for (const name of [...STATE, ...DIGITS.map((digit) => `d${digit}`)]) {
      const file = path.join(directory, name)
      if (directories.includes(file)) continue
      writeFileSync(file, `precious: ${path.relative(root, file)}\n`)
      if (at % 2 === 0) chownSync(file, owner, owner)
    }
  }
}

/** Sees what changes of canaries, and what comes or goes in the directories above them. */
export class Watch {
  readonly #root: string
  readonly #before: Sightings
  readonly #names: ReadonlyMap<string, string[]>

  constructor(root: string, above: readonly string[]) {
    this.#root = root
    this.#before = lookAt(root)
    this.#names = new Map(above.map((directory) => [directory, readdirSync(directory)]))
  }

  /** What is not any more as it was, a line for each. */
  changes(): string[] {
    const now = lookAt(this.#root)
    const changed = [...new Set([...this.#before.keys(), ...now.keys()])]
      .filter((name) => this.#before.get(name) !== now.get(name))
      .map((name) => `canary ${name || '.'}: ${this.#before.get(name)}, now ${now.get(name)}`)
    const beside = [...this.#names].flatMap(([directory, before]) => {
      const names = readdirSync(directory)
      return [...new Set([...before, ...names])]
        .filter((name) => before.includes(name) !== names.includes(name))
        .map((name) => `${path.join(directory, name)} came or went`)
    })
    return [...changed, ...beside]
  }
}

function lookAt(root: string): Sightings {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' })
  return new Map(['', ...names].map((name) => [name, describe(path.join(root, name))]))
}

/** But for the count of names, which the attacker changes by its own links. */
function describe(file: string): string {
  const { mode, uid, gid, mtimeNs, size } = lstatSync(file, { bigint: true })
  const content = (mode & 0o170000n) === 0o100000n ? readFileSync(file, 'utf8').trimEnd() : ''
  return [mode.toString(8), uid, gid, mtimeNs, size, content].join(' ')
}

function below(directory: string, name: string): string[] {
  const first = path.join(directory, name)
  return [first, path.join(first, 'd0'), path.join(first, 'd1')]
}
