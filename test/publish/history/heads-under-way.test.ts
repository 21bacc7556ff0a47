// What a command of git under way will still need outlives each join of packs, though no ref leads to it.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { removeRepository } from '../../../src/publish/history/directory.js'
import { workIn } from '../../../src/publish/history/retire.js'
import { directoryLayout } from '../../../src/publish/target.js'
import { toBytePath } from '../../../src/volume/byte-path.js'
import { commitOn } from '../../helpers/commit-on.js'
import { volumeAt } from '../../helpers/file-at.js'
import { createHistorySite, type HistorySite } from '../../helpers/history-site.js'

/** Runs git, which stops at a conflict. */
function conflict(site: HistorySite, ...args: string[]): void {
  assert.throws(() => site.git(...args), args.join(' '))
}

function change(site: HistorySite, text: string): string {
  writeFileSync(site.at('file'), text)
  site.git('commit', '-qam', text)
  return site.git('rev-parse', 'HEAD')
}

/** Each leaves a command under way, on a HEAD without a branch; `mine` and `mine~1` change the same file. */
const COMMANDS: Record<string, (site: HistorySite) => void> = {
  merge(site) {
    writeFileSync(site.at('other'), 'dirty')
    conflict(site, 'merge', '--autostash', 'mine')
  },
  'cherry-pick': (site) => conflict(site, 'cherry-pick', 'mine~1', 'mine'),
  revert(site) {
    change(site, 'later')
    conflict(site, 'revert', '--no-edit', 'HEAD~1', 'HEAD')
  },
  'rebase with a stash'(site) {
    writeFileSync(site.at('other'), 'dirty')
    conflict(site, 'rebase', '--autostash', 'mine')
  },
  'rebase of the root'(site) {
    conflict(site, 'rebase', '--root', '--onto', 'mine')
  },
  'rebase by patches': (site) => conflict(site, 'rebase', '--apply', 'mine'),
  am(site) {
    writeFileSync(site.at('../patch'), `${site.git('format-patch', '--stdout', '-1', 'mine')}\n`)
    conflict(site, 'am', '-q', '-3', '../patch')
  },
  bisect(site) {
    site.git('bisect', 'start', 'mine', 'mine~2')
  },
  'merge of notes'(site) {
    site.git('notes', '--ref=one', 'add', '-m', 'one', 'mine')
    site.git('notes', '--ref=two', 'add', '-m', 'two', 'mine')
    conflict(site, 'notes', '--ref=one', 'merge', 'two')
  },
}

/** All objects that files of a command under way name. */
function namedIn(site: HistorySite): Set<string> {
  const repository = site.at('.git')
  // A mail names the commit that it was made of, which need be nowhere.
  const isMail = (name: string) => /^rebase-apply\/(?:\d+|patch)$/.test(name)
  const isState = (name: string) =>
    /^(?:[A-Z_]+|(?:rebase-merge|rebase-apply|sequencer)\/.*)$/.test(name) && !isMail(name)
  const names = readdirSync(repository, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(repository, path.join(entry.parentPath, entry.name)))
    .filter((name) => isState(name) && name !== 'FETCH_HEAD')
  const texts = names.map((name) => readFileSync(path.join(repository, name), 'latin1'))
  const oids = texts.flatMap((text) => text.match(/\b[0-9a-f]{40}\b/g) ?? [])
  return new Set(oids.filter((oid) => hasObject(site, oid)))
}

function hasObject(site: HistorySite, oid: string): boolean {
  try {
    site.git('cat-file', '-e', oid)
    return true
  } catch {
    return false
  }
}

/** Loose objects stay in any case. */
function packAll(site: HistorySite): void {
  const oids = site.git('cat-file', '--batch-all-objects', '--batch-check=%(objectname)')
  writeFileSync(site.at('../oids'), `${oids}\n`)
  site.git(...['-c', 'alias.all=!git pack-objects -q .git/objects/pack/pack < ../oids', 'all'])
  site.git('prune-packed', '-q')
}

describe('joining keeps what git will still need for', () => {
  for (const [name, begin] of Object.entries(COMMANDS)) {
    test(`a ${name} under way`, async (t) => {
      const site = createHistorySite(t)
      let last = commitOn(site.repo, { file: '1', other: '1' }, [])
      await site.follow(last, 1)
      site.git('checkout', '-q', '-b', 'mine')
      for (const text of ['mine 1', 'mine 2']) change(site, text)
      site.git('checkout', '-q', '--detach', 'main')
      change(site, 'detached')
      begin(site)
      const named = namedIn(site)
      assert.ok(named.size > 0)
      site.git('update-ref', '-d', 'refs/heads/mine')
      rmSync(site.at('.git/logs'), { recursive: true })
      packAll(site)
      for (const text of ['2', '3', '4']) {
        last = commitOn(site.repo, { file: text.repeat(9999), other: text }, [last])
        await site.follow(last, 1)
      }
      assert.equal(site.join(1), true)
      assert.deepEqual(
        [...named].filter((oid) => !hasObject(site, oid)),
        [],
      )
      assert.equal(site.git('fsck', '--full', '--no-dangling'), '')
      const work = workIn(site.layout)
      assert.ok(work)
      const held = { ...site.site, volume: volumeAt(site.volume), path: toBytePath(site.directory) }
      removeRepository(directoryLayout(held))
      assert.equal(workIn(site.layout), work, 'the repository stays')
    })
  }
})
