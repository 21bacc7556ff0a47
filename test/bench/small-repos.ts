// Many small repositories at once, written as loose objects: a process for each would
// take longer than what is measured with them.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { deflateSync } from 'node:zlib'
import { hashObject, type ObjectType } from '../../src/git/object.js'

const FILES = 8
const IDENTITY = 'Bench <bench@example.com> 1700000000 +0000'

/** Makes `count` bare repositories in `repos`, no two of the same content; returns their names. */
export function createSmallRepos(repos: string, prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `${prefix}-${index}`
    writeRepo(path.join(repos, name), name)
    return name
  })
}

function writeRepo(directory: string, name: string): void {
  for (const folder of ['objects', 'refs/heads']) {
    mkdirSync(path.join(directory, folder), { recursive: true })
  }
  const files = Array.from({ length: FILES }, (_, index) => {
    return [`file-${index}.txt`, `${name}: line of file ${index}\n`.repeat(10 * (index + 1))]
  })
  writeFileSync(path.join(directory, 'HEAD'), 'ref: refs/heads/main\n')
  writeFileSync(
    path.join(directory, 'config'),
    '[core]\nrepositoryformatversion = 0\nbare = true\n',
  )
  commitFiles(directory, Object.fromEntries(files), name)
}

/** Makes a commit of `files`, which lie at the top and are in order, the one that `main` names. */
export function commitFiles(
  directory: string,
  files: Readonly<Record<string, string>>,
  message: string,
  parent?: string,
): string {
  const write = (type: ObjectType, body: Buffer) => writeObject(directory, type, body)
  const entries = Object.entries(files).map(([name, text]) => {
    const oid = write('blob', Buffer.from(text))
    return [Buffer.from(`100644 ${name}\0`), Buffer.from(oid, 'hex')]
  })
  const tree = write('tree', Buffer.concat(entries.flat()))
  const head = `tree ${tree}\n${parent === undefined ? '' : `parent ${parent}\n`}`
  const people = `author ${IDENTITY}\ncommitter ${IDENTITY}`
  const commit = write('commit', Buffer.from(`${head}${people}\n\n${message}\n`))
  const ref = path.join(directory, 'refs/heads/main')
  writeFileSync(`${ref}.lock`, `${commit}\n`)
  renameSync(`${ref}.lock`, ref)
  return commit
}

function writeObject(directory: string, type: ObjectType, body: Buffer): string {
  const oid = hashObject(type, body, 'sha1')
  const folder = path.join(directory, 'objects', oid.slice(0, 2))
  mkdirSync(folder, { recursive: true })
  const head = Buffer.from(`${type} ${body.length}\0`)
  writeFileSync(path.join(folder, oid.slice(2)), deflateSync(Buffer.concat([head, body])))
  return oid
}
