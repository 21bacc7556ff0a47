// What GitHub's own parser says of a workflow: its schema, its expressions, and the jobs
// that others need.
import { register } from 'node:module'

/** The package imports JSON without saying so, as bundlers have it and Node has not. */
const JSON_IMPORTS = `export async function load(url, context, next) {
  const isJson = url.endsWith('.json')
  return next(url, isJson ? { ...context, importAttributes: { type: 'json' } } : context)
}`

register(`data:text/javascript,${encodeURIComponent(JSON_IMPORTS)}`)
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import(
  '@actions/workflow-parser'
)

/** One sentence for each fault of a workflow's text. */
export async function schemaFaults(name: string, content: string): Promise<string[]> {
  const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter())
  const parsed = context.errors.getErrors().map(({ message }) => message)
  if (parsed.length > 0 || value === undefined) return parsed
  const { errors = [] } = await convertWorkflowTemplate(context, value)
  return errors.map(({ Message }) => Message)
}
