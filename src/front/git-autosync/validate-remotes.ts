// Asks the remotes of a listing what the service would ask them, with the same credentials and
// limits, and says it in the same words.
import { systemClock } from '../../base/clock.js'
import type { Fault } from '../../base/document-fault.js'
import { SyncError, toSyncError } from '../../base/errors.js'
import { createRedactor } from '../../base/known-secrets.js'
import type { Entry } from '../../listing/entry.js'
import type { RemoteSession } from '../../remote/remote-session.js'
import { createSessions } from '../../sessions.js'
import type { Settings } from '../../settings.js'
import { Remote } from '../../sync/remote.js'
import { remoteKeyOf } from '../../sync/remote-login.js'
import { withTimeLimit } from '../../sync/time-limit.js'
import { createMemoryBudget } from '../../thread/memory-budget.js'

/** An entry, and its place in the listing. */
type Placed = readonly [index: number, entry: Entry]

/** What a sync of `entries` would fail by at its remotes; suspended ones are not asked for. */
export async function askRemotes(entries: readonly Placed[], settings: Settings): Promise<Fault[]> {
  const redactor = createRedactor()
  const memory = createMemoryBudget(settings.memoryBudgetBytes)
  const [clock, observe] = [systemClock, () => undefined]
  const sessions = createSessions({ settings, clock, observe, redactor, memory })
  const faults: Fault[] = []
  const groups = groupByRemote(entries).values()
  const askInTurn = async () => {
    for (const placed of groups) {
      const session = sessions.open(placed[0]![1])
      for (const { pointer, message } of await askRemote(session, placed, settings)) {
        faults.push({ pointer, message: redactor.redact(message) })
      }
    }
  }
  await Promise.all(Array.from({ length: settings.maxConcurrentPolls }, askInTurn))
  await sessions.close()
  return faults
}

function groupByRemote(entries: readonly Placed[]): Map<string, Placed[]> {
  const groups = new Map<string, Placed[]>()
  for (const placed of entries) {
    const [, entry] = placed
    if (entry.suspend) continue
    const key = remoteKeyOf(entry)
    groups.set(key, [...(groups.get(key) ?? []), placed])
  }
  return groups
}

async function askRemote(
  session: RemoteSession,
  placed: readonly Placed[],
  { syncTimeoutMs }: Settings,
): Promise<Fault[]> {
  const { signal } = new AbortController()
  const limited = <T>(ask: (signal: AbortSignal) => Promise<T>) =>
    withTimeLimit(syncTimeoutMs, systemClock, signal, ask).catch(toSyncError)
  const entries = placed.map(([, entry]) => entry)
  const resolve = await limited((aborted) => new Remote(session).ask(entries, aborted))
  const checks = placed.map(async ([index, { revision }]): Promise<Fault[]> => {
    const failed = (field: string, { message }: SyncError) => [
      { pointer: `/${index}/${field}`, message },
    ]
    if (resolve instanceof SyncError) return failed('repo', resolve)
    try {
      const { want } = resolve(revision)
      if (revision.kind !== 'commit') return []
      // Only a fetch tells whether a commit is served.
      const refusal = await limited((aborted) => startFetch(session, want, aborted))
      return refusal ? failed(refusal.code === 'commit-not-found' ? 'commit' : 'repo', refusal) : []
    } catch (error) {
      return failed(revision.kind === 'head' ? 'branch' : revision.kind, toSyncError(error))
    }
  })
  return (await Promise.all(checks)).flat()
}

/** Fetches a commit as far as its pack begins. */
async function startFetch(
  session: RemoteSession,
  want: string,
  signal: AbortSignal,
): Promise<undefined> {
  const { chunks } = await session.fetch({ wants: [want], haves: [], thinPack: false }, signal)
  for await (const _ of chunks) break
}
