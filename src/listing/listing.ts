// The listing: from text to entries, or every fault it has, in the order of the
// file. Messages never quote a repo, which may hold credentials.
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Fault, faultAt, MAX_FAULTS } from '../base/document-fault.js'
import { codeOf } from '../base/errno.js'
import { JsonSyntaxError, parseJson } from '../base/json.js'
import { findDuplicateKeys } from '../base/json-duplicates.js'
import { readFault, readRegularFile } from '../base/regular-file.js'
import { findPathConflicts } from './directory.js'
import type { Entry, ListingDefaults } from './entry.js'
import { FaultList, ListingError } from './listing-error.js'
import { FIELDS, findSchemaFaults } from './listing-schema.js'
import { type ReadEntry, readEntry } from './read-entry.js'
import { findTouchFaults } from './read-hooks.js'
import { findRealFaults } from './real-place.js'

/** Room for 100,000 entries. What is longer is not parsed, which takes many times its length. */
const MAX_BYTES = 16 * 1024 * 1024

/** How many entries are read before others have a turn. */
const ENTRIES_A_STEP = 100

/**
 * Parses a listing whose relative paths and repos start at `folder`. Throws a
 * {@link ListingError} with all its faults.
 */
export function parseListing(text: string, folder: string, defaults: ListingDefaults): Entry[] {
  const steps = parsing(text, folder, defaults)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** {@link parseListing} in steps, between which others may have turns. */
function* parsing(
  text: string,
  folder: string,
  defaults: ListingDefaults,
): Generator<void, Entry[]> {
  const document = parseDocument(text)
  yield
  const faults = new FaultList()
  for (const field of findDuplicateKeys(text)) {
    faults.add(faultAt(field, 'is given more than once: keep one of them', FIELDS))
  }
  yield
  for (const fault of findSchemaFaults(document)) faults.add(fault)
  yield
  const items: unknown[] = Array.isArray(document) ? document : []
  const drafts: ReadEntry[] = []
  for (const [index, item] of items.entries()) {
    if (faults.faults.length >= MAX_FAULTS) break
    const fields = typeof item === 'object' && item !== null ? item : {}
    drafts.push(readEntry(fields, { folder, defaults, pointer: `/${index}` }, faults))
    if (index % ENTRIES_A_STEP === 0) yield
  }
  yield
  for (const fault of touchFaults(drafts, defaults)) faults.add(fault)
  yield
  for (const fault of findPathConflicts(drafts.map(({ directory }) => directory))) faults.add(fault)
  if (faults.faults.length > 0) {
    throw new ListingError(inFileOrder(faults.faults, items).slice(0, MAX_FAULTS))
  }
  return drafts.flatMap(({ entry }) => entry ?? [])
}

/** A file that is touched must not lie in what any entry publishes. */
function touchFaults(drafts: readonly ReadEntry[], { stateDirectory }: ListingDefaults): Fault[] {
  const directories = new Set(drafts.flatMap(({ directory }) => directory ?? []))
  return drafts.flatMap(({ entry }, index) => {
    const hooks = entry ? [...entry.before, ...entry.after] : []
    return findTouchFaults(hooks, directories, stateDirectory).map(({ name, message }) => ({
      pointer: `/${index}/${name}/touch`,
      message,
    }))
  })
}

/**
 * {@link parseListing}, and a look at what the paths lead to on disk. Throws the same. Where the disk
 * does not answer, what it said `earlier` of the same text still holds.
 */
export async function resolveListing(
  text: string,
  folder: string,
  defaults: ListingDefaults,
  earlier: readonly Fault[] = [],
): Promise<Entry[]> {
  const entries = await inTurnsOf(parsing(text, folder, defaults))
  const directories = entries.map(({ directory }) => directory)
  const faults = (await findRealFaults(directories, folder, defaults)) ?? earlier
  if (faults.length === 0) return entries
  const first = inFileOrder(faults, entries).slice(0, MAX_FAULTS)
  throw new ListingError(first, { isOfDisk: true })
}

async function inTurnsOf<T>(steps: Generator<void, T>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next()
    await nextTurn()
    if (done) return value
  }
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
    return (await readRegularFile(listingPath, MAX_BYTES)).toString()
  } catch (error) {
    const code = codeOf(error)
    const reason = READ_FAULTS[code] ?? readFault(error, code)
    throw new ListingError([{ pointer: '', message: `${listingPath} ${reason}` }], { cause: error })
  }
}

const READ_FAULTS: Record<string, string> = {
  ENOENT: 'does not exist: check the path (LISTING_PATH), and what is mounted there',
  ENOTDIR: 'does not exist: check the path (LISTING_PATH), and what is mounted there',
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
