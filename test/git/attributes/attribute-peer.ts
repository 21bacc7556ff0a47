// Real git as the peer of what we make of attributes: what it says they are, and what it
// checks out.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { AttributeValue } from '../../../src/git/attributes/attribute-file.js'
import { ATTRIBUTES_FILE, AttributeStack } from '../../../src/git/attributes/attribute-stack.js'
import {
  CONVERSION_ATTRIBUTES,
  type Conversion,
  conversionOf,
} from '../../../src/git/attributes/conversion.js'
import { hashObject } from '../../../src/git/object.js'
import { convert } from '../../helpers/convert.js'
import { createRepo, git, type TestScope, tempDir } from '../../helpers/git.js'
import { commitFiles } from '../../helpers/git-commit.js'

/** Contents by byte path. */
export type Files = Readonly<Record<string, Buffer>>

/** What git says that a checkout does with each of the paths. */
export function askGit(t: TestScope, files: Files, paths: readonly string[]): Conversion[] {
  const repo = createRepo(path.join(tempDir(t), 'repo'), { bare: true })
  repo.git('read-tree', commitFiles(repo, files))
  const input = Buffer.from(paths.map((name) => `${name}\0`).join(''), 'latin1')
  const args = ['check-attr', '--cached', '--stdin', '-z', ...CONVERSION_ATTRIBUTES]
  const fields = repo.gitBytes(args, { input }).toString('latin1').split('\0')
  return paths.map((_, index) => {
    const values = CONVERSION_ATTRIBUTES.map((name, at): [string, AttributeValue] => [
      name,
      attributeValue(fields[(index * CONVERSION_ATTRIBUTES.length + at) * 3 + 2]),
    ])
    return conversionOf(new Map(values), false)
  })
}

/** What we say that a checkout does with each of the paths. */
export function askUs(files: Files, paths: readonly string[]): Conversion[] {
  const stacks = new Map<string, AttributeStack>()
  const stackOf = (directory: string): AttributeStack => {
    const known = stacks.get(directory)
    if (known) return known
    const body = files[directory === '' ? ATTRIBUTES_FILE : `${directory}/${ATTRIBUTES_FILE}`]
    const stack =
      directory === ''
        ? AttributeStack.atRoot(body)
        : stackOf(parentOf(directory)).enter(directory, body)
    stacks.set(directory, stack)
    return stack
  }
  return paths.map((name) => stackOf(parentOf(name)).conversionOf(name))
}

/** What a fresh clone has of each file. */
export function checkOut(t: TestScope, files: Files): Map<string, Buffer> {
  const directory = tempDir(t)
  const repo = createRepo(path.join(directory, 'repo'), { bare: true })
  repo.git('update-ref', 'refs/heads/main', commitFiles(repo, files))
  git(directory, 'clone', '-q', '--shared', repo.dir, 'clone')
  const root = `${path.join(directory, 'clone')}/`
  return new Map(
    Object.keys(files).map((name) => [
      name,
      readFileSync(Buffer.concat([Buffer.from(root), Buffer.from(name, 'latin1')])),
    ]),
  )
}

/** What we make of each file. */
export function convertAll(files: Files): Map<string, Buffer> {
  const conversions = askUs(files, Object.keys(files))
  return new Map(
    Object.entries(files).map(([name, body], index) => [
      name,
      convert(body, conversions[index] as Conversion, hashObject('blob', body, 'sha1')),
    ]),
  )
}

function parentOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')))
}

function attributeValue(text: string | undefined): AttributeValue {
  if (text === 'set') return true
  if (text === 'unset') return false
  return text === 'unspecified' ? undefined : text
}
