// What can be read off a Markdown file: its links, its headings, its fenced blocks.

/** Where a link leads to: a file, a heading of it, or both; or an address of the web. */
export interface Link {
  target: string
  heading: string
}

/** Each link of `markdown`, but what only looks like one inside of code. */
export function linksOf(markdown: string): Link[] {
  const links = withoutCode(markdown).matchAll(/\]\(([^)#\s]*)#?([^)\s]*)\)/g)
  return [...links].map(([, target = '', heading = '']) => ({ target, heading }))
}

/** The anchors of its headings, as GitHub makes them: one that stands there twice gets a number. */
export function anchorsOf(markdown: string): string[] {
  const headings = withoutFences(markdown).matchAll(/^#+ (.+)$/gm)
  const counts = new Map<string, number>()
  return [...headings].map(([, text = '']) => {
    const anchor = text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-')
    const count = counts.get(anchor) ?? 0
    counts.set(anchor, count + 1)
    return count === 0 ? anchor : `${anchor}-${count}`
  })
}

/** The content of every fenced block of a language. */
export function blocksOf(markdown: string, language: string): string[] {
  const fences = markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)
  return [...fences].filter(([, name]) => name === language).map(([, , text = '']) => text)
}

function withoutCode(markdown: string): string {
  return withoutFences(markdown).replace(/`[^`\n]*`/g, '')
}

function withoutFences(markdown: string): string {
  return markdown.replace(/^```.*?^```$/gms, '')
}
