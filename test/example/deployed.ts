// A container of git-autosync as its scenario configures it, with directories of a test in
// place of its mounts and a repository of a test in place of those on the internet.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { writeListing } from '../helpers/service.js'
import { type Container, containersOf, readYaml, resourcesOf, workloadsOf } from './manifests.js'

/** A container, and the directories which stand for what it mounts. */
export interface Place {
  /** Directories of the test by mount path. The listing and the credentials are found by themselves. */
  mounts: Record<string, string>
  /** Where the listing is written. */
  directory: string
  /** What every entry of the scenario's listing follows. */
  repo: string
}

export interface Deployed {
  listingPath: string
  settings: Record<string, string>
}

/** A container of a scenario for Kubernetes, by its name: the service is `git-autosync`. */
export function containerOf(folder: string, name: string): Container {
  const containers = workloadsOf(resourcesOf(folder)).flatMap(({ pod }) => containersOf(pod))
  const found = containers.find((container) => container.name === name)
  assert.ok(found, `${folder} has a container ${name}`)
  return found
}

/** What the service is given by a scenario, but for the interval and the port. */
export function deploy(folder: string, { mounts, directory, repo }: Place): Deployed {
  const listing: object[] = JSON.parse(readFileSync(listingOf(folder), 'utf8'))
  const listingPath = path.join(directory, 'listing.json')
  mkdirSync(directory, { recursive: true })
  const entries = listing.map((entry) => ({ ...entry, repo }))
  writeListing(listingPath, entries)
  const settings = environmentOf(folder)
  const places: Record<string, string> = {
    ...mounts,
    '/etc/git-autosync/credentials': path.resolve(folder, 'credentials'),
  }
  for (const [name, value] of Object.entries(settings)) {
    const mount = Object.keys(places).find((each) => value === each || value.startsWith(`${each}/`))
    if (mount !== undefined) settings[name] = `${places[mount]}${value.slice(mount.length)}`
  }
  const changed = { LISTING_PATH: listingPath, SCRAPE_INTERVAL: '200ms', HTTP_PORT: '0' }
  return { listingPath, settings: { ...settings, ...changed } }
}

function environmentOf(folder: string): Record<string, string> {
  if (folder === 'example/compose') {
    const { services } = readYaml<{
      services: Record<'git-autosync', { environment: Record<string, string> }>
    }>(`${folder}/compose.yaml`)
    return { ...services['git-autosync'].environment }
  }
  const { env = [] } = containerOf(folder, 'git-autosync')
  return Object.fromEntries(env.map(({ name, value }) => [name, value]))
}

function listingOf(folder: string): string {
  return path.join(folder, folder === 'example/compose' ? 'listing/listing.json' : 'listing.json')
}
