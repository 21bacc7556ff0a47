// Templates of Go, as far as the chart has them, as a tree. What is not understood is refused, so
// that the chart stays as simple as this. https://pkg.go.dev/text/template

export type TemplateNode =
  | { type: 'text'; text: string }
  | { type: 'output'; pipeline: string }
  | { type: 'set'; name: string; pipeline: string }
  | { type: 'define'; name: string; body: TemplateNode[] }
  | { type: 'if' | 'with'; pipeline: string; body: TemplateNode[]; otherwise: TemplateNode[] }
  | {
      type: 'range'
      names: string[]
      pipeline: string
      body: TemplateNode[]
      otherwise: TemplateNode[]
    }

interface Action {
  before: string
  action: string | undefined
}

/** Parses the text of a file. Throws where it has what is not known here. */
export function parseTemplate(source: string): TemplateNode[] {
  const actions = splitActions(source)
  let at = 0

  function parseBody(): { nodes: TemplateNode[]; end: string } {
    const nodes: TemplateNode[] = []
    for (;;) {
      const { before, action } = actions[at++] ?? { before: '', action: undefined }
      if (before !== '') nodes.push({ type: 'text', text: before })
      if (action === undefined) return { nodes, end: '' }
      if (/^(?:end|else)\b/.test(action)) return { nodes, end: action }
      if (!action.startsWith('/*')) nodes.push(parseAction(action))
    }
  }

  function parseBranches(): { body: TemplateNode[]; otherwise: TemplateNode[] } {
    const { nodes: body, end } = parseBody()
    if (end === 'end') return { body, otherwise: [] }
    if (end === 'else') {
      const { nodes: otherwise, end: last } = parseBody()
      if (last !== 'end') throw new Error(`no end after else: ${last}`)
      return { body, otherwise }
    }
    const [, condition] = /^else if (.+)$/.exec(end) ?? []
    if (condition === undefined) throw new Error(`no end: ${end}`)
    return { body, otherwise: [{ type: 'if', pipeline: condition, ...parseBranches() }] }
  }

  function parseAction(action: string): TemplateNode {
    const [, keyword = '', rest = ''] = /^(define|if|with|range)\s+(.+)$/s.exec(action) ?? []
    if (keyword === 'if' || keyword === 'with') {
      return { type: keyword, pipeline: rest, ...parseBranches() }
    }
    if (keyword === 'define') {
      const { nodes: body } = parseBody()
      return { type: 'define', name: JSON.parse(rest), body }
    }
    if (keyword === 'range') {
      const [, names, pipeline = rest] = /^(\$\w+(?:,\s*\$\w+)?)\s*:=\s*(.+)$/s.exec(rest) ?? []
      return { type: 'range', names: names?.split(/,\s*/) ?? [], pipeline, ...parseBranches() }
    }
    const [, name, pipeline] = /^(\$\w+)\s*:=\s*(.+)$/s.exec(action) ?? []
    if (name !== undefined && pipeline !== undefined) return { type: 'set', name, pipeline }
    return { type: 'output', pipeline: action }
  }

  const { nodes, end } = parseBody()
  if (end !== '') throw new Error(`${end} without a beginning`)
  return nodes
}

/** The texts and the actions between them, white space trimmed where the marks ask for that. */
function splitActions(source: string): Action[] {
  const actions: Action[] = []
  let at = 0
  let trims = false
  for (const match of source.matchAll(/\{\{(- )?\s*(.*?)\s*( -)?\}\}/gs)) {
    const between = source.slice(at, match.index)
    const [, trimsBefore, action = '', trimsAfter] = match
    const before = trims ? between.trimStart() : between
    actions.push({ before: trimsBefore ? before.trimEnd() : before, action })
    trims = trimsAfter !== undefined
    at = match.index + match[0].length
  }
  const last = source.slice(at)
  actions.push({ before: trims ? last.trimStart() : last, action: undefined })
  return actions
}
