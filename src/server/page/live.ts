// Keeps the page up to date in the browser: takes what the service tells, and shows, filters and
// sorts it. Without this, the page is a plain table that the browser loads anew.
/// <reference lib="dom" />
import { ageOf } from './ages.js'
import { BY_URGENCY, type Filter, isShown, type SortKey, sortEntries } from './order.js'
import type { PageChange, PageEntry, PageReport } from './page-report.js'
import { PARTS, rowOf } from './view.js'

/** How often ages are said anew, in milliseconds. */
const AGES_MS = 5000

let report: Omit<PageReport, 'entries'> | undefined
/** By how much the clock of the service is ahead of the browser's, in milliseconds. */
let aheadMs = 0
const entries = new Map<string, PageEntry>()
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
  const sorted = sortEntries(all, 'state')
  // All at once: a thousand by themselves take a second.
  table.innerHTML = sorted.map((entry) => rowOf(entry, now()).text).join('')
  for (const [index, entry] of sorted.entries()) {
    entries.set(entry.path, entry)
    rows.set(entry.path, table.children[index] as HTMLTableRowElement)
  }
  showAll()
}

function change({ entries: changed = [], removed = [], ...rest }: PageChange): void {
  if (!report) return
  report = { ...report, ...rest }
  for (const entry of changed) showEntry(entry)
  for (const path of removed) {
    entries.delete(path)
    rows.get(path)?.remove()
    rows.delete(path)
  }
  showAll()
}

function showEntry(entry: PageEntry): void {
  entries.set(entry.path, entry)
  const template = document.createElement('template')
  template.innerHTML = rowOf(entry, now()).text
  const row = template.content.firstElementChild as HTMLTableRowElement
  rows.get(entry.path)?.replaceWith(row)
  rows.set(entry.path, row)
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

/** Puts the rows into their order, and hides those that are not asked for. */
function showRows(): void {
  const filter: Filter = {
    state: BY_URGENCY.find((state) => state === field('state').value),
    text: field('text').value.trim(),
  }
  let next = table.firstElementChild
  let count = 0
  for (const entry of sortEntries(entries.values(), field('sort').value as SortKey)) {
    const row = rows.get(entry.path) as HTMLTableRowElement
    row.hidden = !isShown(entry, filter)
    if (!row.hidden) count++
    if (row === next) next = row.nextElementSibling
    else table.insertBefore(row, next)
  }
  element('shown').textContent = count === entries.size ? '' : `${count} of ${entries.size}`
}

function showAges(): void {
  for (const time of document.querySelectorAll('time')) {
    const text = ageOf(time.dateTime, now())
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
