// What whoever listens has been told, as JSON: of each look, only what is not as it was told is made
// and told again. With ten thousand entries, each look has turns for others.
import { eachInTurns } from '../../base/turns.js'
import { redactedJson } from '../redacted-json.js'
import type { LazyPage } from './page-report.js'

/** So many entries are told of in one event. */
const ENTRIES_AN_EVENT = 500

export class Told {
  /** Of each entry, by its path. */
  readonly #entries = new Map<string, { stamp: object | undefined; json: string }>()
  /** Of all else, by its name. */
  #rest = new Map<string, string>()

  /** Takes note of what `page` has; returns the events, as JSON, that tell what is new. */
  async look({ entries, ...page }: LazyPage): Promise<string[]> {
    const changed: string[] = []
    const gone = new Set(this.#entries.keys())
    await eachInTurns(entries, ({ path, show, stamp }) => {
      gone.delete(path)
      const known = this.#entries.get(path)
      if (stamp !== undefined && known?.stamp === stamp) return
      const json = redactedJson(show())
      this.#entries.set(path, { stamp, json })
      if (json !== known?.json) changed.push(json)
    })
    for (const path of gone) this.#entries.delete(path)
    const fields = this.#changedRest(page)
    if (changed.length > 0) fields.push(arrayField('entries', changed.slice(0, ENTRIES_AN_EVENT)))
    if (gone.size > 0) fields.push(`"removed":${redactedJson([...gone])}`)
    const events = fields.length > 0 ? [`{${fields.join()}}`] : []
    for (let at = ENTRIES_AN_EVENT; at < changed.length; at += ENTRIES_AN_EVENT) {
      events.push(`{${arrayField('entries', changed.slice(at, at + ENTRIES_AN_EVENT))}}`)
    }
    return events
  }

  /** All of it as it is known now, as one JSON in pieces. */
  report(): string[] {
    const rest = [...this.#rest].map(([name, json]) => `"${name}":${json}`)
    const pieces = [`{${rest.join()},"entries":[`]
    let separator = ''
    for (const { json } of this.#entries.values()) {
      pieces.push(separator + json)
      separator = ','
    }
    return [...pieces, ']}']
  }

  #changedRest(page: Omit<LazyPage, 'entries'>): string[] {
    const before = this.#rest
    const now = Object.entries(page).map(([name, value]) => [name, redactedJson(value)] as const)
    this.#rest = new Map(now)
    return now
      .filter(([name, json]) => name !== 'madeAt' && before.get(name) !== json)
      .map(([name, json]) => `"${name}":${json}`)
  }
}

function arrayField(name: string, items: readonly string[]): string {
  return `"${name}":[${items.join()}]`
}
