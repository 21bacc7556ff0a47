// What the schemas of Kubernetes, and of operators that examples use, find wrong in an object,
// and fields that they do not know: those, a cluster would drop in silence.
import { createRequire } from 'node:module'
import type { KubernetesObject } from './manifests.js'

/** A class of kubernetes-models; its `validate` only reads `this`, and throws. */
interface Model {
  prototype: { validate(this: unknown): void }
}

const require = createRequire(import.meta.url)

/** Who has the models of what no cluster has by itself, by their group. */
const OPERATORS: Record<string, string> = {
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'cert-manager.io': '@kubernetes-models/cert-manager',
}

/** Each fault as a sentence, with the pointer of its field. */
export function schemaFaults(object: KubernetesObject): string[] {
  const { prototype } = modelOf(object)
  const unread = new Map<string, Set<string>>()
  const faults: string[] = []
  try {
    prototype.validate.call(watchReads(object, '', unread))
  } catch (error) {
    faults.push((error as Error).message)
  }
  for (const [pointer, names] of unread) {
    for (const name of names) faults.push(`${pointer}/${name} is no field of a ${object.kind}`)
  }
  return faults
}

function modelOf({ apiVersion, kind }: KubernetesObject): Model {
  const [group = ''] = apiVersion.split('/')
  const owner = OPERATORS[group] ?? 'kubernetes-models'
  return (require(`${owner}/${apiVersion}/${kind}`) as Record<string, Model>)[kind] as Model
}

/** A view of `value` which crosses every field that is read off the list of those unread. */
function watchReads<T>(value: T, pointer: string, unread: Map<string, Set<string>>): T {
  if (typeof value !== 'object' || value === null) return value
  const names = new Set(Object.keys(value))
  unread.set(pointer, names)
  const children = new Map(
    [...names].map((name) => [
      name,
      watchReads((value as Record<string, unknown>)[name], `${pointer}/${name}`, unread),
    ]),
  )
  return new Proxy(value, {
    get(target, name, receiver) {
      if (typeof name !== 'string' || !children.has(name))
        return Reflect.get(target, name, receiver)
      names.delete(name)
      return children.get(name)
    },
  })
}
