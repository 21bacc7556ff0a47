// The listing: from text to entries, or every fault it has, in the order of the
// file. Messages never quote a repo, which may hold credentials.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Fault, toPointer } from '../base/document-fault.js'
import { codeOf } from '../base/errno.js'
import { JsonSyntaxError, parseJson } from '../base/json.js'
import { findDuplicateKeys } from '../base/json-duplicates.js'
import { findPathConflicts } from './directory.js'
import type { Entry, ListingDefaults } from './entry.js'
import { FaultList, ListingError } from './listing-error.js'
import { findSchemaFaults } from './listing-schema.js'
import { readEntry } from './read-entry.js'
import { findRealFaults } from './real-place.js'

/**
 * Parses a listing whose relative paths and repos start at `folder`. Throws a
 * {@link ListingError} with all its faults.
 */
export function parseListing(text: string, folder: string, defaults: ListingDefaults): Entry[] {
  const document = parseDocument(text)
  const faults = new FaultList()
  for (const field of findDuplicateKeys(text)) {
    faults.add({ pointer: toPointer(field), message: 'is given more than once: keep one of them' })
  }
  for (const fault of findSchemaFaults(document)) faults.add(fault)
  const items: unknown[] = Array.isArray(document) ? document : []
  const drafts = items.map((item, index) => {
    const fields = typeof item === 'object' && item !== null ? item : {}
    return readEntry(fields, { folder, defaults, pointer: `/${index}` }, faults)
  })
  for (const fault of findPathConflicts(drafts.map(({ directory }) => directory))) faults.add(fault)
  if (faults.faults.length > 0) throw new ListingError(inFileOrder(faults.faults, items))
  return drafts.flatMap(({ entry }) => entry ?? [])
}

/** {@link parseListing}, and a look at what the paths lead to on disk. Throws the same. */
export async function resolveListing(
  text: string,
  folder: string,
  defaults: ListingDefaults,
): Promise<Entry[]> {
  const entries = parseListing(text, folder, defaults)
  const directories = entries.map(({ directory }) => directory)
  const faults = await findRealFaults(directories, folder, defaults)
  if (faults.length > 0) throw new ListingError(inFileOrder(faults, entries))
  return entries
}

/** Reads the file at `path` and parses it. Throws a {@link ListingError}. */
export async function readListing(
  listingPath: string,
  defaults: ListingDefaults,
): Promise<{ entries: Entry[]; text: string }> {
  const text = await readListingText(listingPath)
  const folder = path.dirname(path.resolve(listingPath))
  return { entries: await resolveListing(text, folder, defaults), text }
}

/** The text of the file at `listingPath`. Throws a {@link ListingError} where it cannot be read. */
export async function readListingText(listingPath: string): Promise<string> {
  try {
    return await readFile(listingPath, 'utf8')
  } catch (error) {
    const code = codeOf(error) || 'unknown'
    const reason = READ_FAULTS[code] ?? `cannot be read (${code})`
    throw new ListingError([{ pointer: '', message: `${listingPath} ${reason}` }], { cause: error })
  }
}

const READ_FAULTS: Record<string, string> = {
  ENOENT: 'does not exist: check LISTING_PATH, and what is mounted there',
  ENOTDIR: 'does not exist: check LISTING_PATH, and what is mounted there',
  EISDIR: 'is a directory, not a file',
  EACCES: 'cannot be read by this user: give it read permission',
}

function parseDocument(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    throw new ListingError([{ pointer: '', message: error.message }])
  }
}

/** Sorts by entry, then by the place of the field in its entry; missing fields come first. */
function inFileOrder(faults: readonly Fault[], items: readonly unknown[]): Fault[] {
  const places = faults.map((fault) => {
    const [, index = '-1', field = ''] = fault.pointer.split('/')
    return {
      fault,
      index: Number(index),
      column: Object.keys(Object(items[Number(index)])).indexOf(field),
    }
  })
  places.sort((a, b) => a.index - b.index || a.column - b.column)
  return places.map(({ fault }) => fault)
}
