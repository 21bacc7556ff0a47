// The scenarios for Kubernetes: valid to its schemas, whole in themselves, hardened, and
// with listings and settings that the program takes.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { type TestScope, tempDir } from '../helpers/git.js'
import { needsProgram } from '../helpers/needs.js'
import { runProgram } from '../helpers/service.js'
import {
  type Container,
  containersOf,
  type KubernetesObject,
  kustomizations,
  type Pod,
  readYaml,
  render,
  resourcesOf,
  WORKLOADS,
  workloadsOf,
} from './manifests.js'
import { schemaFaults } from './schema-faults.js'

const IMAGE = 'ghcr.io/git-autosync/git-autosync:latest'
const PROBES = {
  livenessProbe: '/healthz',
  readinessProbe: '/readyz',
} as const

const POD_SECURITY = 'pod-security.kubernetes.io/enforce'

interface DnsPort {
  port: number
  protocol?: string
}

const folders = kustomizations()
const { spec: podMonitor } = readYaml<{
  spec: {
    selector: { matchLabels: Record<string, string> }
    podMetricsEndpoints: { port: string }[]
  }
}>('example/monitoring/pod-monitor.yaml')

test('there is one for each way to run', () => {
  for (const name of ['sidecar', 'sidecar/init-container', 'shared-volume', 'daemonset', 'fleet']) {
    assert.ok(folders.includes(`example/${name}`), name)
  }
})

for (const folder of folders) {
  test(`${folder} has what the schemas know, as it is written`, () => {
    for (const object of resourcesOf(folder)) assert.deepEqual(schemaFaults(object), [])
  })
}

for (const folder of folders) {
  describe(folder, needsProgram('kubectl'), () => checkRendered(folder, render(folder)))
}

test('the schemas find what is wrong, missing and unknown', () => {
  const [policy] = resourcesOf('example/sidecar').filter(({ kind }) => kind === 'NetworkPolicy')
  assert.ok(policy)
  const faultsWith = (spec: object) =>
    schemaFaults({ ...policy, spec: { ...policy.spec, ...spec } })
  assert.deepEqual(faultsWith({}), [])
  assert.deepEqual(faultsWith({ podSelectr: {} }), [
    '/spec/podSelectr is no field of a NetworkPolicy',
  ])
  assert.match(faultsWith({ ingress: 'all' }).join(), /spec\/ingress must be array/)
})

function checkRendered(folder: string, objects: readonly KubernetesObject[]): void {
  const workloads = workloadsOf(objects)
  const ours = workloads.flatMap(({ labels, pod }) =>
    ourContainers(pod).map((own) => ({ labels, pod, own })),
  )

  test('renders to objects that the schemas know', () => {
    assert.ok(objects.length > 0)
    for (const object of objects) assert.deepEqual(schemaFaults(object), [])
  })

  test('has every object, port and label that it names', () => {
    const names = new Set(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`))
    for (const { kind, spec } of objects) {
      if (kind === 'Certificate') names.add(`Secret/${spec?.['secretName']}`)
    }
    for (const { name, labels, selector, pod } of workloads) {
      assert.deepEqual({ ...labels, ...selector }, labels, name)
      for (const reference of referencesOf(pod)) assert.ok(names.has(reference), reference)
    }
    for (const { kind, metadata, spec } of objects) {
      const selector = selectorOf(kind, spec)
      if (!selector) continue
      const chosen = workloads.filter(({ labels }) =>
        Object.entries(selector).every(([name, value]) => labels[name] === value),
      )
      assert.equal(chosen.length, 1, `${kind}/${metadata.name} selects one workload`)
    }
  })

  test('every container is bounded and probed, and runs with the least privilege', () => {
    for (const { pod } of workloads) {
      assert.equal(pod.automountServiceAccountToken, false)
      assert.equal(pod.securityContext['runAsNonRoot'], true)
      assert.deepEqual(pod.securityContext['seccompProfile'], { type: 'RuntimeDefault' })
      for (const { name, securityContext, resources } of containersOf(pod)) {
        assert.equal(securityContext['allowPrivilegeEscalation'], false, name)
        assert.deepEqual((securityContext['capabilities'] as { drop: string[] }).drop, ['ALL'])
        assert.ok(resources.requests['cpu'] && resources.requests['memory'], name)
        assert.ok(resources.limits['memory'], name)
      }
      for (const { name, livenessProbe, readinessProbe } of pod.containers) {
        assert.ok(livenessProbe && readinessProbe, `${name} has probes`)
      }
    }
  })

  test('every pod asks for Linux, is spread over nodes, and gets no variable of a Service', () => {
    for (const { name, replicas = 0, labels, pod } of workloads) {
      assert.equal(pod.nodeSelector?.['kubernetes.io/os'], 'linux', name)
      // Settings are variables: a Service called http would set HTTP_PORT.
      assert.equal(pod.enableServiceLinks, false, name)
      if (replicas < 2) continue
      const spread = pod.topologySpreadConstraints ?? []
      assert.ok(spread.length > 0, name)
      for (const { labelSelector } of spread) {
        assert.deepEqual({ ...labels, ...labelSelector.matchLabels }, labels, name)
      }
    }
  })

  test('lies in a namespace that allows what its pods mount', () => {
    const privileged = objects
      .filter(({ metadata }) => metadata.labels?.[POD_SECURITY] === 'privileged')
      .map(({ metadata }) => metadata.name)
    const needy = workloads.filter(({ pod }) => pod.volumes.some(({ hostPath }) => hostPath))
    for (const { name } of needy) {
      const { metadata } = objects.find((object) => isWorkload(object, name)) ?? {}
      assert.ok(privileged.includes(metadata?.namespace ?? 'default'), name)
    }
  })

  test('names are resolved by whatever answers for DNS in the cluster', () => {
    for (const { kind, metadata, spec } of objects) {
      if (kind !== 'NetworkPolicy') continue
      const { egress } = spec as { egress?: { to?: unknown; ports: DnsPort[] }[] }
      // Another one says only what is let in.
      if (!egress) continue
      const open = egress.filter(({ to }) => to === undefined).flatMap(({ ports }) => ports)
      for (const port of [53, 5353]) {
        const protocols = open.filter((each) => each.port === port).map(({ protocol }) => protocol)
        assert.deepEqual(protocols.sort(), ['TCP', 'UDP'], `${metadata.name}: ${port}`)
      }
    }
  })

  test('no container mounts a ConfigMap or a Secret by subPath', () => {
    for (const { pod } of workloads) {
      const never = new Set(
        pod.volumes.filter(({ configMap, secret }) => configMap ?? secret).map(({ name }) => name),
      )
      for (const { volumeMounts } of containersOf(pod)) {
        const found = volumeMounts.filter(({ name, subPath }) => subPath && never.has(name))
        assert.deepEqual(found, [])
      }
    }
  })

  test('the service has its image, its probes and a root file system it cannot write', () => {
    for (const { own } of ours) {
      assert.equal(own.image, IMAGE)
      assert.equal(own.securityContext['readOnlyRootFilesystem'], true)
      if (runsOnce(own)) continue
      const port = own.ports?.find(({ containerPort }) => containerPort === 8080)?.name
      for (const [probe, route] of Object.entries(PROBES)) {
        assert.deepEqual(own[probe as keyof typeof PROBES]?.httpGet, { path: route, port }, probe)
      }
      // Only what others wait for waits for content; elsewhere a bad entry would mean restarts.
      const path = own.restartPolicy === 'Always' ? '/startupz' : '/healthz'
      assert.deepEqual(own.startupProbe?.httpGet, { path, port })
    }
  })

  test('Prometheus finds every service that goes on, by a label of its own', () => {
    for (const label of Object.keys(podMonitor.selector.matchLabels)) {
      assert.match(label, /^git-autosync\//)
    }
    for (const { labels, own } of ours.filter(({ own }) => !runsOnce(own))) {
      assert.deepEqual({ ...labels, ...podMonitor.selector.matchLabels }, labels)
      for (const { port } of podMonitor.podMetricsEndpoints) {
        assert.ok(
          own.ports?.some(({ name }) => name === port),
          port,
        )
      }
    }
  })

  test('the program takes its listing, its credentials and its settings', async (t) => {
    for (const { pod, own } of ours) {
      const env = settingsOf(t, own, pod, objects)
      const { code, stdout, stderr } = await runProgram(['validate'], env)
      assert.equal(code, 0, `${folder}: ${stderr}`)
      assert.match(stdout, /: valid, \d/)
    }
  })
}

function isWorkload({ kind, metadata }: KubernetesObject, name: string): boolean {
  return WORKLOADS.includes(kind) && metadata.name === name
}

/** Those which run the program, and not another command of its image. */
function ourContainers(pod: Pod): Container[] {
  return containersOf(pod).filter(({ env = [] }) => env.some(({ name }) => name === 'LISTING_PATH'))
}

function runsOnce({ env = [] }: Container): boolean {
  return env.some(({ name, value }) => name === 'ONE_TIME' && value === 'true')
}

function referencesOf({ priorityClassName, volumes, ...pod }: Pod): string[] {
  const mounted = containersOf({ volumes, ...pod }).flatMap(({ volumeMounts }) => volumeMounts)
  for (const { name } of mounted)
    assert.ok(
      volumes.some((volume) => volume.name === name),
      name,
    )
  const sources = volumes.flatMap(({ configMap, secret, persistentVolumeClaim }) => [
    ...(configMap ? [`ConfigMap/${configMap.name}`] : []),
    ...(secret ? [`Secret/${secret.secretName}`] : []),
    ...(persistentVolumeClaim ? [`PersistentVolumeClaim/${persistentVolumeClaim.claimName}`] : []),
  ])
  return priorityClassName ? [...sources, `PriorityClass/${priorityClassName}`] : sources
}

function selectorOf(kind: string, spec: unknown): Record<string, string> | undefined {
  const { selector, podSelector } = (spec ?? {}) as Record<string, Record<string, never>>
  if (kind === 'Service') return selector
  if (kind === 'NetworkPolicy') return podSelector?.['matchLabels']
  return kind === 'PodDisruptionBudget' ? selector?.['matchLabels'] : undefined
}

/** What the kubelet makes of variables: one may hold those before it. */
function environmentOf(env: NonNullable<Container['env']>): Record<string, string> {
  const found: Record<string, string> = {}
  for (const { name, value, valueFrom } of env) {
    if (valueFrom) {
      const { fieldPath } = valueFrom.fieldRef
      assert.equal(fieldPath, "metadata.labels['apps.kubernetes.io/pod-index']")
    }
    const text = valueFrom ? '1' : value
    found[name] = text.replace(/\$\((\w+)\)/g, (all, other: string) => found[other] ?? all)
  }
  return found
}

/** The container's environment, with the files of its volumes where this machine has them. */
function settingsOf(
  t: TestScope,
  { env = [], volumeMounts }: Container,
  { volumes }: Pod,
  objects: readonly KubernetesObject[],
): Record<string, string> {
  const settings = environmentOf(env)
  for (const name of ['LISTING_PATH', 'CREDENTIALS_PATH']) {
    const file = settings[name]
    if (file === undefined) continue
    const mount = volumeMounts.find(({ mountPath }) => mountPath === path.dirname(file))
    const volume = volumes.find((each) => each.name === mount?.name)
    const source = volume?.configMap?.name ?? volume?.secret?.secretName
    const object = objects.find(({ kind, metadata }) => {
      return metadata.name === source && ['ConfigMap', 'Secret'].includes(kind)
    })
    assert.ok(object?.data, `${name} is on a volume of a ConfigMap or Secret`)
    const folder = tempDir(t)
    for (const [key, value] of Object.entries(object.data)) {
      const content = object.kind === 'Secret' ? Buffer.from(value, 'base64') : value
      writeFileSync(path.join(folder, key), content)
    }
    settings[name] = path.join(folder, path.basename(file))
  }
  return settings
}
