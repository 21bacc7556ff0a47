// The Kubernetes objects of a scenario: as `kubectl kustomize` renders them, and as they
// are written.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parse, parseAllDocuments } from 'yaml'

export interface KubernetesObject {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
  data?: Record<string, string>
  spec?: Record<string, unknown>
}

export interface Container {
  name: string
  image: string
  restartPolicy?: string
  command?: string[]
  env?: { name: string; value: string; valueFrom?: { fieldRef: { fieldPath: string } } }[]
  ports?: { name: string; containerPort: number }[]
  startupProbe?: Probe
  livenessProbe?: Probe
  readinessProbe?: Probe
  resources: { requests: Record<string, string>; limits: Record<string, string> }
  securityContext: Record<string, unknown>
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean; subPath?: string }[]
}

export interface Probe {
  httpGet?: { path: string; port: string | number }
}

export interface Pod {
  automountServiceAccountToken?: boolean
  enableServiceLinks?: boolean
  nodeSelector?: Record<string, string>
  priorityClassName?: string
  topologySpreadConstraints?: {
    topologyKey: string
    labelSelector: { matchLabels: Record<string, string> }
  }[]
  securityContext: Record<string, unknown>
  initContainers?: Container[]
  containers: Container[]
  volumes: Volume[]
}

export interface Volume {
  name: string
  configMap?: { name: string }
  secret?: { secretName: string; defaultMode?: number }
  persistentVolumeClaim?: { claimName: string }
  hostPath?: { path: string }
}

export interface Workload {
  name: string
  replicas: number | undefined
  labels: Record<string, string>
  selector: Record<string, string>
  pod: Pod
}

const EXAMPLE = 'example'

/** The folders below example/ that `kubectl apply -k` takes. */
export function kustomizations(): string[] {
  return foldersWith('kustomization.yaml').filter(
    (folder) =>
      readYaml<{ kind: string }>(path.join(folder, 'kustomization.yaml')).kind !== 'Component',
  )
}

/** The folders below example/ that have a file; not what `npm start` has published there. */
export function foldersWith(name: string): string[] {
  return readdirSync(EXAMPLE, { recursive: true, encoding: 'utf8' })
    .filter((file) => path.basename(file) === name && !/^(?:repos|\.git-autosync)\//.test(file))
    .map((file) => path.join(EXAMPLE, path.dirname(file)))
    .sort()
}

/** What `kubectl apply -k` would send. */
export function render(folder: string): KubernetesObject[] {
  const objects = readObjects(execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' }))
  return objects.map((object) => (object.kind === 'Secret' ? unfold(object) : object))
}

/** The objects that a kustomization names, as they are written; not those it generates. */
export function resourcesOf(folder: string): KubernetesObject[] {
  const { resources = [] } = readYaml<{ resources?: string[] }>(
    path.join(folder, 'kustomization.yaml'),
  )
  return resources
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => readObjects(readFileSync(path.join(folder, file), 'utf8')))
}

/** What makes pods. */
export const WORKLOADS = ['Deployment', 'DaemonSet', 'StatefulSet']

/** Deployments, DaemonSets and StatefulSets. */
export function workloadsOf(objects: readonly KubernetesObject[]): Workload[] {
  return objects
    .filter(({ kind }) => WORKLOADS.includes(kind))
    .map(({ metadata, spec }) => {
      const { replicas, selector, template } = spec as {
        replicas?: number
        selector: { matchLabels: Record<string, string> }
        template: { metadata: { labels: Record<string, string> }; spec: Pod }
      }
      const { labels } = template.metadata
      const { name } = metadata
      return { name, replicas, labels, selector: selector.matchLabels, pod: template.spec }
    })
}

/** All containers of a pod, in the order they start in. */
export function containersOf({ initContainers = [], containers }: Pod): Container[] {
  return [...initContainers, ...containers]
}

/** Reads a file of one YAML document. */
export function readYaml<T>(file: string): T {
  return parse(readFileSync(file, 'utf8'), { merge: true }) as T
}

/** kustomize breaks long base64 into lines; a cluster takes it, but not the schema. */
function unfold(secret: KubernetesObject): KubernetesObject {
  const data = Object.entries(secret.data ?? {}).map(([key, text]) => [
    key,
    text.replace(/\n/g, ''),
  ])
  return { ...secret, data: Object.fromEntries(data) }
}

/** The objects of a text of YAML documents, of the version that Kubernetes reads. */
export function readObjects(text: string): KubernetesObject[] {
  return parseAllDocuments(text, { version: '1.1' }).map((document) => {
    const [error] = document.errors
    if (error) throw error
    return document.toJS() as KubernetesObject
  })
}
