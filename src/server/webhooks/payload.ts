// Reads JSON of any shape: what is not as a forge documents it is as if it were not there.
import { isOid, type Oid } from '../../git/oid.js'
import {
  type RepositoryName,
  repositoryNameOf,
  repositoryNameOfPath,
} from '../../git/repository-name.js'
import type { Announcement } from '../../sync/announcement.js'

/** The longest name of a ref that is looked at, in characters. */
const MAX_REF_LENGTH = 1024
/** So many changes of one push are looked at. */
const MAX_CHANGES = 1000
/** So many addresses of one repository are: forges give four at most. */
const MAX_ADDRESSES = 10

/** What stands in `value` at a way of field names. */
export function at(value: unknown, ...way: readonly string[]): unknown {
  let found = value
  for (const name of way) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = (found as Record<string, unknown>)[name]
  }
  return found
}

/** The first items of an array; none where it is none. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, MAX_CHANGES) : []
}

/** The text at a way of field names; undefined where there is none. */
export function textAt(value: unknown, ...way: readonly string[]): string | undefined {
  const found = at(value, ...way)
  return typeof found === 'string' && found !== '' ? found : undefined
}

/** The names of a repository, by the fields of `value` that hold its addresses. */
export function namesIn(value: unknown, ...fields: readonly string[]): RepositoryName[] {
  return namesOf(fields.map((field) => textAt(value, field)))
}

/** The names of a repository by the first of its addresses, each once. */
export function namesOf(addresses: readonly (string | undefined)[]): RepositoryName[] {
  const names = new Map<string, RepositoryName>()
  for (const address of addresses.slice(0, MAX_ADDRESSES)) {
    const name = address && repositoryNameOf(address)
    if (name) names.set(`${name.host} ${name.path}`, name)
  }
  return [...names.values()]
}

/** The name of a repository by its path alone. */
export function namesOfPath(path: string | undefined): RepositoryName[] {
  return path === undefined ? [] : [repositoryNameOfPath(path)]
}

/** What one change of a push announces; nothing where it names no ref, or no repository. */
export function announced(
  repositories: readonly RepositoryName[],
  change: { ref: string | undefined; oid: unknown; before: unknown },
): Announcement[] {
  const { ref } = change
  if (repositories.length === 0 || ref === undefined || ref.length > MAX_REF_LENGTH) return []
  const oid = oidIn(change.oid)
  return [
    {
      repositories,
      ref: fullName(ref),
      oid: oid !== undefined && /^0+$/.test(oid) ? undefined : oid,
      before: oidIn(change.before),
    },
  ]
}

/** A lone name is that of a branch. */
function fullName(ref: string): string {
  return ref.startsWith('refs/') ? ref : `refs/heads/${ref}`
}

function oidIn(value: unknown): Oid | undefined {
  return typeof value === 'string' && isOid(value) ? value : undefined
}
