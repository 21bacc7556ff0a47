// Keeps the page up to date in the browser: takes what the service tells, and shows, filters and
// sorts it. Without this, the page is a plain table that the browser loads anew.
/// <reference lib="dom" />
import { ageOf, dueOf } from './ages.js'
import { type Filter, isShown } from './filter.js'
import { BY_URGENCY, MOST_ROWS, type SortKey, sortEntries } from './order.js'
import type { PageChange, PageEntry, PageReport } from './page-report.js'
import { moreOf, PARTS, rowOf } from './view.js'

/** How often ages are said anew, in milliseconds. */
const AGES_MS = 5000

let report: Omit<PageReport, 'entries'> | undefined
/** By how much the clock of the service is ahead of the browser's, in milliseconds. */
let aheadMs = 0
const entries = new Map<string, PageEntry>()
/** Of those that are in the table. */
const rows = new Map<string, HTMLTableRowElement>()
/** Of each part, what it shows. */
const shown = new Map<string, string>()
const table = element('entries')
const form = element('filter') as HTMLFormElement

function element(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no #${id}`)
  return found
}

function field(name: string): HTMLInputElement | HTMLSelectElement {
  return form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement
}

/** What is asked for stands in the address, so that it can be sent to somebody and outlives a reload. */
function restoreFilter(): void {
  const select = field('state') as HTMLSelectElement
  for (const state of BY_URGENCY) select.add(new Option(state))
  const asked = new URLSearchParams(location.hash.slice(1))
  for (const [name, value] of asked) {
    if (form.elements.namedItem(name)) field(name).value = value
  }
  form.hidden = false
  form.addEventListener('submit', (event) => event.preventDefault())
  form.addEventListener('input', () => {
    const given = [...new FormData(form)].map(([name, value]) => [name, String(value)])
    const hash = new URLSearchParams(given.filter(([, value]) => value !== ''))
    history.replaceState(null, '', `#${hash}`)
    showRows()
  })
}

/** By the clock of the service, as far as that is known. */
function now(): number {
  return Date.now() + aheadMs
}

function start({ entries: all, ...rest }: PageReport): void {
  report = rest
  aheadMs = Date.parse(rest.madeAt) - Date.now()
  entries.clear()
  rows.clear()
  table.replaceChildren()
  for (const entry of all) entries.set(entry.path, entry)
  showAll()
}

function change({ entries: changed = [], removed = [], ...rest }: PageChange): void {
  if (!report) return
  report = { ...report, ...rest }
  for (const entry of changed) {
    entries.set(entry.path, entry)
    // What is asked for is put into its place below.
    rows.get(entry.path)?.remove()
    rows.delete(entry.path)
  }
  for (const path of removed) entries.delete(path)
  showAll()
}

/** Makes the rows that are missing: all at once, as a thousand by themselves take a second. */
function makeRows(asked: readonly PageEntry[]): void {
  const missing = asked.filter(({ path }) => !rows.has(path))
  const template = document.createElement('template')
  template.innerHTML = missing.map((entry) => rowOf(entry, now()).text).join('')
  for (const [index, row] of [...template.content.children].entries()) {
    rows.set((missing[index] as PageEntry).path, row as HTMLTableRowElement)
  }
}

function showAll(): void {
  if (!report) return
  const whole = { ...report, entries: [...entries.values()] }
  for (const [id, part] of Object.entries(PARTS)) {
    // What somebody reads or selects there is left alone where nothing is new but ages.
    const { text } = part(whole, 0)
    if (shown.get(id) === text) continue
    shown.set(id, text)
    element(id).innerHTML = part(whole, now()).text
  }
  showRows()
}

/** Puts the rows that are asked for into their order, as far as there is room for them. */
function showRows(): void {
  const filter: Filter = {
    state: BY_URGENCY.find((state) => state === field('state').value),
    text: field('text').value.trim(),
  }
  const asked = [...entries.values()].filter((entry) => isShown(entry, filter))
  const sorted = sortEntries(asked, field('sort').value as SortKey).slice(0, MOST_ROWS)
  makeRows(sorted)
  const shownPaths = new Set(sorted.map(({ path }) => path))
  for (const [path, row] of rows) {
    if (shownPaths.has(path)) continue
    row.remove()
    rows.delete(path)
  }
  let next = table.firstElementChild
  for (const { path } of sorted) {
    const row = rows.get(path) as HTMLTableRowElement
    if (row === next) next = row.nextElementSibling
    else table.insertBefore(row, next)
  }
  const { length: count } = asked
  element('shown').textContent = count === entries.size ? '' : `${count} of ${entries.size}`
  element('more').textContent = moreOf(count)
}

function showAges(): void {
  for (const time of document.querySelectorAll('time')) {
    const textOf = 'due' in time.dataset ? dueOf : ageOf
    const text = textOf(time.dateTime, now())
    if (time.textContent !== text) time.textContent = text
  }
}

function connect(): void {
  const events = new EventSource('events')
  const connection = element('connection')
  events.addEventListener('open', () => {
    connection.textContent = 'live'
    connection.className = 'live'
  })
  events.addEventListener('error', () => {
    connection.textContent = 'not connected: what is shown may be old'
    connection.className = 'lost'
    // A service that answers with an error is not asked again by the browser itself.
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, AGES_MS)
  })
  events.addEventListener('report', ({ data }) => start(JSON.parse(data) as PageReport))
  events.addEventListener('change', ({ data }) => change(JSON.parse(data) as PageChange))
}

restoreFilter()
connect()
setInterval(showAges, AGES_MS)
