// The command status: what each entry of a running service is at, as a table for a terminal.
import { formatBytes } from '../../base/bytes.js'
import { cut } from '../../base/cut-text.js'
import { EXIT } from '../../exit-code.js'
import { escapeUnseen } from '../../observe/log-format.js'
import type { OtherShard, ShownEntry, StatusReport } from '../../server/status-route.js'

const TIMEOUT_MS = 5000
const COMMIT_DIGITS = 10
const SUBJECT_LENGTH = 50
const HEAD = ['PATH', 'STATE', 'SINCE', 'COMMIT', 'REF', 'SUBJECT', 'MESSAGE']

/** Asks the service at `url`, and prints; resolves to the exit code. */
export async function showStatus(url: string): Promise<number> {
  const address = new URL('status', url.endsWith('/') ? url : `${url}/`)
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (!response.ok) throw new Error(`it answered ${response.status}`)
    const report = (await response.json()) as StatusReport
    process.stdout.write(`${renderStatus(report, Date.now())}\n`)
    return EXIT.clean
  } catch (error) {
    const { cause, message } = error as Error
    const reason = cause instanceof Error ? cause.message : message
    process.stderr.write(
      `git-autosync: ${address} gives no status (${escapeUnseen(reason)}): check that the service runs, and --url, or HTTP_HOST and HTTP_PORT\n`,
    )
    return EXIT.failed
  }
}

/** The table of a report, at `nowMs` since the epoch. */
export function renderStatus(
  { build, listing, shard, entries }: StatusReport,
  nowMs: number,
): string {
  const { faults = [], path } = listing
  const rows = entries.map((entry) => rowOf(entry, nowMs))
  const lines = [
    `git-autosync ${build.version}, listing ${escapeUnseen(path)}: ${listing.entries} entries, loaded ${ageOf(listing.loadedAt, nowMs)} ago`,
    ...(shard ? [`shard ${shard.index} of ${shard.total}`, ...shard.others.map(otherShard)] : []),
    ...faults.map((fault) => `the listing is not valid: ${escapeUnseen(fault)}`),
    '',
    ...alignColumns([HEAD, ...rows]),
  ]
  return lines.join('\n')
}

function otherShard({ entries, holder, index }: OtherShard): string {
  const seen = holder === null ? '' : `, seen at work: ${escapeUnseen(holder)}`
  return `  shard ${index} has ${entries} entries${seen}`
}

function rowOf(entry: ShownEntry, nowMs: number): string[] {
  const { oid, path, ref, since, state, subject } = entry
  const commit = oid?.slice(0, COMMIT_DIGITS) ?? '-'
  const branch = ref.replace('refs/heads/', '')
  // What a remote says must not drive the terminal.
  return [
    path,
    state,
    ageOf(since, nowMs),
    commit,
    branch,
    cut(subject ?? '', SUBJECT_LENGTH),
    messageOf(entry),
  ].map(escapeUnseen)
}

/** How far a sync is, and what failed last. */
function messageOf({ error, failingHooks, progress }: ShownEntry): string {
  const told: string[] = []
  if (progress) {
    const { phase, receivedBytes, filesWritten } = progress
    told.push(`${phase}, ${formatBytes(receivedBytes)} received, ${filesWritten} files written`)
  }
  if (error) told.push(`${error.code}: ${error.message}`)
  for (const { code, message } of failingHooks) told.push(`${code}: ${message}`)
  return told.join('; ')
}

function alignColumns(rows: readonly string[][]): string[] {
  const widths = HEAD.map((_, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** In the largest unit that gives a whole number of 2 or more. */
function ageOf(time: string, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(time)) / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 120 * 60) return `${Math.floor(seconds / 60)}m`
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}
