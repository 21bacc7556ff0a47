// Memory for what is held whole, as much as a test may want.
import { SyncError } from '../../src/base/errors.js'
import type { WholeMemory } from '../../src/git/whole-objects.js'
import { type RefsBounds, WantedRefs } from '../../src/remote/wanted-refs.js'
import {
  createMemoryBudget,
  HeldMemory,
  type MemoryPart,
  openPart,
} from '../../src/thread/memory-budget.js'

/** A part of a budget of its own. */
export function memoryOf(budgetBytes = 1 << 30): MemoryPart {
  return openPart(createMemoryBudget(budgetBytes), 1 / 2)
}

/** Memory that is held, of {@link memoryOf}. */
export function heldMemory(budgetBytes?: number): HeldMemory {
  return new HeldMemory(memoryOf(budgetBytes), () => new SyncError('refs-too-large', 'too much'))
}

/** What lists of refs may take. */
export function refsBounds(maxRefsBytes = 1 << 20): RefsBounds {
  return { maxRefsBytes, openMemory: () => memoryOf() }
}

/** Takes every ref, or those that start with any of `prefixes`. */
export function wantedRefs(prefixes: readonly string[] = ['']): WantedRefs {
  return new WantedRefs(prefixes, {
    held: heldMemory(),
    signal: new AbortController().signal,
  })
}

/** Memory without bounds, for whole objects. */
export const UNBOUNDED: WholeMemory = {
  maxTreeBytes: Number.POSITIVE_INFINITY,
  maxTreesBytes: Number.POSITIVE_INFINITY,
  hold() {},
}
