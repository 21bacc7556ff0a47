// Which submodules are followed, and which are not, without a network: each repository has commits
// that only have submodules.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hashObject } from '../../src/git/object.js'
import type { Oid } from '../../src/git/oid.js'
import { parseRemoteUrl } from '../../src/git/remote-url.js'
import { decodeTree, encodeTree, MODE } from '../../src/git/tree.js'
import type { PublishedSubmodule } from '../../src/publish/snapshot/origin.js'
import { composeSubmodules } from '../../src/worker/submodules.js'
import { failsWith } from '../helpers/fails-with.js'

interface Module {
  /** @default its path */
  name?: string
  path: string
  url: string
  commit: Oid
}

const HOST = 'https://host'

function createRepositories() {
  const objects = new Map<Oid, Buffer>()
  const sources = new Map<Oid, Oid>()
  const fetched: string[] = []
  const put = (type: 'blob' | 'tree', body: Buffer) => {
    const oid = hashObject(type, body, 'sha1')
    objects.set(oid, body)
    return oid
  }
  /** A commit with these submodules, and a file that tells it from others. */
  function commit(name: string, modules: readonly Module[] = []): Oid {
    const text = modules.map(
      ({ name, path, url }) => `[submodule "${name ?? path}"]\n\tpath = ${path}\n\turl = ${url}\n`,
    )
    const source = put(
      'tree',
      encodeTree([
        { mode: MODE.file, name: '.gitmodules', oid: put('blob', Buffer.from(text.join(''))) },
        { mode: MODE.file, name: '0', oid: put('blob', Buffer.from(name)) },
        ...modules.map(({ commit: oid, path }) => ({ mode: MODE.gitlink, name: path, oid })),
      ]),
    )
    const oid = hashObject('commit', Buffer.from(source), 'sha1')
    sources.set(oid, source)
    return oid
  }
  const sourceOf = (oid: Oid) => sources.get(oid) ?? assert.fail(`no commit ${oid}`)
  function compose(oid: Oid, before: readonly PublishedSubmodule[] = [], isKept = false) {
    const source = sourceOf(oid)
    const remote = parseRemoteUrl(`${HOST}/top`, '/')
    return composeSubmodules({ remote, source, tree: source, subdir: '' }, 'recursive', {
      readTree: (tree) => objects.get(tree) ?? assert.fail(`no tree ${tree}`),
      readBlob: async (blob) => ({ type: 'blob', body: objects.get(blob) ?? assert.fail() }),
      fetchCommit: async (want) => {
        fetched.push(want.path)
        return sourceOf(want.commit)
      },
      before,
      isKept,
    })
  }
  return { commit, compose, fetched, objects }
}

test('a repository may lie in itself', async () => {
  const { commit, compose, fetched, objects } = createRepositories()
  const pages = commit('pages')
  const top = commit('top', [{ path: 'site', url: './', commit: pages }])
  const { bodies, modules, tree } = await compose(top)
  assert.deepEqual(fetched, ['site'])
  assert.deepEqual(
    modules.map(({ path, url }) => [path, url]),
    [['site', `${HOST}/top`]],
  )
  const site = decodeTree(bodies.get(tree) ?? assert.fail(), 20).find(({ name }) => name === 'site')
  assert.equal(site?.mode, MODE.tree)
  assert.ok(objects.has(site.oid))
})

describe('what is not followed', () => {
  test('is a repository that lies in itself over and over', async () => {
    const { commit, compose, fetched } = createRepositories()
    let inner = commit('a0')
    for (let n = 1; n < 4; n++) {
      const b = commit(`b${n}`, [{ path: 'a', url: '../top', commit: inner }])
      inner = commit(`a${n}`, [{ path: 'b', url: '../b', commit: b }])
    }
    const words =
      /^The submodule "b\/a\/b\/a": its repository lies in itself over and over: at \., at b\/a, at b\/a\/b\/a;/
    await assert.rejects(compose(inner), failsWith('submodule-invalid', words))
    assert.deepEqual(fetched, ['b', 'b/a', 'b/a/b'])
  })

  test('is what lies too deep', async () => {
    const { commit, compose, fetched } = createRepositories()
    let inner = commit('last')
    for (let n = 12; n > 0; n--) {
      inner = commit(`${n}`, [{ path: 'm', url: `../m${n}`, commit: inner }])
    }
    await assert.rejects(compose(inner), failsWith('submodule-invalid', /more than 10 deep/))
    assert.equal(fetched.length, 10)
  })

  test('are too many, also where most are published already', async () => {
    const { commit, compose, fetched } = createRepositories()
    const leaf = commit('leaf')
    const many = Array.from({ length: 999 }, (_, n) => ({
      path: `m${n}`,
      url: `../m${n}`,
      commit: leaf,
    }))
    const middle = commit('middle', many)
    const first = { path: 'first', url: '../middle', commit: middle }
    const { modules } = await compose(commit('top', [first]))
    assert.equal(modules.length, 1000)
    fetched.splice(0)
    const more = { path: 'second', url: '../leaf', commit: leaf }
    const next = commit('next', [first, more])
    await assert.rejects(compose(next, modules), failsWith('submodule-invalid', /more than 1000/))
    // What is published is not looked into, wherever it is moved to.
    const moved = await compose(commit('moved', [{ ...first, path: 'moved' }]), modules)
    assert.equal(moved.modules.at(-1)?.path, 'moved/m998')
    assert.deepEqual(fetched, ['second'])
  })
})

describe('names of submodules that have repositories', () => {
  const leafIn = (name: string) => {
    const { commit, compose } = createRepositories()
    const leaf = commit('leaf')
    const one = { path: 'one', url: './leaf', commit: leaf, name }
    return (isKept: boolean, other = 'other') =>
      compose(commit('top', [one, { ...one, path: 'two', name: other }]), [], isKept)
  }

  test('are kept as they are, where there are any', async () => {
    const { modules } = await leafIn('a//b/./c')(true, 'a/x')
    assert.deepEqual(
      modules.map(({ name }) => name),
      ['a//b/./c', 'a/x'],
    )
    const none = await leafIn('a')(false)
    assert.deepEqual(
      none.modules.map(({ name }) => name),
      [undefined, undefined],
    )
  })

  test('that git does not take count for nothing', async () => {
    assert.deepEqual((await leafIn('../a')(true, 'x/../../y')).modules, [])
  })
})
