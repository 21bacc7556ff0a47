// What tests of listings start from.
import type { Entry, ListingDefaults } from '../../src/listing/entry.js'
import { parseListing } from '../../src/listing/listing.js'

export const DEFAULTS: ListingDefaults = {
  root: undefined,
  publish: 'in-place',
  intervalMs: 60_000,
}
export const FOLDER = '/etc/autosync'
export const REPO = 'https://git.example.com/a.git'
export const OID = 'A'.repeat(40)

/** Parses a document as the listing in {@link FOLDER}. */
export function parse(document: unknown, defaults: Partial<ListingDefaults> = {}): Entry[] {
  return parseListing(JSON.stringify(document), FOLDER, { ...DEFAULTS, ...defaults })
}
