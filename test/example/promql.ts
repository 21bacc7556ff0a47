// What a PromQL expression names: enough to find a metric or a label that there is not.

/** What an expression names. */
export interface Names {
  metrics: Set<string>
  /** Labels by the metric they are matched on. */
  matched: [metric: string, label: string][]
  /** Labels that `by` and `on` name. */
  grouped: Set<string>
}

const KEYWORDS = ['and', 'or', 'unless', 'by', 'on', 'bool']

/** Throws where a name is neither a metric nor a function. */
export function namesIn(expression: string): Names {
  const names: Names = { metrics: new Set(), matched: [], grouped: new Set() }
  const selectors = expression.replace(
    /(\w+)\{([^}]*)\}/g,
    (_all, metric: string, body: string) => {
      for (const [, label = ''] of body.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)) {
        names.matched.push([metric, label])
      }
      return metric
    },
  )
  const plain = selectors
    .replace(/\b(?:by|on) \(([^)]*)\)/g, (_all, labels: string) => {
      for (const label of labels.split(',')) names.grouped.add(label.trim())
      return ''
    })
    .replace(/\[[^\]]*\]|"[^"]*"/g, '')
  for (const [token, next] of tokensOf(plain)) {
    if (KEYWORDS.includes(token) || next === '(') continue
    names.metrics.add(token)
  }
  return names
}

/** Words, each with the sign that follows it. */
function tokensOf(expression: string): [word: string, next: string][] {
  return [...expression.matchAll(/\b([a-z_]\w*)(?=\s*(.?))/gis)].map(([, word = '', next = '']) => [
    word,
    next,
  ])
}
