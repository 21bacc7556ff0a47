// What is wrong with a listing: every fault at once, each with its place.
import type { Fault } from '../base/document-fault.js'
import { SyncError } from '../base/errors.js'
import { redact } from '../base/redact-patterns.js'

/** A listing that cannot be used; `faults` are in the order of the file. */
export class ListingError extends SyncError {
  readonly faults: readonly Fault[]
  /** Whether the same text may be fit once the disk is another. */
  readonly isOfDisk: boolean

  constructor(faults: readonly Fault[], options: { cause?: unknown; isOfDisk?: boolean } = {}) {
    const safe = faults.map(({ pointer, message }) => ({ pointer, message: redact(message) }))
    super('listing-invalid', summarise(safe), options)
    this.faults = safe
    this.isOfDisk = options.isOfDisk ?? false
  }
}

/** One line for one fault: its pointer, then its message. */
export function formatFault({ pointer, message }: Fault): string {
  return pointer === '' ? message : `${pointer}: ${message}`
}

function summarise(faults: readonly Fault[]): string {
  const [first = { pointer: '', message: 'it is invalid' }] = faults
  const more = faults.length - 1
  const rest = more === 0 ? '' : ` (and ${more} more fault${more === 1 ? '' : 's'})`
  return `The listing cannot be used: ${formatFault(first)}${rest}`
}

/** Collects faults while a listing is read. */
export class FaultList {
  readonly faults: Fault[] = []
  readonly #pointers = new Set<string>()

  add(fault: Fault): void {
    this.faults.push(fault)
    const names = fault.pointer.split('/')
    for (let end = names.length; end > 0; end--) this.#pointers.add(names.slice(0, end).join('/'))
  }

  /** Whether the value at `pointer`, or one in it, is known to be faulty already. */
  has(pointer: string): boolean {
    return this.#pointers.has(pointer)
  }
}
