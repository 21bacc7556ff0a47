// Runs the templates of a chart, as Helm does.
import { FUNCTIONS, isEmpty, printed } from './template-functions.js'
import { parseTemplate, type TemplateNode } from './template-nodes.js'

type Variables = ReadonlyMap<string, unknown>

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|(\()|(\))|(\|)|(-?\d+)|(\$?[\w.]*[\w.$]))/y

/** The texts of `files`, whose names begin with `_` where they only define, by their names. */
export function renderTemplates(
  files: Readonly<Record<string, string>>,
  root: object,
): Record<string, string> {
  const defined = new Map<string, TemplateNode[]>()
  const parsed = Object.entries(files).map(([name, text]) => [name, parseTemplate(text)] as const)
  for (const node of parsed.flatMap(([, nodes]) => nodes)) {
    if (node.type === 'define') defined.set(node.name, node.body)
  }

  function runAll(nodes: readonly TemplateNode[], dot: unknown, outer: Variables): string {
    const variables = new Map(outer)
    return nodes.map((node) => run(node, dot, variables)).join('')
  }

  function run(node: TemplateNode, dot: unknown, variables: Map<string, unknown>): string {
    switch (node.type) {
      case 'text':
        return node.text
      case 'define':
        return ''
      case 'output':
        return printed(evaluate(node.pipeline, dot, variables))
      case 'set':
        variables.set(node.name, evaluate(node.pipeline, dot, variables))
        return ''
      case 'if':
      case 'with': {
        const value = evaluate(node.pipeline, dot, variables)
        const inner = node.type === 'with' ? value : dot
        return isEmpty(value)
          ? runAll(node.otherwise, dot, variables)
          : runAll(node.body, inner, variables)
      }
      case 'range': {
        const value = evaluate(node.pipeline, dot, variables)
        if (isEmpty(value)) return runAll(node.otherwise, dot, variables)
        const items: [unknown, unknown][] = Array.isArray(value)
          ? [...value.entries()]
          : // Go goes through a map by its sorted keys.
            Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1))
        const named = node.names
        return items
          .map(([key, item]) => {
            const each = named.length === 1 ? [item] : [key, item]
            return runAll(
              node.body,
              item,
              new Map([...variables, ...named.map((name, at) => [name, each[at]] as const)]),
            )
          })
          .join('')
      }
    }
  }

  function evaluate(pipeline: string, dot: unknown, variables: Variables): unknown {
    const tokens = tokensOf(pipeline)
    let at = 0

    function readPipeline(): unknown {
      let value = readCommand([])
      while (tokens[at] === '|') {
        at++
        value = readCommand([value])
      }
      return value
    }

    function readCommand(piped: unknown[]): unknown {
      const first = tokens[at] ?? ''
      const isCall = first === 'include' || Object.hasOwn(FUNCTIONS, first)
      if (!isCall) {
        const value = readOperand()
        if (piped.length > 0) throw new Error(`no function: ${first}`)
        return value
      }
      at++
      const args: unknown[] = []
      while (at < tokens.length && tokens[at] !== '|' && tokens[at] !== ')')
        args.push(readOperand())
      return call(first, [...args, ...piped])
    }

    function readOperand(): unknown {
      const token = tokens[at++] ?? ''
      if (token === '(') {
        const value = readPipeline()
        if (tokens[at++] !== ')') throw new Error(`no ) in ${pipeline}`)
        const [, below] = /^(\.[\w.]+)$/.exec(tokens[at] ?? '') ?? []
        if (below === undefined) return value
        at++
        return fieldOf(value, below)
      }
      if (token.startsWith('"')) return JSON.parse(token)
      if (/^-?\d+$/.test(token)) return Number(token)
      if (token === 'true' || token === 'false') return token === 'true'
      if (token.startsWith('.')) return fieldOf(dot, token)
      const [, name = '', path = ''] = /^(\$\w*)((?:\.\w+)*)$/.exec(token) ?? []
      if (!variables.has(name)) throw new Error(`${token} is not known in ${pipeline}`)
      return fieldOf(variables.get(name), path)
    }

    const value = readPipeline()
    if (at < tokens.length) throw new Error(`not understood: ${pipeline}`)
    return value
  }

  function call(name: string, args: unknown[]): unknown {
    if (name !== 'include') return (FUNCTIONS[name] as (...values: unknown[]) => unknown)(...args)
    const [included, dot] = args
    const body = defined.get(String(included))
    if (!body) throw new Error(`nothing defines ${included}`)
    return runAll(body, dot, new Map([['$', dot]]))
  }

  return Object.fromEntries(
    parsed
      .filter(([name]) => !name.startsWith('_'))
      .map(([name, nodes]) => [name, runAll(nodes, root, new Map([['$', root]]))]),
  )
}

/** A field of nothing is a fault in Go, and one that a map has not is nothing. */
function fieldOf(value: unknown, path: string): unknown {
  let found = value
  for (const name of path.split('.').filter(Boolean)) {
    if (typeof found !== 'object' || found === null) throw new Error(`${path}: nil has no ${name}`)
    found = (found as Record<string, unknown>)[name]
  }
  return found
}

function tokensOf(pipeline: string): string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < pipeline.length) {
    const at = TOKEN.lastIndex
    const [text] = TOKEN.exec(pipeline) ?? []
    if (text === undefined) throw new Error(`not understood at ${at}: ${pipeline}`)
    if (text.trim() !== '') tokens.push(text.trim())
  }
  return tokens
}
