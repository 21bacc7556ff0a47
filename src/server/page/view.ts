// The page as HTML, made from what is known of the entries. Runs in the service, which sends it
// whole, so that it is there without scripts; and in the browser, which keeps its parts up to date.
import { ageOf, dueOf, durationOf } from './ages.js'
import { type Html, html } from './html.js'
import { BY_URGENCY, MOST_ROWS, needsSomebody, sortEntries } from './order.js'
import type { PageEntry, PageReport } from './page-report.js'

/** The parts of the page that change, by the id of the element whose content they are. */
export const PARTS: Readonly<Record<string, (report: PageReport, nowMs: number) => Html>> = {
  summary: (report) => summaryOf(report),
  listing: ({ listing }, nowMs) => listingOf(listing, nowMs),
  shard: ({ shard }) => shardOf(shard),
  attention: ({ entries }, nowMs) => attentionOf(entries, nowMs),
  publications: ({ publications }, nowMs) => publicationsOf(publications, nowMs),
}

/** What the lag of a publication is. */
export const LAG = 'from the push, or the start of the poll that found it, to published files'

/** How many entries that fail alike are described before the table. */
const MOST_DESCRIBED = 10
const COMMIT_DIGITS = 10
const MARKS: Readonly<Record<PageEntry['state'], string>> = {
  stalled: '✕',
  failing: '!',
  waiting: '⧖',
  syncing: '↻',
  pending: '…',
  suspended: '‖',
  synced: '✓',
}

/** How many entries are in each state. */
function summaryOf({ entries }: PageReport): Html {
  if (entries.length === 0) return html`<p>The listing has no entries.</p>`
  const byState = new Map<string, number>()
  for (const { state } of entries) byState.set(state, (byState.get(state) ?? 0) + 1)
  const counts = BY_URGENCY.map((state) => ({ state, count: byState.get(state) ?? 0 })).filter(
    ({ count }) => count > 0,
  )
  return html`<ul class="counts">${counts.map(
    ({ state, count }) => html`<li>${badge(state)} <b>${count}</b></li>`,
  )}</ul>`
}

/** What is wrong with the listing, if anything, and since when it is in force. */
function listingOf(listing: PageReport['listing'], nowMs: number): Html {
  const { faults = [], loadedAt, path, valid } = listing
  if (valid)
    return html`<p class="quiet">Listing <bdi>${path}</bdi>, loaded ${age(loadedAt, nowMs)}.</p>`
  return html`<div class="card stalled"><h2>The listing is not valid</h2>
<p><bdi>${path}</bdi> has faults. The one loaded ${age(loadedAt, nowMs)} stays in force until they are corrected:</p>
<ul>${faults.map((fault) => html`<li><bdi>${fault}</bdi></li>`)}</ul></div>`
}

/** Which instance this is, and who has the rest. */
function shardOf(shard: PageReport['shard']): Html {
  if (!shard) return html``
  const { index: own, others, total } = shard
  return html`<details><summary>Shard ${own} of ${total}: ${others.reduce((sum, { entries }) => sum + entries, 0)} more entries are other instances’</summary>
<ul>${others.map(
    ({ entries, holder, index }) =>
      html`<li>Shard ${index} has ${entries}${holder !== null && html`, seen at work: <bdi>${holder}</bdi>`}</li>`,
  )}</ul></details>`
}

/** What fails, and what to do about it: what fails alike, together. */
function attentionOf(entries: readonly PageEntry[], nowMs: number): Html {
  const alike = new Map<string, PageEntry[]>()
  for (const entry of sortEntries(entries.filter(needsSomebody), 'state')) {
    const kind = `${entry.state} ${entry.error?.code}`
    alike.set(kind, [...(alike.get(kind) ?? []), entry])
  }
  const withHooks = entries.filter(({ failingHooks }) => failingHooks.length > 0)
  const hooks = hooksOf(sortEntries(withHooks, 'path'), nowMs)
  if (alike.size + hooks.length === 0) return html``
  return html`<h2>Needs attention</h2>
${[...alike.values()].map((group) => described(group, nowMs))}${hooks}`
}

/** Hooks that fail after a publication: those that fail alike, together. */
function hooksOf(entries: readonly PageEntry[], nowMs: number): Html[] {
  const alike = new Map<string, { advice: string | null; failures: Html[] }>()
  for (const { failingHooks, path } of entries) {
    for (const { advice, code, consecutiveFailures, hook, message, nextAttempt } of failingHooks) {
      const group = alike.get(code) ?? { advice, failures: [] }
      alike.set(code, group)
      group.failures.push(html`<li><b><bdi>${path}</bdi></b> <code>${hook}</code>
<p><bdi>${message}</bdi></p>
<p class="quiet">${consecutiveFailures > 1 && html`${consecutiveFailures} failures in a row. `}What is published is not touched by it. ${
        nextAttempt ? html`Tried again ${due(nextAttempt, nowMs)}.` : 'It is at work.'
      }</p></li>`)
    }
  }
  return [...alike].map(([code, { advice, failures }]) => {
    return html`<article class="card failing"><h3>After a publication <code>${code}</code>${
      failures.length > 1 && html` <span class="quiet">${failures.length} hooks</span>`
    }</h3>
${advice && html`<p><b>What to do:</b> ${withCode(advice)}</p>`}
<ul>${failures.slice(0, MOST_DESCRIBED)}</ul>
${moreBelow(failures.length - MOST_DESCRIBED)}</article>`
  })
}

function described(group: readonly PageEntry[], nowMs: number): Html {
  const [{ advice, error, state }] = group as [PageEntry]
  const byMessage = new Map<string | undefined, PageEntry[]>()
  for (const entry of group.slice(0, MOST_DESCRIBED)) {
    const message = entry.error?.message
    byMessage.set(message, [...(byMessage.get(message) ?? []), entry])
  }
  return html`<article class="card ${state}"><h3>${badge(state)} <code>${error?.code}</code>${
    group.length > 1 && html` <span class="quiet">${group.length} entries</span>`
  }</h3>
${advice && html`<p><b>What to do:</b> ${withCode(advice)}</p>`}
${[...byMessage].map(
  ([message, entries]) => html`<p><bdi>${message}</bdi></p>
<ul>${entries.map((entry) => failureOf(entry, nowMs))}</ul>`,
)}${moreBelow(group.length - MOST_DESCRIBED)}</article>`
}

function failureOf(entry: PageEntry, nowMs: number): Html {
  const { consecutiveFailures, nextPoll, oid, path, since } = entry
  return html`<li><b><bdi>${path}</bdi></b> <span class="quiet">${age(since, nowMs)}. ${
    consecutiveFailures > 1 && html`${consecutiveFailures} failures in a row. `
  }${oid ? html`Commit ${commitOf(oid)} stays published. ` : 'Nothing is published. '}${
    nextPoll && html`Polled again ${due(nextPoll, nowMs)}.`
  }</span></li>`
}

/** Says that `count` more have no room here. */
function moreBelow(count: number): Html {
  if (count <= 0) return html``
  return html`<p>${count} more ${count === 1 ? 'is' : 'are'} in the table below.</p>`
}

/** The last publications, and how long each took to be in place. */
function publicationsOf(publications: PageReport['publications'], nowMs: number): Html {
  if (publications.length === 0) return html``
  const slowest = Math.max(...publications.map(({ lagMs }) => lagMs), 1)
  return html`<h2>Published last</h2>
<p class="quiet">The time is the lag: ${LAG}.</p>
<ol>${publications.map(
    ({ lagMs, oid, path, publishedAt, subject, trigger }) => html`<li>${age(publishedAt, nowMs)}
<span><bdi>${path}</bdi> ${commitOf(oid)} <bdi class="quiet">${subject}</bdi></span>
<span class="lag"><meter min="0" max="${slowest}" value="${lagMs}" aria-hidden="true"></meter> ${durationOf(lagMs)}${trigger && ` after the ${trigger}`}</span></li>`,
  )}</ol>`
}

/** What is said where there are more entries than rows; `count` are asked for. */
export function moreOf(count: number): string {
  return count > MOST_ROWS
    ? `These are the first ${MOST_ROWS} of ${count}: filter for others, or read status, which has all.`
    : ''
}

/** One row of the table. */
export function rowOf(entry: PageEntry, nowMs: number): Html {
  const { author, committedAt, lagMs, lastPublished, nextPoll, oid, path, ref, repo, required } =
    entry
  const { error, failingHooks, signer, since, state, subject } = entry
  return html`<tr role="row" class="${state}"><td role="cell" data-head="State">${badge(state)}<small>${age(since, nowMs)}</small></td>
<th role="rowheader" scope="row" data-head="Path"><bdi>${path}</bdi>${!required && html` <small>not required</small>`}<small><bdi>${repo}</bdi> · <bdi>${ref.replace(/^refs\/heads\//, '')}</bdi></small></th>
<td role="cell" data-head="Commit">${
    oid
      ? html`${commitOf(oid)} <bdi>${subject}</bdi><small><bdi>${author}</bdi> ${committedAt && age(committedAt, nowMs)}</small>${signer && html`<small>signed by <bdi>${signer}</bdi></small>`}`
      : html`<span class="quiet">nothing is published</span>`
  }${progressOf(entry)}${error && html`<small class="error"><code>${error.code}</code> <bdi>${error.message}</bdi></small>`}${failingHooks.map(
    ({ code, message }) =>
      html`<small class="error"><code>${code}</code> <bdi>${message}</bdi></small>`,
  )}</td>
<td role="cell" data-head="Published">${lastPublished ? age(lastPublished, nowMs) : html`<span class="quiet">not in this run</span>`}</td>
<td role="cell" data-head="Lag">${lagMs !== null && durationOf(lagMs)}</td>
<td role="cell" data-head="Next poll">${nextPoll && due(nextPoll, nowMs)}</td></tr>`
}

/** How far a sync is. How much is to come, no remote says. */
function progressOf({ path, progress }: PageEntry): Html {
  if (!progress) return html``
  const { elapsedMs, filesWritten, phase, receivedBytes } = progress
  const megabytes = (receivedBytes / 1_000_000).toFixed(1)
  return html`<small class="progress"><progress aria-label="${path} is being synced"></progress> ${phase}: ${megabytes} MB received, ${filesWritten} files written, ${durationOf(elapsedMs)}</small>`
}

function badge(state: PageEntry['state']): Html {
  return html`<span class="badge ${state}"><span aria-hidden="true">${MARKS[state]}</span> ${state}</span>`
}

function commitOf(oid: string): Html {
  return html`<code title="${oid}">${oid.slice(0, COMMIT_DIGITS)}</code>`
}

/** What stands between backticks, as code. */
function withCode(text: string): Html[] {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 0 ? html`${part}` : html`<code>${part}</code>`))
}

/** A time, which the browser keeps saying anew. */
function age(time: string, nowMs: number): Html {
  return html`<time datetime="${time}" title="${time}">${ageOf(time, nowMs)}</time>`
}

/** As {@link age}, of what is to be done at that time. */
function due(time: string, nowMs: number): Html {
  return html`<time datetime="${time}" title="${time}" data-due>${dueOf(time, nowMs)}</time>`
}
