// One of several instances: of a listing it takes the entries that are its own, and those for which
// it stands in, and says who has the rest. All entries of a repository with one login go together, so
// that it is polled once.
import type { Clock } from './base/clock.js'
import { type Shard, shardsOf } from './base/shard.js'
import type { Entry } from './listing/entry.js'
import type { ListingDiff } from './listing/listing-diff.js'
import type { Machine } from './machine.js'
import type { EntryElsewhere, StatusReport } from './server/status-route.js'
import { Deputy } from './sync/deputy.js'
import type { Observe } from './sync/events.js'
import { LEASE_TIMES, type LeaseTimes } from './sync/lease-keeper.js'

export interface ShardingOptions {
  shard: Shard
  machine: Pick<Machine, 'setEntries' | 'synchronizer' | 'workers'>
  clock: Clock
  observe: Observe
  onError: (error: unknown) => void
  /** Whether entries of others are taken over that nobody works on. */
  standsIn: boolean
  leaseTimes?: LeaseTimes | undefined
}

export interface Sharding {
  /** Puts the own entries of a listing in force; returns what changes of those that are published here. */
  setEntries(listed: readonly Entry[]): ListingDiff
  /** What /status says of the others. */
  status(): { shard: NonNullable<StatusReport['shard']>; elsewhere: EntryElsewhere[] }
  /** Takes nothing over any more. */
  close(): Promise<void>
}

/** So many paths of entries are named. */
const MAX_PATHS = 10

/** Creates what takes an instance's share. */
export function createSharding(options: ShardingOptions): Sharding {
  const { shard, machine, clock, observe, onError, leaseTimes = LEASE_TIMES } = options
  let own: readonly Entry[] = []
  /** What is another's, and whose. */
  let others = new Map<Entry, number>()
  let takenBefore: readonly Entry[] = []
  const deputy = new Deputy({
    clock,
    store: machine.workers.leases,
    times: leaseTimes,
    targetOf: (entry) => machine.synchronizer.targetOf(entry),
    onChange: () => apply(),
    onError,
  })

  function apply(): ListingDiff {
    const { taken } = deputy
    const here = new Set(taken.map(({ directory }) => directory))
    const elsewhere = [...others.keys()].filter(({ directory }) => !here.has(directory))
    tellOf(taken)
    return machine.setEntries([...own, ...taken], elsewhere)
  }

  function tellOf(taken: readonly Entry[]): void {
    for (const [type, some] of [
      ['deputy-began', without(taken, takenBefore)],
      ['deputy-ended', without(takenBefore, taken)],
    ] as const) {
      const paths = some.slice(0, MAX_PATHS).map(({ path }) => path)
      if (some.length > 0) observe({ type, entries: some.length, paths })
    }
    takenBefore = taken
  }

  return {
    setEntries(listed) {
      const all = listed.map((entry) => ({ entry, ...shardsOf(keyOf(entry), shard.total) }))
      own = all.filter(({ owner }) => owner === shard.index).map(({ entry }) => entry)
      const rest = all.filter(({ owner }) => owner !== shard.index)
      others = new Map(rest.map(({ entry, owner }) => [entry, owner]))
      const next = rest.filter(({ deputy }) => deputy === shard.index)
      if (options.standsIn) deputy.watch(next.map(({ entry }) => entry))
      return apply()
    },
    status() {
      const here = new Set(deputy.taken.map(({ directory }) => directory))
      const seen = [...others].map(([{ directory, path }, index]) => {
        const holder = deputy.holderOf(directory) ?? null
        return { directory, told: { path, shard: index, holder } }
      })
      const elsewhere = seen.filter(({ directory }) => !here.has(directory))
      const all = seen.map(({ told }) => told)
      return {
        shard: { ...shard, others: shardsIn(all, shard) },
        elsewhere: elsewhere.map(({ told }) => told),
      }
    },
    close: () => deputy.close(),
  }
}

/** By this alone it is told whose an entry is: a password in an address may change. */
function keyOf({ credential, remote }: Entry): string {
  return JSON.stringify([remote.url, credential ?? null])
}

/** Each of the others, and what it has. */
function shardsIn(elsewhere: readonly EntryElsewhere[], { index: own, total }: Shard) {
  const shards = Array.from({ length: total }, (_, index) => {
    return { index, entries: 0, holder: null as string | null }
  })
  for (const { holder, shard } of elsewhere) {
    const has = shards[shard]
    if (!has) continue
    has.entries++
    // Whoever stands in for it is not it.
    has.holder ??= holder
  }
  return shards.filter(({ index }) => index !== own)
}

function without(entries: readonly Entry[], others: readonly Entry[]): Entry[] {
  const known = new Set(others.map(({ directory }) => directory))
  return entries.filter(({ directory }) => !known.has(directory))
}
