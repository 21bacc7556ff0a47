// What this project asks of its workflows, beyond what GitHub does: pinned actions, least
// privilege, an end in time, and no expression where a shell would run its value.
import { parse } from 'yaml'

interface Step {
  id?: string
  uses?: string
  run?: string
  with?: Record<string, unknown>
}

interface Job {
  permissions?: Record<string, string>
  'timeout-minutes'?: number
  steps?: Step[]
}

interface Workflow {
  on: Record<string, unknown>
  permissions?: Record<string, string>
  concurrency?: object
  jobs: Record<string, Job>
}

/** What a shell runs in each step of a workflow. */
export function scriptsOf(content: string): string[] {
  const { jobs } = parse(content) as Workflow
  return Object.values(jobs).flatMap(({ steps = [] }) => steps.flatMap(({ run }) => run ?? []))
}

/** One sentence for each thing that this project does not want. */
export function policyFaults(content: string): string[] {
  const { on, permissions, concurrency, jobs } = parse(content) as Workflow
  const faults = unpinnedActions(content)
  if ('pull_request_target' in on) faults.push('pull_request_target runs with secrets')
  if (Object.keys(permissions ?? { all: '' }).length > 0) faults.push('permissions are not {}')
  if (concurrency === undefined) faults.push('no concurrency')
  for (const [name, job] of Object.entries(jobs)) {
    for (const fault of jobFaults(job)) faults.push(`${name}: ${fault}`)
  }
  return faults
}

function jobFaults(job: Job): string[] {
  const { steps = [] } = job
  const faults = steps.flatMap(stepFaults)
  if (job.permissions === undefined) faults.push('no permissions')
  if (!(Number(job['timeout-minutes']) <= 30)) faults.push('no timeout-minutes up to 30')
  const known = new Set(steps.map(({ id }) => id))
  for (const [, id] of JSON.stringify(steps).matchAll(/\bsteps\.([\w-]+)\./g)) {
    if (!known.has(id)) faults.push(`no step has the id ${id}`)
  }
  return faults
}

function stepFaults({ uses = '', run = '', with: inputs = {} }: Step): string[] {
  const faults: string[] = []
  if (run.includes('${{')) faults.push(`an expression in a script: ${run}`)
  if (uses.startsWith('actions/checkout@') && inputs['persist-credentials'] !== false) {
    faults.push('checkout keeps credentials')
  }
  return faults
}

/** Read as text, for the version is a comment. */
function unpinnedActions(content: string): string[] {
  const pinned = /^[\w-]+(?:\/[\w-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/
  const used = [...content.matchAll(/\buses:\s*(.*)$/gm)].map(([, action = '']) => action)
  return used.filter((action) => !pinned.test(action)).map((action) => `not pinned: ${action}`)
}
