// Who owns a published directory swaps one in it for a symlink, while files are put in place, or
// removed: what the symlink leads to stays as it is.
import assert from 'node:assert/strict'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { describe, test } from 'node:test'
import { inspect, unpublish } from '../../src/publish/publication.js'
import { withGate } from '../helpers/fs-faults.js'
import { NEEDS_LINUX } from '../helpers/needs.js'
import { publish } from '../helpers/publish.js'
import { createSite, type TestSite } from '../helpers/publish-site.js'

const MANY = Array.from({ length: 20 }, (_, n) => `f${n}`)
const filesOf = (content: string) =>
  Object.fromEntries(MANY.map((name) => [`d/${name}`, content] as const))

/** Runs `work`, and swaps `d` before the call number `at` of this kind that is made in it. */
function swapping(test: TestSite, kind: string, at: number, work: () => void): void {
  let count = 0
  withGate(({ name, paths }) => {
    if (name !== kind || !paths.some((file) => file.startsWith(`${test.at('d')}/`))) return
    if (count++ !== at) return
    renameSync(test.at('d'), test.at('was'))
    symlinkSync(test.outside, test.at('d'))
  }, work)
  assert.ok(count > at, `${kind} was called ${count} times`)
}

describe('a directory that is swapped for a symlink', NEEDS_LINUX, () => {
  const works: [string, string, (test: TestSite) => void][] = [
    ['put in place', 'renameSync', (t) => publish(t.site, t.commit(filesOf('2')), () => undefined)],
    ['deleted', 'unlinkSync', (t) => publish(t.site, t.commit({ a: '' }), () => undefined)],
    ['unpublished', 'unlinkSync', (t) => unpublish(t.site)],
    ['cleaned', 'unlinkSync', (t) => inspect({ ...t.site, clean: true })],
  ]
  for (const [what, kind, work] of works) {
    for (const at of [0, 7]) {
      test(`while files are ${what}, at call ${at}, is not gone through`, (t) => {
        const test = createSite(t)
        test.publish(filesOf('1'))
        for (const name of MANY) {
          writeFileSync(`${test.outside}/${name}`, 'precious')
          writeFileSync(`${test.outside}/foreign-${name}`, 'precious')
          writeFileSync(test.at(`d/foreign-${name}`), 'foreign')
        }
        mkdirSync(`${test.outside}/below`)
        const before = readdirSync(test.outside)
        swapping(test, kind, at, () => {
          try {
            work(test)
          } catch (error) {
            // What it says of the swap is told elsewhere; what it did counts.
            assert.ok(error instanceof Error)
          }
        })
        assert.deepEqual(readdirSync(test.outside), before)
        for (const name of MANY) {
          assert.equal(readFileSync(`${test.outside}/${name}`, 'utf8'), 'precious')
        }
      })
    }
  }
})
