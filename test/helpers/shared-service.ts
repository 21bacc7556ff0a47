// One service for many tests, each with entries of its own in one listing: to start a service takes
// longer than most of what is tested of it.
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { TestScope } from './at-end.js'
import { tempDir } from './git.js'
import {
  type GitServer,
  type GitServerOptions,
  type ServedRequest,
  startGitServer,
} from './git-http-server.js'
import { type Service, startService, writeListing } from './service.js'
import { createRepo, type RepoOptions, type TestRepo } from './test-repo.js'

/** Each poll takes processes of git, and there are as many polls as entries. */
const SCRAPE_INTERVAL = '2s'

export interface SharedServiceOptions {
  settings?: Record<string, string>
  server?: Omit<GitServerOptions, 'root' | 'onRequest'>
}

/** What one test has of it. */
export interface SharedEntry {
  /** The path of the entry as written; of no other test's. */
  name: string
  /** Where the entry is published. */
  out: string
  /** The folder of the listing. */
  dir: string
  repo: TestRepo
  /** The address of the repository. */
  url: string
  /** Lists the entry, with these further fields, in place of what was listed of it before. */
  list(fields?: object): void
  /** What the server of the repository was asked for. */
  requests(): ServedRequest[]
  /** {@link SharedService.start}; the entry is to be listed before. */
  start(): Promise<Service>
}

/** A service that is stopped after the last test of a file, whose `scope` is given. */
export class SharedService {
  readonly #scope: TestScope
  readonly #options: SharedServiceOptions
  readonly #listed = new Map<string, object>()
  #place: Promise<{ dir: string; server: GitServer }> | undefined
  #service: Promise<Service> | undefined

  constructor(scope: TestScope, options: SharedServiceOptions = {}) {
    this.#scope = scope
    this.#options = options
  }

  /** A repository without a commit, for an entry that is not listed yet. */
  async entry(name: string, repository: RepoOptions = {}): Promise<SharedEntry> {
    this.#place ??= this.#create()
    const { dir, server } = await this.#place
    const url = `${server.url}/${name}`
    return {
      name,
      dir,
      url,
      out: path.join(dir, name),
      repo: createRepo(path.join(dir, 'repos', name), repository),
      list: (fields = {}) => {
        this.#listed.set(name, { path: name, repo: url, ...fields })
        writeListing(listingIn(dir), [...this.#listed.values()])
      },
      requests: () => server.requests.filter((each) => each.path.startsWith(`/${name}/`)),
      start: () => this.start(),
    }
  }

  /** The service, which is started by the first call of any test, and anew once it has ended. */
  start(): Promise<Service> {
    this.#service = this.#runningAfter(this.#service)
    return this.#service
  }

  async #runningAfter(before: Promise<Service> | undefined): Promise<Service> {
    const running = await before
    const { exitCode, signalCode } = running?.process ?? {}
    if (running && exitCode === null && signalCode === null) return running
    this.#place ??= this.#create()
    const { dir } = await this.#place
    const settings = { SCRAPE_INTERVAL, ...this.#options.settings }
    return startService(this.#scope, { listingPath: listingIn(dir), settings })
  }

  async #create() {
    const dir = tempDir(this.#scope)
    const root = path.join(dir, 'repos')
    mkdirSync(root)
    return { dir, server: await startGitServer(this.#scope, { root, ...this.#options.server }) }
  }
}

const listingIn = (dir: string) => path.join(dir, 'listing.json')
