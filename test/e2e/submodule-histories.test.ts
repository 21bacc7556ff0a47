// Submodules, nested ones as well, that are added, moved, removed and pointed elsewhere: after each
// step of a random history, the directories equal what real git clones with them.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { commitFiles } from '../helpers/git-commit.js'
import { type Random, randomFrom, randomHistory } from '../helpers/random-history.js'
import { readTree, type Tree, treeDifferences } from '../helpers/same-tree.js'
import { IS_WHOLE, SEED } from '../helpers/seed.js'
import { startService, writeListing } from '../helpers/service.js'
import {
  clonedTree,
  filesOf,
  type Module,
  type Modules,
  serve,
} from '../helpers/submodule-repos.js'

const STEPS = IS_WHOLE ? 20 : 3
const PLACES = ['vendor/m0', 'vendor/deep er/m1', 'm2', 'm3']

for (const protocol of [2, 0] as const) {
  test(`a random history of submodules over protocol v${protocol}`, async (t) => {
    const random = randomFrom(SEED)
    const served = await serve(t, ['top', 'mid', 'leaf0', 'leaf1'], protocol)
    const { dir, repoOf, server } = served
    const histories = new Map(
      ['top', 'mid', 'leaf0', 'leaf1'].map((name) => {
        const hasAttributes = name !== 'mid'
        // test/e2e/histories.test.ts has large files.
        const options = { hasAttributes, hasLarge: IS_WHOLE }
        return [name, { files: randomHistory(random, options), oids: [] as string[] }]
      }),
    )
    const modulesOf = new Map<string, Modules>([
      ['top', new Map()],
      ['mid', new Map()],
    ])
    const commit = (name: string) => {
      const history = histories.get(name)
      assert.ok(history)
      const modules = modulesOf.get(name) ?? new Map<string, Module>()
      const { value } = history.files.next()
      const files = { ...value, ...filesOf(modules), 'vendor/keep': 'kept' }
      const oid = commitFiles(repoOf(name), files)
      repoOf(name).git('update-ref', 'refs/heads/main', oid)
      history.oids.push(oid)
      return oid
    }
    const change = (name: string, others: readonly string[]) => {
      const modules = modulesOf.get(name)
      assert.ok(modules)
      for (let changes = 1 + Math.floor(random() * 3); changes > 0; changes--) {
        const place = pick(random, PLACES)
        if (random() < 0.25) modules.delete(place)
        else {
          const repo = pick(random, others)
          const oid = pick(random, histories.get(repo)?.oids ?? [])
          const url = pick(random, [`../${repo}`, `./../${repo}/`, `${server.url}/${repo}`])
          const module = { repo, oid, url }
          modules.set(place, random() < 0.1 ? { ...module, update: 'none' } : module)
        }
      }
    }
    const advance = () => {
      for (const leaf of ['leaf0', 'leaf1']) commit(leaf)
      change('mid', ['leaf0', 'leaf1'])
      commit('mid')
      change('top', ['mid', 'leaf0', 'leaf1'])
      return commit('top')
    }

    const listingPath = path.join(dir, 'listing.json')
    const repo = `${server.url}/top`
    const entries = [
      { path: 'plain', repo, submodules: 'recursive' },
      { path: 'linked', repo, submodules: 'recursive', publish: 'symlink' },
      { path: 'shallow', repo, submodules: 'shallow' },
      { path: 'part', repo, submodules: 'recursive', subdir: 'vendor', publish: 'symlink' },
    ] as const
    let oid = advance()
    writeListing(listingPath, entries)
    const settings = { SCRAPE_INTERVAL: '1h', WORKTREE_GRACE_PERIOD: '100ms' }
    const service = await startService(t, { listingPath, settings })
    for (let step = 0; step < STEPS; step++) {
      const [recursive, shallow] = [true, false].map((isRecursive) =>
        clonedTree(served, isRecursive),
      )
      assert.ok(recursive && shallow)
      for (const { path: name, ...part } of entries) {
        const whole = part.submodules === 'shallow' ? shallow : recursive
        await service.untilPublished(name, oid)
        const expected = 'subdir' in part && part.subdir ? below(whole, part.subdir) : whole
        const differences = treeDifferences(readTree(path.join(dir, name)), expected)
        assert.deepEqual(differences, [], `seed ${SEED}, step ${step}, ${JSON.stringify(part)}`)
      }
      oid = advance()
      service.signal('SIGHUP')
    }
  })
}

function below(tree: Tree, directory: string): Tree {
  const inside = [...tree].filter(([name]) => name.startsWith(`${directory}/`))
  return new Map(inside.map(([name, entry]) => [name.slice(directory.length + 1), entry]))
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T
}
