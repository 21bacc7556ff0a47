// Texts with placeholders, as `{{oid}}`, which are filled with what is known of a publication. Only
// whole texts of JSON are filled, so that no value can become a part of its structure.

/** What can be filled in, by the names of placeholders. */
export type Facts = Readonly<Record<Placeholder, string>>

/** What a text may have in it. */
export const PLACEHOLDERS = [
  'event',
  'entry',
  'repo',
  'ref',
  'oid',
  'previousOid',
  'path',
  'changedCount',
  'subject',
  'author',
] as const

export type Placeholder = (typeof PLACEHOLDERS)[number]

const PATTERN = /\{\{\s*([^{}]*?)\s*\}\}/g

/** `text` with each placeholder replaced by what it stands for, as `encode` writes it. */
export function fillText(
  text: string,
  facts: Facts,
  encode: (value: string) => string = (value) => value,
): string {
  return text.replace(PATTERN, (whole, name: string) =>
    isPlaceholder(name) ? encode(facts[name]) : whole,
  )
}

/** A copy of `value`, which is JSON, with all of its texts filled, but for names of fields. */
export function fillJson(value: unknown, facts: Facts): unknown {
  if (typeof value === 'string') return fillText(value, facts)
  if (Array.isArray(value)) return value.map((item) => fillJson(item, facts))
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).map(([name, item]) => [name, fillJson(item, facts)])
  return Object.fromEntries(fields)
}

/** What stands where a placeholder does in the texts of `value`, and is none. */
export function unknownPlaceholders(value: unknown): string[] {
  if (typeof value === 'string') {
    return Array.from(value.matchAll(PATTERN), ([, name = '']) => name).filter(
      (name) => !isPlaceholder(name),
    )
  }
  return typeof value === 'object' && value !== null
    ? Object.values(value).flatMap(unknownPlaceholders)
    : []
}

function isPlaceholder(name: string): name is Placeholder {
  return PLACEHOLDERS.some((known) => known === name)
}
