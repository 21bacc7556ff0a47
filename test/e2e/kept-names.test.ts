// Names that are not UTF-8, with history, whole and by sparse patterns: the checkout and the index are those
// that real git makes.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { commitOn } from '../helpers/commit-on.js'
import { createRepo, git, gitBytes, tempDir } from '../helpers/git.js'
import { untilRepository } from '../helpers/kept-repository.js'
import { readTree, treeDifferences } from '../helpers/same-tree.js'
import { startService, writeListing } from '../helpers/service.js'

/** By byte paths: u umlaut in UTF-8 and in Latin-1, what is neither, and a Japanese one. */
const NAMES = [
  'plain',
  '\xc3\xbc/in',
  '\xc3\xbc/\xff\xfe',
  '\xfc/in',
  '\xfc/\xc3\xbc',
  '\xff\xfe',
  '\x80',
  'd/\xe6\x97\xa5.txt',
  'd/\xe6.txt',
  'd/\xe6/x',
  'q"\t\n/in',
]

const SPARSE: Record<string, string[] | undefined> = {
  whole: undefined,
  umlaut: ['/ü/'],
  'but one': ['/*', '!/ü/', '!/d/?.txt'],
  'one byte': ['/?/', '/?', '!/?/ü'],
  'of two': ['??', '!日*'],
  class: ['/[ü]/', 'd/[日].txt'],
}

const MODES = ['in-place', 'symlink'] as const

test('names that are not UTF-8 are as git has them, in each mode', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'one.git'), { bare: true })
  const filesOf = (text: string) =>
    Object.fromEntries(NAMES.map((name, at) => [name, at % 2 ? text : `${at}`]))
  const first = commitOn(repo, filesOf('1'), [])
  repo.git('update-ref', 'refs/heads/main', first)
  const listingPath = path.join(dir, 'listing.json')
  const entries = MODES.flatMap((publish) =>
    Object.entries(SPARSE).map(([name, sparse]) => ({
      ...{ path: `${name} ${publish}`, repo: repo.dir, branch: 'main', publish, history: 2 },
      ...(sparse && { sparse }),
    })),
  )
  writeListing(listingPath, entries)
  const service = await startService(t, { listingPath, settings: { SCRAPE_INTERVAL: '1h' } })
  let commits = [first]
  for (const text of ['1', '2']) {
    if (text === '2') {
      commits = [commitOn(repo, filesOf(text), [first]), first]
      repo.git('update-ref', 'refs/heads/main', commits[0] as string)
      service.signal('SIGHUP')
    }
    const head = commits[0] as string
    for (const [name, sparse] of Object.entries(SPARSE)) {
      const clone = path.join(dir, `${name} by git, ${text}`)
      git(dir, 'clone', '-q', '--no-checkout', repo.dir, clone)
      if (sparse) {
        git(clone, 'config', 'core.sparseCheckout', 'true')
        const file = path.join(clone, '.git/info/sparse-checkout')
        writeFileSync(file, sparse.map((line) => `${line}\n`).join(''))
      }
      git(clone, 'read-tree', '-mu', head)
      const tree = readTree(clone)
      const lookOf = (directory: string) => ({
        index: gitBytes(directory, ['ls-files', '-z', '-t', '-s']).toString('latin1'),
        tree: git(directory, 'write-tree'),
      })
      const look = lookOf(clone)
      for (const publish of MODES) {
        const entry = `${name} ${publish}`
        const out = path.join(dir, entry)
        await service.untilPublished(entry, head)
        await untilRepository(out, head, commits, entry)
        assert.deepEqual(treeDifferences(readTree(out), tree), [], entry)
        assert.deepEqual(lookOf(out), look, entry)
      }
    }
  }
})
