// The page whole, as the service sends it.
import { type Html, html } from './html.js'
import { MOST_ROWS, type SortKey, sortEntries } from './order.js'
import type { PageReport } from './page-report.js'
import { LAG, moreOf, PARTS, rowOf } from './view.js'

const COLUMNS: readonly { name: string; sort?: SortKey; title?: string }[] = [
  { name: 'State', sort: 'state' },
  { name: 'Path', sort: 'path' },
  { name: 'Commit' },
  { name: 'Published', sort: 'published' },
  { name: 'Lag', sort: 'lag', title: LAG },
  { name: 'Next poll' },
]
/** How often a browser without scripts loads it anew, in seconds. */
const REFRESH_S = 30

/** The page of a report. */
export function documentOf(report: PageReport): string {
  const { build, entries, madeAt } = report
  const nowMs = Date.parse(madeAt)
  const part = (id: string): Html | undefined => PARTS[id]?.(report, nowMs)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>git-autosync</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="page/page.css">
<script type="module" src="page/live.js"></script>
<noscript><meta http-equiv="refresh" content="${REFRESH_S}"></noscript>
</head>
<body>
<header><h1>git-autosync</h1><p class="quiet">${build.version} <span id="connection"></span></p></header>
<main>
<div id="summary" role="status">${part('summary')}</div>
<section id="listing" aria-label="Listing">${part('listing')}</section>
<section id="shard" aria-label="Other instances">${part('shard')}</section>
<section id="attention" aria-label="What fails">${part('attention')}</section>
<section aria-labelledby="entries-head">
<h2 id="entries-head">Entries</h2>
<form id="filter" role="search" hidden>
<label>Filter <input type="search" name="text" autocomplete="off" spellcheck="false" placeholder="path, repo, commit, error"></label>
<label>State <select name="state"><option value="">all</option></select></label>
<label>Sort by <select name="sort">${COLUMNS.map(
    ({ name, sort }) => sort && html`<option value="${sort}">${name.toLowerCase()}</option>`,
  )}</select></label>
<output id="shown"></output>
</form>
<table role="table" aria-labelledby="entries-head">
<thead role="rowgroup"><tr role="row">${COLUMNS.map(
    ({ name, title }) =>
      html`<th role="columnheader" scope="col"${title && html` title="${title}"`}>${name}</th>`,
  )}</tr></thead>
<tbody role="rowgroup" id="entries">${sortEntries(entries, 'state')
    .slice(0, MOST_ROWS)
    .map((entry) => rowOf(entry, nowMs))}</tbody>
</table>
<p id="more" class="quiet">${moreOf(entries.length)}</p>
</section>
<section id="publications" aria-label="Publications">${part('publications')}</section>
</main>
</body>
</html>
`.text
}
