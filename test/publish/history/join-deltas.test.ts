// Packs are joined with deltas: those that they have stay some, and none is made that makes something else.
import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { encodeDelta } from '../../../src/git/encode-delta.js'
import type { ObjectType } from '../../../src/git/object.js'
import type { Oid } from '../../../src/git/oid.js'
import { joinPacks } from '../../../src/publish/history/join.js'
import { commitOn } from '../../helpers/commit-on.js'
import { createHistorySite, type HistorySite } from '../../helpers/history-site.js'
import { type NamedObject, objectOf, treeOf } from '../../helpers/hostile-objects.js'
import { assemblePack, type PackEntry } from '../../helpers/packs.js'

const CHAIN = 50
const VERSIONS = 5 * CHAIN

function join(site: HistorySite): boolean {
  const options = { depth: 'full', objectFormat: 'sha1', isAlways: true } as const
  return joinPacks(site.layout, { ...options, checkpoint: () => undefined })
}

/** What is a delta in the packs of a site, by real git, and how many bases it has. */
function deltasOf(site: HistorySite): Map<Oid, number> {
  const directory = site.at('.git/objects/pack')
  const indexes = readdirSync(directory).filter((name) => name.endsWith('.idx'))
  const lines = indexes.flatMap((name) =>
    site.git('verify-pack', '-v', path.join(directory, name)).split('\n'),
  )
  return new Map(
    lines.flatMap((line) => {
      const [, oid, depth] = /^(\w{40}) \w+ +\d+ \d+ \d+ (\d+) \w{40}$/.exec(line) ?? []
      return oid === undefined ? [] : [[oid, Number(depth)] as const]
    }),
  )
}

function commitOf(tree: NamedObject, parents: readonly NamedObject[]): NamedObject {
  const who = 'A <a> 1 +0000'
  const lines = [`tree ${tree.oid}`, ...parents.map(({ oid }) => `parent ${oid}`)]
  return objectOf('commit', [...lines, `author ${who}`, `committer ${who}`, '', 'm'].join('\n'))
}

/** Puts objects into the repository that is followed, by a pack. */
function send(site: HistorySite, entries: readonly PackEntry[], { oid }: NamedObject): void {
  site.repo.gitBytes(['index-pack', '--stdin'], { input: assemblePack(entries) })
  site.repo.git('update-ref', `refs/heads/of-${oid}`, oid)
}

test('what is a delta of a long chain stays one, and no chain gets longer than git makes them', async (t) => {
  const site = createHistorySite(t)
  const lines = Array.from({ length: 100 }, (_, line) => `line ${line} ${line * 7919}\n`)
  const blobs = Array.from({ length: VERSIONS }, (_, version) => {
    lines[(version * 7) % 100] = `version ${version}, ${version * 104729}\n`
    return objectOf('blob', lines.join(''))
  })
  const whole: NamedObject[] = []
  for (const blob of blobs) {
    const tree = treeOf([['f', blob]])
    whole.push(tree, commitOf(tree, whole.slice(-1)))
  }
  const entries: PackEntry[] = [...whole]
  // As git: the newest is whole, and each is a delta of the next.
  for (let version = VERSIONS - 1; version >= 0; version--) {
    const [blob, next] = blobs.slice(version) as [NamedObject, NamedObject]
    const isWhole = version % CHAIN === CHAIN - 1
    const delta = isWhole ? undefined : encodeDelta(next.body, blob.body, blob.body.length)
    entries.push(delta ? { base: { entry: entries.length - 1 }, delta } : blob)
  }
  const head = whole.at(-1) as NamedObject
  send(site, entries, head)
  await site.follow(head.oid, 'full')
  const packs = site.at('.git/objects/pack')
  for (const name of readdirSync(packs)) rmSync(path.join(packs, name))
  site.repo.gitBytes(['index-pack', '--stdin'], {
    input: assemblePack(entries),
    env: { GIT_DIR: site.at('.git') },
  })
  const next = commitOn(site.repo, { f: lines.join(''), g: 'new' }, [head.oid])
  await site.follow(next, 'full')
  const before = [...deltasOf(site).keys()]
  assert.equal(before.length, VERSIONS - VERSIONS / CHAIN)
  assert.ok(join(site))
  const after = deltasOf(site)
  assert.deepEqual(
    before.filter((oid) => !after.has(oid)),
    [],
  )
  assert.ok(Math.max(...after.values()) <= CHAIN)
  site.assertRepository(next, 'full')
})

test('a blob in the place of what was a tree is no delta of that', async (t) => {
  const site = createHistorySite(t)
  const file = objectOf('blob', 'x')
  const tree = treeOf(Array.from({ length: 100 }, (_, n) => [`f${1000 + n}`, file]))
  const blob = objectOf('blob', Buffer.concat([tree.body, Buffer.from('more')]))
  // Git goes on with what such a tree names, whatever that is.
  const first = treeOf([['d', { oid: tree.oid, type: 'blob' }]])
  const second = treeOf([['d', blob]])
  const before = commitOf(first, [])
  const after = commitOf(second, [before])
  send(site, [file, tree, blob, first, second, before, after], after)
  await site.follow(after.oid, 'full')
  const next = commitOn(site.repo, { d: blob.body, e: 'x' }, [after.oid])
  await site.follow(next, 'full')
  assert.ok(join(site))
  assert.equal(site.git('rev-parse', 'HEAD'), next)
  assert.equal(site.git('hash-object', site.at('d')), blob.oid)
  assert.equal(site.git('cat-file', '-t', blob.oid), 'blob')
  deltasOf(site)
})

test('a tree of a mode that git does not know stays in the history', async (t) => {
  const site = createHistorySite(t)
  const body = (mode: string, { oid }: NamedObject) =>
    Buffer.concat([Buffer.from(`${mode} f\0`), Buffer.from(oid, 'hex')])
  const made = (type: ObjectType, ...parts: Buffer[]) => objectOf(type, Buffer.concat(parts))
  const file = objectOf('blob', 'x')
  const odd = made('tree', body('0644', file))
  const first = commitOf(odd, [])
  const even = made('tree', body('100644', file))
  const second = commitOf(even, [first])
  send(site, [file, odd, first, even, second], second)
  await site.follow(second.oid, 'full')
  const third = commitOn(site.repo, { f: 'x', g: 'y' }, [second.oid])
  await site.follow(third, 'full')
  assert.ok(join(site))
  site.assertRepository(third, 'full')
})
